// SPDX-License-Identifier: Apache-2.0
//
// The facts of plan/ and the checks on them against a real server; see table_fixture.hpp.
#include "plan/checks.hpp"

#include "integration/table_fixture.hpp"
#include "plan/planner.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::plan {
namespace {

using test::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const AuxiliaryNames kNames{"_t_new", "_t_old", "_t_doppel", "doppel state v1"};

std::vector<std::string> ids(const std::vector<Finding>& findings) {
    std::vector<std::string> names;
    for (const Finding& finding : findings) {
        names.push_back(finding.id);
    }
    return names;
}

std::string message(const std::vector<Finding>& findings, const std::string& id) {
    const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
        return finding.id == id;
    });
    return found == findings.end() ? "" : found->message + " | " + found->hint;
}

class PlanChecks : public test::TableTest {
protected:
    void TearDown() override {
        if (session_) {
            session_->execute("DROP USER IF EXISTS doppel_checks");
            session_->execute("DROP ROLE IF EXISTS doppel_checks_role");
        }
        TableTest::TearDown();
    }

    Facts facts(const std::string& table = "t") {
        return read_facts(*session_, name(table), kNames);
    }

    std::vector<Finding> copy_findings(const std::string& alter = "FORCE") {
        return before_copy(facts(), parsed("ALTER TABLE t " + alter));
    }

    std::unique_ptr<sql::Session> limited(const std::string& default_schema = "") {
        return connect_as("doppel_checks", "secret", default_schema);
    }
};

TEST_F(PlanChecks, PassAPlainTableAndAPlainServer) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY)");
    const Facts found = facts();
    EXPECT_TRUE(found.server.log_bin && found.server.session_sql_log_bin);
    EXPECT_TRUE(found.server.binlog_status_known && found.server.binlog_order_commits);
    EXPECT_FALSE(found.server.read_only || found.server.super_read_only);
    EXPECT_FALSE(found.server.is_replica);
    EXPECT_EQ(found.server.binlog_format, "ROW");
    EXPECT_EQ(found.server.version, version_);
    EXPECT_GE(found.server.max_allowed_packet_bytes, 1024U * 1024U);
    EXPECT_THAT(before_native(found, parsed("ALTER TABLE t FORCE")), IsEmpty());
    EXPECT_THAT(before_copy(found, parsed("ALTER TABLE t FORCE")), IsEmpty());
}

TEST_F(PlanChecks, RefuseMissingTablesAndViews) {
    EXPECT_THAT(
        ids(before_native(facts("nothing"), parsed("ALTER TABLE nothing FORCE"))),
        ElementsAre("no-table")
    );
    session_->execute("CREATE VIEW v AS SELECT 1");
    EXPECT_THAT(
        ids(before_native(facts("v"), parsed("ALTER TABLE v FORCE"))), ElementsAre("not-a-table")
    );
}

TEST_F(PlanChecks, RefuseEverythingThatIsWrongWithATableAtOnce) {
    session_->execute("CREATE TABLE parent (id INT PRIMARY KEY)");
    session_->execute(
        "CREATE TABLE t (a INT, f FLOAT NOT NULL, UNIQUE ua (a), UNIQUE uf (f),"
        " CONSTRAINT up FOREIGN KEY (a) REFERENCES parent (id))"
    );
    session_->execute("CREATE TABLE child (t INT, CONSTRAINT down FOREIGN KEY (t) REFERENCES t (a))"
    );
    session_->execute("CREATE TRIGGER trg AFTER INSERT ON t FOR EACH ROW SET @x = 1");
    session_->execute("CREATE TABLE _t_new (id INT)");
    session_->execute("CREATE TABLE _t_old (id INT)");
    const auto findings =
        copy_findings("ADD FOREIGN KEY (a) REFERENCES parent (id), ENGINE=MyISAM");
    EXPECT_THAT(
        ids(findings),
        ElementsAre(
            "no-usable-key",
            "triggers",
            "foreign-keys",
            "referenced-by-foreign-keys",
            "adds-foreign-key",
            "engine-change",
            "name-taken",
            "old-table-exists"
        )
    );
    EXPECT_THAT(
        message(findings, "no-usable-key"), HasSubstr("index `ua`: column `a` allows NULL")
    );
    EXPECT_THAT(message(findings, "no-usable-key"), HasSubstr("column `f` is of type float"));
    EXPECT_THAT(message(findings, "triggers"), HasSubstr("(trg)"));
    EXPECT_THAT(message(findings, "foreign-keys"), HasSubstr("(up)"));
    EXPECT_THAT(
        message(findings, "referenced-by-foreign-keys"), HasSubstr("down of " + schema_ + ".child")
    );
    EXPECT_TRUE(refused(findings));
}

