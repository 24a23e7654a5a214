// SPDX-License-Identifier: Apache-2.0
#include "migration/index_choice.hpp"

#include <gmock/gmock.h>

namespace doppel::migration {
namespace {

using testing::HasSubstr;

TEST(IndexChoice, AutomaticBuildsLateOnlyWhereNoReplicaHasToWaitForIt) {
    EXPECT_TRUE(builds_late(IndexBuild::automatic, kDeferredRowsLeast, false));
    EXPECT_FALSE(builds_late(IndexBuild::automatic, kDeferredRowsLeast, true));
    EXPECT_FALSE(builds_late(IndexBuild::automatic, kDeferredRowsLeast - 1, false));
    EXPECT_TRUE(builds_late(IndexBuild::deferred, 1, true));
    EXPECT_FALSE(builds_late(IndexBuild::inline_, 1'000'000, false));
}

TEST(IndexChoice, ReplicasThatAreNamedCountThoughTheServerDoesNotKnowThem) {
    ThrottleOptions options;
    EXPECT_FALSE(names_replicas(options));
    options.replicas = {{"db2", 3306}};
    EXPECT_TRUE(names_replicas(options));
}

TEST(IndexChoice, ABuildThatTakesLongerThanReplicasMayLagIsTold) {
    ThrottleOptions options;
    const auto told = hold_up_by_build(2'000'000, 3, options);
    ASSERT_TRUE(told.has_value());
    EXPECT_THAT(*told, HasSubstr("about 6.3s while 3 index(es) of ~2000000 rows"));
    EXPECT_THAT(*told, HasSubstr("--max-lag (1s)"));
    EXPECT_FALSE(hold_up_by_build(100'000, 3, options).has_value());
    options.max_lag.reset();
    EXPECT_FALSE(hold_up_by_build(2'000'000, 3, options).has_value());
}

}  // namespace
}  // namespace doppel::migration
