// SPDX-License-Identifier: Apache-2.0
#include "sql/server_identity.hpp"

#include "doppel/error.hpp"
#include "sql/failure_kind.hpp"

#include <gtest/gtest.h>

namespace doppel::sql {
namespace {

TEST(ServerIdentity, TheSameServerIsAccepted) {
    EXPECT_NO_THROW(require_same_history({"a", 1'000, false}, {"a", 1'002, false}));
    EXPECT_NO_THROW(require_same_history({"a", 1'000, true}, {"a", 5'000, true}));
}

TEST(ServerIdentity, AnotherServerEndsTheRun) {
    EXPECT_THROW(require_same_history({"a", 1'000, true}, {"b", 1'000, true}), Error);
}

TEST(ServerIdentity, ARestartWithoutDurableCommitsEndsTheRun) {
    EXPECT_THROW(require_same_history({"a", 1'000, false}, {"a", 5'000, false}), Error);
    EXPECT_THROW(require_same_history({"a", 1'000, false}, {"a", 5'000, true}), Error);
}

TEST(ServerIdentity, ARestartIsSeenWhereTheServersClockWentBack) {
    EXPECT_THROW(require_same_history({"a", 5'000, false}, {"a", 1'000, false}), Error);
    EXPECT_FALSE(is_same_start({"a", 5'000, true}, {"a", 1'000, true}));
}

Error with_number(unsigned number) {
    return {Errc::failed, "x", ServerError{number, ""}};
}

TEST(FailureKind, FollowsTheErrorNumber) {
    EXPECT_EQ(classify_write_failure(with_number(1213)), FailureKind::conflict);
    EXPECT_EQ(classify_write_failure(with_number(1062)), FailureKind::duplicate);
    EXPECT_EQ(classify_write_failure(with_number(1406)), FailureKind::misfit);
    EXPECT_EQ(classify_write_failure(with_number(3819)), FailureKind::misfit);
    EXPECT_EQ(classify_write_failure(with_number(1146)), FailureKind::other);
    EXPECT_EQ(
        classify_write_failure(Error(Errc::interrupted, "x", ServerError{2013, ""})),
        FailureKind::connection_lost
    );
}

}  // namespace
}  // namespace doppel::sql
