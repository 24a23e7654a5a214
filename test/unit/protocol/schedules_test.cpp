// SPDX-License-Identifier: Apache-2.0
#include "unit/protocol/schedule_model.hpp"

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

constexpr std::uint64_t kSeeds = 4'000;
/// Far more than a broken protocol needs to be found out.
constexpr std::uint64_t kSeedsToFail = 5'000;

void expect_all_equal(bool exactly_comparable) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const std::string difference =
            ScheduleModel(seed, exactly_comparable, LeftOut::nothing).run();
        ASSERT_EQ(difference, "") << "seed " << seed;
    }
}

bool some_seed_fails(bool exactly_comparable, LeftOut left_out) {
    for (std::uint64_t seed = 1; seed <= kSeedsToFail; ++seed) {
        if (!ScheduleModel(seed, exactly_comparable, left_out).run().empty()) {
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
    EXPECT_TRUE(some_seed_fails(true, LeftOut::discard_rule));
}

}  // namespace
}  // namespace doppel::protocol
