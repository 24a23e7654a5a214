// SPDX-License-Identifier: Apache-2.0
//
// Where a run may begin, or an earlier one go on: what came from other servers, and the settings.
#include "migration/received.hpp"

#include "unit/migration/remains_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::migration {
namespace {

using ::testing::HasSubstr;

Received unapplied() {
    Received received;
    received.unapplied = {"11111111-2222-3333-4444-555555555555:7-9"};
    return received;
}

TEST(Received, WhatIsNotAppliedMayBeOfAnEarlierRun) {
    EXPECT_FALSE(received_problem(Received(), true, true));
    EXPECT_FALSE(received_problem(unapplied(), false, false)) << "of others";
    const auto problem = received_problem(unapplied(), true, false);
    ASSERT_TRUE(problem);
    EXPECT_THAT(problem->message, HasSubstr("555555555555:7-9"));
    Received of_group = unapplied();
    of_group.by_group = true;
    EXPECT_TRUE(received_problem(of_group, false, false));
}

TEST(Received, ARunGoesOnWhereItWasPromotedOnly) {
    Received replica = unapplied();
    replica.source = sql::ReplicationSource{"db1:3306", ""};
    EXPECT_FALSE(received_problem(replica, false, false));
    const auto problem = received_problem(replica, true, true);
    ASSERT_TRUE(problem);
    EXPECT_THAT(problem->message, HasSubstr("a replica of db1:3306"));
    Received unseen;
    unseen.is_known = false;
    EXPECT_FALSE(received_problem(unseen, true, false));
    EXPECT_TRUE(received_problem(unseen, true, true));
}

TEST(Received, WhereARunWasLastIsInItsPoint) {
    Remains remains = test::left_by(checkpoint::Stage::running);
    EXPECT_FALSE(ran_elsewhere(test::untouched()));
    const auto point = judge_standing(remains).point;
    ASSERT_TRUE(point);
    remains.server_uuid = point->server.uuid;
    EXPECT_FALSE(ran_elsewhere(remains));
    remains.server_uuid = "another";
    EXPECT_TRUE(ran_elsewhere(remains));
}

TEST(EarlierRun, GoesOnUnderTheSameSettingsOnly) {
    EarlierRun run;
    run.record.key_index = "PRIMARY";
    run.record.settings = {"STRICT_TRANS_TABLES", "SYSTEM"};
    run.record.order_set_at = "2026-01-02 03:04:05";
    run.point.server = {test::kServer, 1'000, true};
    const sql::ServerIdentity same = run.point.server;
    EXPECT_FALSE(settings_problem(run, run.record, same));
    checkpoint::Record now = run.record;
    now.settings.at(1) = "+05:00";
    EXPECT_TRUE(settings_problem(run, now, same));
    now = run.record;
    now.key_index = "k";
    EXPECT_TRUE(settings_problem(run, now, same));
    now = run.record;
    now.order_set_at = "2026-01-02 03:04:06";
    EXPECT_TRUE(settings_problem(run, now, same)) << "it may have been off in between";
    const sql::ServerIdentity restarted{test::kServer, 90'000, true};
    EXPECT_FALSE(settings_problem(run, now, restarted)) << "that time is lost with a restart";
}

}  // namespace
}  // namespace doppel::migration
