// SPDX-License-Identifier: Apache-2.0
#include "migration/migration_status.hpp"

#include "unit/migration/remains_builder.hpp"

#include <gmock/gmock.h>

namespace doppel::migration {
namespace {

using checkpoint::Stage;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(MigrationStatus, NothingIsThere) {
    Remains remains = test::untouched();
    EXPECT_EQ(describe(remains).state, MigrationState::none);
    remains.source.reset();
    EXPECT_EQ(describe(remains).state, MigrationState::none);
    EXPECT_FALSE(describe(remains).table_exists);
}

TEST(MigrationStatus, ForeignTablesAreInTheWay) {
    Remains remains = test::untouched();
    remains.state = test::state_table();
    remains.state->comment = "mine";
    remains.shadow = test::after("_t_new");
    const auto status = describe(remains);
    EXPECT_EQ(status.state, MigrationState::none);
    EXPECT_THAT(status.in_the_way, ElementsAre("s._t_doppel", "s._t_new"));
    EXPECT_EQ(status.state_table, "");
}

TEST(MigrationStatus, TheLockTellsWhetherAProcessRunsIt) {
    Remains remains = test::left_by(Stage::running);
    EXPECT_EQ(describe(remains).state, MigrationState::stopped);
    remains.lock_holder = 12;
    const auto status = describe(remains);
    EXPECT_EQ(status.state, MigrationState::running);
    EXPECT_EQ(status.connection, 12U);
    EXPECT_EQ(status.statement, "ALTER TABLE s.t ADD note TEXT");
    EXPECT_EQ(status.host, "admin1");
    EXPECT_EQ(status.process_id, 77U);
    EXPECT_EQ(status.began_at, "2026-01-02T03:04:05Z");
    EXPECT_EQ(status.shadow, "s._t_new");
    EXPECT_EQ(status.state_table, "s._t_doppel");
    EXPECT_FALSE(status.other_server);
    ASSERT_TRUE(status.checkpoint);
    EXPECT_EQ(status.checkpoint->phase, "copying");
    EXPECT_EQ(status.checkpoint->rows_copied, 30U);
    EXPECT_EQ(status.checkpoint->rows_estimated, 120U);
    EXPECT_EQ(status.checkpoint->keys_pending, 5U);
    EXPECT_EQ(status.checkpoint->eta_seconds, 9.0);
    EXPECT_EQ(status.checkpoint->age_seconds, 2.5);
}

TEST(MigrationStatus, BeforeTheFirstRowItIsPreparing) {
    Remains remains = test::untouched();
    remains.lock_holder = 12;
    EXPECT_EQ(describe(remains).state, MigrationState::preparing);
    remains = test::left_by(Stage::preparing);
    EXPECT_EQ(describe(remains).state, MigrationState::stopped);
    remains.lock_holder = 12;
    remains.shadow = test::before("_t_new");
    EXPECT_EQ(describe(remains).state, MigrationState::preparing);
    EXPECT_EQ(describe(remains).shadow, "s._t_new");
    EXPECT_FALSE(describe(remains).checkpoint);
}

TEST(MigrationStatus, AtAReplicaAFreshCheckpointTellsThatItRuns) {
    Remains remains = test::left_by(Stage::running);
    remains.server_uuid = "another";
    EXPECT_EQ(describe(remains).state, MigrationState::running);
    EXPECT_TRUE(describe(remains).other_server);
    EXPECT_EQ(describe(remains).server_uuid, test::kServer);
    remains.stored->age_seconds = 100;
    EXPECT_EQ(describe(remains).state, MigrationState::stopped);
}

TEST(MigrationStatus, TheSwapIsSeenByTheTables) {
    const auto status = describe(test::swapped(false));
    EXPECT_EQ(status.state, MigrationState::swapped);
    EXPECT_EQ(status.old_table, "s._t_old");
    EXPECT_EQ(status.shadow, "");
    EXPECT_EQ(describe(test::left_by(Stage::swapped)).state, MigrationState::swapped);
}

TEST(MigrationStatus, WhatCannotBeReadIsToldInWords) {
    Remains remains = test::left_by(Stage::running);
    remains.stored->record = R"({"format": 9})";
    EXPECT_EQ(describe(remains).state, MigrationState::unreadable);
    EXPECT_THAT(describe(remains).problem, HasSubstr("format 9"));
    remains.stored.reset();
    EXPECT_EQ(describe(remains).state, MigrationState::unreadable);
    EXPECT_EQ(describe(remains).state_table, "s._t_doppel");
}

TEST(MigrationStatus, AClockThatWasSetBackMakesNoNegativeAge) {
    Remains remains = test::left_by(Stage::running);
    remains.stored->age_seconds = -4;
    EXPECT_EQ(describe(remains).checkpoint->age_seconds, 0.0);
}

}  // namespace
}  // namespace doppel::migration
