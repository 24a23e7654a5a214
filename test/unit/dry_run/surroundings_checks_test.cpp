// SPDX-License-Identifier: Apache-2.0
#include "dry_run/surroundings.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace doppel::dry_run {
namespace {

using Level = DryRunCheck::Level;

Surroundings calm() {
    Surroundings around;
    around.oldest_transaction_seconds = 0.1;
    around.waiting_for_table = 0;
    around.row_versions = 0;
    around.variables["max_connections"] = "151";
    around.status["threads_connected"] = "10";
    around.remains.emplace();
    return around;
}

DryRunCheck check(
    const Surroundings& around,
    const std::string& name,
    const MigrationOptions& options = MigrationOptions()
) {
    plan::Facts facts;
    facts.table = {"s", "t"};
    for (const DryRunCheck& found : judge_surroundings(around, facts, options)) {
        if (found.name == name) {
            return found;
        }
    }
    return {};
}

TEST(SurroundingsChecks, AllAreToldAlsoWhenAllIsWell) {
    plan::Facts facts;
    facts.table = {"s", "t"};
    const auto checks = judge_surroundings(calm(), facts, MigrationOptions());
    EXPECT_GE(checks.size(), 9U);
    for (const DryRunCheck& found : checks) {
        EXPECT_EQ(found.level, Level::ok) << found.id;
        EXPECT_EQ(found.id, found.name);
        EXPECT_FALSE(found.message.empty());
    }
}

TEST(SurroundingsChecks, EachWarnsOfItsOwn) {
    Surroundings around = calm();
    around.replicas = {{"r:1", 60.0, ""}};
    EXPECT_EQ(check(around, "replicas").id, "replica-lag");
    around.replicas = {{"r:1", std::nullopt, "gone"}};
    EXPECT_EQ(check(around, "replicas").id, "replica-lag");
    around.replicas = {{"r:1", 0.0, ""}};
    EXPECT_EQ(check(around, "replicas").level, Level::ok);
    around.transactions = {{7, "app", 11.0, "SELECT SLEEP(100)"}};
    EXPECT_EQ(check(around, "long-transactions").id, "long-transaction");
    around.transactions.front().seconds = 1;
    EXPECT_EQ(check(around, "long-transactions").level, Level::ok);
    around.oldest_transaction_seconds.reset();
    EXPECT_EQ(check(around, "old-read-views").id, "transactions-unseen");
    around.waiting_for_table = 2;
    EXPECT_EQ(check(around, "table-locks").id, "table-lock-waits");
    around.row_versions = 63;
    EXPECT_EQ(check(around, "row-versions").id, "row-versions-used-up");
    around.status["threads_connected"] = "140";
    EXPECT_EQ(check(around, "max-connections").id, "few-connections");
    around.variables["sync_binlog"] = "0";
    EXPECT_EQ(check(around, "durable-commits").id, "commits-not-durable");
}

TEST(SurroundingsChecks, WhatTheRunIsToldAndCannotDoIsRefused) {
    Surroundings around = calm();
    around.unknown_load = Finding{"load-variables", Finding::Level::refusal, "no such", "hint"};
    EXPECT_EQ(check(around, "load-variables").level, Level::refusal);
    EXPECT_EQ(check(around, "running-control").level, Level::ok);
    around.control_problem = "no such folder";
    EXPECT_EQ(check(around, "running-control").level, Level::warning);
    MigrationOptions options;
    options.control_socket = "/tmp/s";
    EXPECT_EQ(check(around, "running-control", options).level, Level::refusal);
    around.binlog_connection = Error(Errc::refused, "no");
    EXPECT_EQ(check(around, "binlog-connection").level, Level::refusal);
    EXPECT_FALSE(check(around, "binlog-connection").hint.empty());
}

TEST(SurroundingsChecks, PreparedXaStandsInTheWayOfARunThatBegins) {
    Surroundings around = calm();
    around.prepared_xa = {"X'78',X'',1"};
    EXPECT_EQ(check(around, "prepared-xa").id, "prepared-xa-left");
    around.earlier.kind = migration::Verdict::Kind::resume;
    around.earlier.run.emplace();
    EXPECT_EQ(check(around, "prepared-xa").level, Level::ok);
}

TEST(SurroundingsChecks, WhoMayNotSeeAnEarlierRunIsRefused) {
    Surroundings around = calm();
    around.remains.reset();
    around.remains_problem = Error(Errc::refused, "no right");
    EXPECT_EQ(check(around, "other-migrations").level, Level::refusal);
    around.remains_problem = Error(Errc::failed, "odd");
    EXPECT_EQ(check(around, "other-migrations").level, Level::warning);
}

TEST(SurroundingsChecks, WhatHoldsTheRunIsToldApart) {
    Surroundings around = calm();
    around.replicas = {{"r:1", std::nullopt, "gone", "named", true}};
    EXPECT_EQ(check(around, "replicas").id, "replica-away");
    for (const char* watched : {"may vanish", "ignored"}) {
        around.replicas = {{"r:1", std::nullopt, "gone", watched, false}};
        EXPECT_EQ(check(around, "replicas").level, Level::ok) << watched;
    }
    around.copy_held = "copying waits";
    EXPECT_EQ(check(around, "copy-orders").id, "copy-held");
    EXPECT_EQ(check(around, "swap-orders").level, Level::ok);
    around.swap_held = "the swap waits";
    EXPECT_EQ(check(around, "swap-orders").id, "swap-held");
}

TEST(SurroundingsChecks, AnEarlierRunIsToldByWhatTheRunDoesAboutIt) {
    using Kind = migration::Verdict::Kind;
    Surroundings around = calm();
    around.earlier.kind = Kind::refuse;
    around.earlier.finding = Finding{"earlier-run", Finding::Level::refusal, "another", "hint"};
    EXPECT_EQ(check(around, "other-migrations").level, Level::refusal);
    EXPECT_EQ(check(around, "other-migrations").id, "earlier-run");
    around.earlier.kind = Kind::begin_anew;
    EXPECT_EQ(check(around, "other-migrations").id, "migration-left");
    around.earlier.run.emplace();
    for (const Kind kind : {Kind::resume, Kind::finish}) {
        around.earlier.kind = kind;
        EXPECT_EQ(check(around, "other-migrations").id, "migration-left");
        EXPECT_EQ(check(around, "other-migrations").level, Level::warning);
    }
}

TEST(SurroundingsChecks, ARunningMigrationRefuses) {
    Surroundings around = calm();
    around.remains->lock_holder = 12;
    EXPECT_EQ(check(around, "other-migrations").level, Level::refusal);
    EXPECT_EQ(check(around, "other-migrations").id, "migration-running");
    around.remains.reset();
    EXPECT_EQ(check(around, "other-migrations").level, Level::warning);
}

}  // namespace
}  // namespace doppel::dry_run
