// SPDX-License-Identifier: Apache-2.0
#include "simulation/schedule.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace doppel::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 5'000;
#else
constexpr std::uint64_t kSeeds = 60'000;
#endif
/// Far more than a broken protocol needs to be found out.
constexpr std::uint64_t kSeedsToFail = 20'000;

void expect_all_equal(bool exactly_comparable) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const std::string failure = Schedule(seed, {exactly_comparable, LeftOut::nothing}).run();
        ASSERT_EQ(failure, "") << "seed " << seed;
    }
}

bool some_seed_fails(bool exactly_comparable, LeftOut left_out) {
    for (std::uint64_t seed = 1; seed <= kSeedsToFail; ++seed) {
        if (!Schedule(seed, {exactly_comparable, left_out}).run().empty()) {
            return true;
        }
    }
    return false;
}

TEST(Schedules, ShadowEqualsSourceForOrderedKeys) {
    expect_all_equal(true);
}

TEST(Schedules, ShadowEqualsSourceForKeysOnlyTheServerCanOrder) {
    expect_all_equal(false);
}

TEST(Schedules, TheFenceIsNeeded) {
    EXPECT_TRUE(some_seed_fails(true, LeftOut::fence));
    EXPECT_TRUE(some_seed_fails(false, LeftOut::fence));
}

TEST(Schedules, TheDiscardRuleStopsAtTheFrontier) {
    EXPECT_TRUE(some_seed_fails(true, LeftOut::discard));
    EXPECT_TRUE(some_seed_fails(false, LeftOut::discard));
}

TEST(Schedules, EveryOtherRuleIsNeeded) {
    for (const RuleName& rule : kRuleNames) {
        EXPECT_TRUE(some_seed_fails(false, rule.rule)) << rule.name;
        if (rule.rule != LeftOut::confinement) {  // a rule of unordered keys
            EXPECT_TRUE(some_seed_fails(true, rule.rule)) << rule.name;
        }
    }
}

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
