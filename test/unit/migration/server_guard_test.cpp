// SPDX-License-Identifier: Apache-2.0
#include "migration/server_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::migration {
namespace {

using testing::HasSubstr;

ServerState state(const std::string& executed, const std::string& end) {
    ServerState state;
    state.sync_binlog = "1";
    state.flush_log_at_commit = "1";
    if (!executed.empty()) {
        state.executed = *mysql::GtidSet::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:" + executed);
    }
    state.binlog_end = *mysql::FileOffset::parse(end);
    return state;
}

std::string difference(const ServerState& before, const ServerState& now) {
    return state_difference(before, now).value_or("");
}

TEST(ServerGuard, ABinlogThatGrowsIsWhatItWas) {
    const auto before = state("1-20", "binlog.000009:500");
    EXPECT_EQ(difference(before, before), "");
    EXPECT_EQ(difference(before, state("1-21", "binlog.000009:700")), "");
    EXPECT_EQ(difference(before, state("1-40", "binlog.000010:4")), "");
    EXPECT_EQ(difference(before, state("1-40", "renamed.000001:4")), "") << "at a restart";
    EXPECT_EQ(difference(state("", "binlog.999999:9"), state("", "binlog.1000000:4")), "");
}

TEST(ServerGuard, ABinlogThatBeginsAnewIsADifference) {
    const auto before = state("1-20", "binlog.000009:500");
    EXPECT_THAT(difference(before, state("1-2", "binlog.000009:900")), HasSubstr("begins anew"));
    EXPECT_THAT(difference(before, state("1-30", "binlog.000001:900")), HasSubstr("begins anew"));
    EXPECT_THAT(
        difference(state("", "binlog.000001:500"), state("", "binlog.000001:158")),
        HasSubstr("ended at binlog.000001:500 and now ends at binlog.000001:158")
    );
    EXPECT_THAT(difference(before, state("", "binlog.000009:500")), HasSubstr("begins anew"));
}

TEST(ServerGuard, LessDurableCommitsAreADifferenceAndMoreDurableOnesAreNone) {
    const auto before = state("", "binlog.000001:4");
    auto now = before;
    now.sync_binlog = "0";
    EXPECT_THAT(difference(before, now), HasSubstr("SET GLOBAL sync_binlog = 1"));
    EXPECT_EQ(difference(now, before), "");
    now = before;
    now.flush_log_at_commit = "2";
    EXPECT_THAT(difference(before, now), HasSubstr("innodb_flush_log_at_trx_commit was changed"));
    now = before;
    now.order_commits = false;
    EXPECT_THAT(difference(before, now), HasSubstr("binlog_order_commits"));
}

}  // namespace
}  // namespace doppel::migration
