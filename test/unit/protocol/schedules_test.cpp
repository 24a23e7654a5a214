// SPDX-License-Identifier: Apache-2.0
#include "simulation/schedule.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 5'000;
#else
constexpr std::uint64_t kSeeds = 30'000;
#endif
/// Far more than a broken protocol needs to be found out: most rules take a few schedules, the
/// rarest of them some 10,000.
constexpr std::uint64_t kSeedsToFail = 150'000;

void expect_all_equal(bool exactly_comparable) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const std::string failure = Schedule(seed, {exactly_comparable, LeftOut::nothing}).run();
        ASSERT_EQ(failure, "") << "seed " << seed;
    }
}

std::uint64_t first_failing_seed(bool exactly_comparable, LeftOut left_out) {
    for (std::uint64_t seed = 1; seed <= kSeedsToFail; ++seed) {
        if (!Schedule(seed, {exactly_comparable, left_out}).run().empty()) {
            return seed;
        }
    }
    return 0;
}

TEST(Schedules, ShadowEqualsSourceForOrderedKeys) {
    expect_all_equal(true);
}

TEST(Schedules, ShadowEqualsSourceForKeysOnlyTheServerCanOrder) {
    expect_all_equal(false);
}

/// What a schedule needs to need this rule is so rare that the search for it takes minutes:
/// `simulate --leave-out verify-anew --seeds 10M`.
std::vector<RuleName> rules_soon_missed() {
    std::vector<RuleName> rules(kRuleNames.begin(), kRuleNames.end());
    std::erase_if(rules, [](const RuleName& rule) { return rule.rule == LeftOut::verify_anew; });
    return rules;
}

class NeededRule : public testing::TestWithParam<RuleName> {};

TEST_P(NeededRule, SomeScheduleBreaksWithoutIt) {
    EXPECT_NE(first_failing_seed(false, GetParam().rule), 0U);
    if (GetParam().rule != LeftOut::confinement) {  // a rule of unordered keys
        EXPECT_NE(first_failing_seed(true, GetParam().rule), 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Rules,
    NeededRule,
    testing::ValuesIn(rules_soon_missed()),
    [](const auto& test) {
        std::string name(test.param.name);
        std::replace(name.begin(), name.end(), '-', '_');
        return name;
    }
);

TEST(Schedules, ASeedIsOneSchedule) {
    std::string steps;
    const auto trace = [&steps](const std::string& step) { steps += step + '\n'; };
    Schedule(7, {}, trace).run();
    const std::string first = std::exchange(steps, {});
    Schedule(7, {}, trace).run();
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, steps);
}

}  // namespace
}  // namespace doppel::simulation