TEST_F(PlanChecks, RefuseOtherEngines) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY) ENGINE=MyISAM");
    const auto findings = copy_findings();
    EXPECT_THAT(ids(findings), ElementsAre("not-innodb"));
    EXPECT_THAT(message(findings, "not-innodb"), HasSubstr("MyISAM"));
}

TEST_F(PlanChecks, TellALeftoverFromATableOfSomebodyElse) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY)");
    session_->execute("CREATE TABLE _t_doppel (id INT) COMMENT='doppel state v1 of x'");
    session_->execute("CREATE TABLE _t_new (id INT)");
    const auto ours = copy_findings();
    EXPECT_THAT(ids(ours), IsEmpty()) << "the run itself decides what becomes of them";
    session_->execute("ALTER TABLE _t_doppel COMMENT='mine'");
    EXPECT_THAT(ids(copy_findings()), ElementsAre("name-taken", "name-taken"));
}

TEST_F(PlanChecks, RefuseASessionWithoutBinlogOrWithAnotherFormat) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY)");
    session_->execute("SET SESSION sql_log_bin = 0");
    EXPECT_THAT(ids(copy_findings()), ElementsAre("binlog-session-off"));
    session_->execute("SET SESSION sql_log_bin = 1");
    session_->execute("SET SESSION binlog_format = 'STATEMENT'");
    EXPECT_THAT(ids(copy_findings()), ElementsAre("binlog-format"));
}

TEST_F(PlanChecks, NameEveryMissingPrivilegeAndTheGrant) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY)");
    session_->execute("CREATE USER doppel_checks IDENTIFIED BY 'secret'");
    session_->execute("GRANT SELECT, INSERT, ALTER ON " + schema_ + ".t TO doppel_checks");
    const auto session = limited();
    const Facts found = read_facts(*session, name("t"), kNames);
    EXPECT_FALSE(found.server.binlog_status_known);
    const auto native = before_native(found, parsed("ALTER TABLE t FORCE"));
    EXPECT_THAT(
        message(native, "missing-privileges"),
        HasSubstr("account 'doppel_checks'@'%' lacks CREATE on table " + schema_ + ".t")
    );
    const auto copy = before_copy(found, parsed("ALTER TABLE t FORCE"));
    EXPECT_THAT(
        ids(copy), ElementsAre("missing-privileges", "missing-privileges", "foreign-keys-unseen")
    );
    EXPECT_EQ(
        copy[0].hint,
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, LOCK TABLES, TRIGGER ON"
        " `doppel\\_PlanChecks`.* TO 'doppel_checks'@'%'"
    );
    EXPECT_EQ(
        copy[1].hint, "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'doppel_checks'@'%'"
    );
    session_->execute(copy[0].hint);
    session_->execute(copy[1].hint);
    const Facts granted = read_facts(*limited(), name("t"), kNames);
    EXPECT_THAT(before_native(granted, parsed("ALTER TABLE t FORCE")), IsEmpty());
    EXPECT_THAT(
        ids(before_copy(granted, parsed("ALTER TABLE t FORCE"))), ElementsAre("foreign-keys-unseen")
    );
}

TEST_F(PlanChecks, CountRolesOnlyWhenActive) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY)");
    session_->execute("CREATE USER doppel_checks IDENTIFIED BY 'secret'");
    session_->execute("CREATE ROLE doppel_checks_role");
    session_->execute("GRANT ALL ON *.* TO doppel_checks_role");
    session_->execute("GRANT doppel_checks_role TO doppel_checks");
    session_->execute("GRANT SELECT ON " + schema_ + ".* TO doppel_checks");
    const Facts inactive = read_facts(*limited(), name("t"), kNames);
    const auto findings = before_native(inactive, parsed("ALTER TABLE t FORCE"));
    EXPECT_THAT(message(findings, "missing-privileges"), HasSubstr("SET DEFAULT ROLE"));
    session_->execute("SET DEFAULT ROLE ALL TO doppel_checks");
    const Facts active = read_facts(*limited(), name("t"), kNames);
    EXPECT_THAT(before_native(active, parsed("ALTER TABLE t FORCE")), IsEmpty());
    EXPECT_THAT(before_copy(active, parsed("ALTER TABLE t FORCE")), IsEmpty());
}

TEST_F(PlanChecks, PlanSaysWhatWillHappen) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY)");
    const Plan plan = make_plan(facts(), parsed("ALTER TABLE t ADD INDEX (id)"), {});
    EXPECT_TRUE(plan.native_allowed());
    EXPECT_TRUE(plan.copy_allowed());
    EXPECT_EQ(plan.key_index, "PRIMARY");
    const std::string text = describe(plan);
    EXPECT_THAT(text, HasSubstr("table " + schema_ + ".t: about 0 rows"));
    EXPECT_THAT(text, HasSubstr("1. try the server's own"));
    EXPECT_THAT(text, HasSubstr("2. copy the rows into `_t_new` by key `PRIMARY`"));
}

}  // namespace
}  // namespace doppel::plan
