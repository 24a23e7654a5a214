// SPDX-License-Identifier: Apache-2.0
#include "plan/checks.hpp"

#include "unit/plan/facts_builder.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::plan {
namespace {

using test::alter;
using test::good_facts;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> ids(const std::vector<Finding>& findings) {
    std::vector<std::string> names;
    for (const Finding& finding : findings) {
        names.push_back(finding.id);
    }
    return names;
}

/// The one finding of both groups; expects that it refuses, and that message and hint are given.
Finding only_refusal(const Facts& facts, const std::string& clauses = "FORCE") {
    std::vector<Finding> findings = before_native(facts, alter(clauses));
    for (const Finding& finding : before_copy(facts, alter(clauses))) {
        findings.push_back(finding);
    }
    if (findings.size() != 1) {
        ADD_FAILURE() << findings.size() << " findings";
        return {};
    }
    EXPECT_EQ(findings[0].level, Finding::Level::refusal);
    EXPECT_FALSE(findings[0].message.empty());
    EXPECT_FALSE(findings[0].hint.empty());
    EXPECT_TRUE(refused(findings));
    return findings[0];
}

TEST(Checks, FindNothingWhereAllIsWell) {
    EXPECT_THAT(before_native(good_facts(), alter("FORCE")), IsEmpty());
    EXPECT_THAT(before_copy(good_facts(), alter("FORCE")), IsEmpty());
    EXPECT_FALSE(refused({}));
}

TEST(Checks, RefuseMariadbAndOldServers) {
    Facts facts = good_facts();
    facts.server.version = {mysql::Flavor::mariadb, 10, 11, 6};
    EXPECT_EQ(only_refusal(facts).id, "mariadb-not-supported");
    facts.server.version = {mysql::Flavor::mysql, 8, 0, 12};
    EXPECT_EQ(only_refusal(facts).id, "version-not-supported");
    EXPECT_THAT(only_refusal(facts).message, HasSubstr("8.0.12"));
    facts.server.version = {mysql::Flavor::mysql, 8, 0, 13};
    EXPECT_THAT(before_native(facts, alter("FORCE")), IsEmpty());
}

TEST(Checks, RefuseServersThatCannotBeWrittenTo) {
    Facts facts = good_facts();
    facts.server.read_only = true;
    EXPECT_EQ(only_refusal(facts).id, "read-only");
    facts.server.super_read_only = true;
    EXPECT_THAT(only_refusal(facts).message, HasSubstr("super_read_only"));
    facts = good_facts();
    facts.server.multi_primary = true;
    EXPECT_EQ(only_refusal(facts).id, "multi-primary");
    facts = good_facts();
    facts.server.innodb_force_recovery = 3;
    EXPECT_EQ(only_refusal(facts).id, "force-recovery");
}

TEST(Checks, RefuseTablesOfTheServer) {
    Facts facts = good_facts();
    facts.table.schema = "mysql";
    EXPECT_EQ(only_refusal(facts).id, "system-table");
    EXPECT_TRUE(refused(before_native(facts, alter("FORCE")))) << "not even natively";
}

TEST(Checks, RefuseADiskThatCannotHoldTheCopy) {
    Facts facts = good_facts();
    facts.source->data_bytes = 10 << 20;
    facts.source->index_bytes = 5 << 20;
    facts.server.free_disk_bytes = 14 << 20;
    EXPECT_EQ(only_refusal(facts).id, "disk-full");
    EXPECT_THAT(only_refusal(facts).message, HasSubstr("15 MiB, and 14 MiB"));
    facts.server.free_disk_bytes = 15 << 20;
    EXPECT_THAT(before_copy(facts, alter("FORCE")), IsEmpty());
}

TEST(Checks, RefuseAnAccountWithTooFewConnections) {
    Facts facts = good_facts();
    facts.copy_sessions = 4;
    facts.server.max_user_connections = 19;
    EXPECT_EQ(only_refusal(facts).id, "connection-limit");
    EXPECT_THAT(only_refusal(facts).hint, HasSubstr("'app'@'%'"));
    facts.server.max_user_connections = 20;
    EXPECT_THAT(before_copy(facts, alter("FORCE")), IsEmpty());
}

TEST(Checks, TellHowManyMoreConnectionsTheAccountMayHave) {
    Facts facts = good_facts();
    facts.copy_sessions = 4;
    facts.server.max_user_connections = 0;
    EXPECT_GT(spare_connections(facts), 1'000U);
    facts.server.max_user_connections = 22;
    EXPECT_EQ(spare_connections(facts), 2U);
    facts.server.max_user_connections = 5;
    EXPECT_EQ(spare_connections(facts), 0U);
}

TEST(Checks, RefuseABinlogThatDoesNotTellAll) {
    Facts facts = good_facts();
    facts.server.log_bin = false;
    EXPECT_EQ(only_refusal(facts).id, "binlog-off");
    facts = good_facts();
    facts.server.session_sql_log_bin = false;
    EXPECT_EQ(only_refusal(facts).id, "binlog-session-off");
    facts = good_facts();
    facts.server.binlog_format = "MIXED";
    EXPECT_EQ(only_refusal(facts).id, "binlog-format");
    facts = good_facts();
    facts.server.session_binlog_format = "STATEMENT";
    EXPECT_THAT(only_refusal(facts).message, HasSubstr("STATEMENT"));
    facts = good_facts();
    facts.server.binlog_order_commits = false;
    EXPECT_EQ(only_refusal(facts).id, "binlog-order-commits");
    facts = good_facts();
    facts.server.log_replica_updates = false;
    EXPECT_THAT(before_copy(facts, alter("FORCE")), IsEmpty());
    facts.server.is_replica = true;
    EXPECT_EQ(only_refusal(facts).id, "replica-updates-not-logged");
}

TEST(Checks, RefuseFiltersThatHideTheSchema) {
    Facts facts = good_facts();
    facts.server.binlog_do_db = {"other"};
    EXPECT_EQ(only_refusal(facts).id, "binlog-filter");
    EXPECT_THAT(only_refusal(facts).message, HasSubstr("keeps schema `s` out"));
    facts.server.binlog_ignore_db = {"s"};
    EXPECT_EQ(only_refusal(facts).id, "binlog-filter");
}

// USE ignored; TRUNCATE s.t is not logged: statements are filtered by the default schema.
TEST(Checks, RefuseFiltersThatHideStatementsFromElsewhere) {
    Facts facts = good_facts();
    facts.server.binlog_do_db = {"other", "s"};
    EXPECT_THAT(only_refusal(facts).message, HasSubstr("default schema is filtered"));
    facts.server.binlog_do_db = {};
    facts.server.binlog_ignore_db = {"other"};
    EXPECT_EQ(only_refusal(facts).id, "binlog-filter");
}

TEST(Checks, RefuseSyntaxThatOnlyMariaDbKnows) {
    auto statement = alter("FORCE");
    statement.mariadb_word = "ONLINE";
    EXPECT_THAT(ids(before_native(good_facts(), statement)), ElementsAre("mariadb-syntax"));
}

TEST(Checks, WarnOfSmallPackets) {
    Facts facts = good_facts();
    facts.server.max_allowed_packet_bytes = 65'536;
    const auto findings = before_copy(facts, alter("FORCE"));
    EXPECT_THAT(ids(findings), ElementsAre("small-packets"));
    EXPECT_FALSE(refused(findings));
}

TEST(Checks, RefuseTablesThatCannotBeCopied) {
    Facts facts = good_facts();
    facts.source.reset();
    EXPECT_EQ(only_refusal(facts).id, "no-table");
    facts = good_facts();
    facts.source->is_view = true;
    EXPECT_EQ(only_refusal(facts).id, "not-a-table");
    facts = good_facts();
    facts.source->engine = "MyISAM";
    EXPECT_EQ(only_refusal(facts).id, "not-innodb");
    facts = good_facts();
    facts.source->indexes.clear();
    EXPECT_EQ(only_refusal(facts).id, "no-usable-key");
    EXPECT_THAT(only_refusal(facts).message, HasSubstr("it has no unique index"));
}

TEST(Checks, RefuseTriggersAndForeignKeys) {
    Facts facts = good_facts();
    facts.source->triggers = {{"trg", "AFTER", "INSERT"}};
    EXPECT_EQ(only_refusal(facts).id, "triggers");
    facts = good_facts();
    facts.source->foreign_keys = {{"fk", {"s", "t"}, {"s", "p"}}};
    EXPECT_EQ(only_refusal(facts).id, "foreign-keys");
    facts = good_facts();
    facts.source->referenced_by = {{"fk", {"s", "c"}, {"s", "t"}}};
    EXPECT_EQ(only_refusal(facts).id, "referenced-by-foreign-keys");
}

TEST(Checks, RefuseStatementsThatAreNoOnlineChange) {
    EXPECT_EQ(only_refusal(good_facts(), "RENAME TO u").id, "rename-table");
    EXPECT_EQ(only_refusal(good_facts(), "DISCARD TABLESPACE").id, "tablespace");
    for (const char* clauses :
         {"DROP PARTITION p0",
          "TRUNCATE PARTITION ALL",
          "EXCHANGE PARTITION p0 WITH TABLE u",
          "REBUILD PARTITION p0",
          "DISCARD PARTITION p0 TABLESPACE"}) {
        EXPECT_EQ(only_refusal(good_facts(), clauses).id, "partition-management") << clauses;
    }
    for (const char* clauses :
         {"PARTITION BY HASH (id) PARTITIONS 4",
          "REMOVE PARTITIONING",
          "ADD PARTITION PARTITIONS 2",
          "COALESCE PARTITION 1",
          "REORGANIZE PARTITION p0 INTO (PARTITION a VALUES LESS THAN (5))"}) {
        EXPECT_THAT(before_native(good_facts(), alter(clauses)), IsEmpty()) << clauses;
    }
    EXPECT_EQ(only_refusal(good_facts(), "ENGINE = MyISAM").id, "engine-change");
    EXPECT_THAT(before_copy(good_facts(), alter("ENGINE innodb")), IsEmpty());
}

TEST(Checks, RefuseNewForeignKeys) {
    EXPECT_EQ(
        only_refusal(good_facts(), "ADD FOREIGN KEY (id) REFERENCES p (id)").id, "adds-foreign-key"
    );
    Facts facts = good_facts();
    EXPECT_EQ(only_refusal(facts, "ADD x INT REFERENCES p (id)").id, "adds-foreign-key");
    facts.server.version = {mysql::Flavor::mysql, 8, 4, 0};
    EXPECT_THAT(before_copy(facts, alter("ADD x INT REFERENCES p (id)")), IsEmpty());
}

TEST(Checks, WarnThatModifiersAreLeftOut) {
    const auto findings =
        before_native(good_facts(), alter("ADD n INT, ALGORITHM=COPY, LOCK=NONE"));
    EXPECT_THAT(ids(findings), ElementsAre("modifiers-dropped"));
    EXPECT_FALSE(refused(findings));
}

TEST(Checks, NameMissingPrivileges) {
    Facts facts = good_facts();
    facts.privileges = Privileges(
        "app@%",
        {{{"SELECT", "REPLICATION SLAVE"}, "*", "*", false, false},
         {{"INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "LOCK TABLES", "TRIGGER"},
          "s",
          "*",
          false,
          false}},
        true
    );
    const auto findings = before_copy(facts, alter("FORCE"));
    ASSERT_THAT(ids(findings), ElementsAre("missing-privileges", "missing-privileges"));
    EXPECT_EQ(
        findings[0].message,
        "account 'app'@'%' lacks INDEX on tables t, _t_new, _t_old, _t_doppel of schema s"
    );
    EXPECT_EQ(findings[0].hint, "GRANT INDEX ON `s`.* TO 'app'@'%'");
    EXPECT_EQ(findings[1].hint, "GRANT REPLICATION CLIENT ON *.* TO 'app'@'%'");
    EXPECT_THAT(before_native(facts, alter("FORCE")), IsEmpty());
}

TEST(Checks, WarnWhenForeignKeysCannotBeSeen) {
    Facts facts = good_facts();
    facts.privileges = Privileges(
        "app@%",
        {{{"ALL PRIVILEGES"}, "s", "*", false, false},
         {{"REPLICATION SLAVE", "REPLICATION CLIENT"}, "*", "*", false, false}},
        true
    );
    const auto findings = before_copy(facts, alter("FORCE"));
    EXPECT_THAT(ids(findings), ElementsAre("foreign-keys-unseen"));
    EXPECT_FALSE(refused(findings));
}

TEST(Checks, TellLeftoversFromOtherTables) {
    Facts facts = good_facts();
    facts.existing = {{"_t_new", ""}};
    EXPECT_EQ(only_refusal(facts).id, "name-taken");
    facts.existing = {{"_t_new", ""}, {"_t_doppel", "doppel state v1 of s.t"}};
    EXPECT_THAT(ids(before_copy(facts, alter("FORCE"))), IsEmpty());
    facts.existing = {{"_t_old", "doppel state v1 of s.t"}};
    EXPECT_EQ(only_refusal(facts).id, "old-table-exists");
}

TEST(Checks, ReportAllRefusalsAtOnce) {
    Facts facts = good_facts();
    facts.server.log_bin = false;
    facts.source->triggers = {{"trg", "AFTER", "INSERT"}};
    facts.existing = {{"_t_old", ""}};
    EXPECT_THAT(
        ids(before_copy(facts, alter("FORCE"))),
        ElementsAre("binlog-off", "triggers", "old-table-exists")
    );
}

TEST(Checks, BuildFindingsForTheCaller) {
    const Finding running = migration_running({"s", "t"}, 12);
    EXPECT_EQ(running.id, "migration-running");
    EXPECT_EQ(
        running.message, "another migration of table s.t is running (connection 12 holds its lock)"
    );
    const Finding key = no_shared_key({"s", "t"}, {{"PRIMARY", "its type changes"}});
    EXPECT_EQ(key.id, "no-shared-key");
    EXPECT_THAT(key.message, HasSubstr("index `PRIMARY`: its type changes"));
    EXPECT_THAT(no_shared_key({"s", "t"}, {}).message, HasSubstr("there is no unique index"));
}

}  // namespace
}  // namespace doppel::plan
