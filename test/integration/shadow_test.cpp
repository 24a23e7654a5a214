// SPDX-License-Identifier: Apache-2.0
//
// shadow::create and its helpers against a real server; see table_fixture.hpp.
#include "shadow/shadow.hpp"

#include "integration/table_fixture.hpp"
#include "shadow/names.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::shadow {
namespace {

using test::error_of;
using test::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ShadowTable : public test::TableTest {
protected:
    Shadow make(const std::string& alter) {
        const auto source = read("t");
        return create(
            *session_,
            source,
            name(derive_names("t").shadow),
            parsed("ALTER TABLE t " + alter),
            version_
        );
    }

    std::string create_text(const std::string& table) {
        return session_->query("SHOW CREATE TABLE `" + table + "`").rows.at(0).at(1).value_or("");
    }

    /// The definition after the swap, and the one a native ALTER of the same table gives.
    struct Compared {
        std::string ours;
        std::string native;
    };
    Compared compare(const std::string& create, const std::string& alter) {
        session_->execute("DROP TABLE IF EXISTS t, _t_new, _t_old");
        session_->execute(create);
        (void)make(alter);
        session_->execute("RENAME TABLE t TO _t_old, _t_new TO t");
        Compared result;
        result.ours = create_text("t");
        session_->execute("DROP TABLE t");
        session_->execute("RENAME TABLE _t_old TO t");
        session_->execute("ALTER TABLE t " + alter);
        result.native = create_text("t");
        return result;
    }

    bool exists(const std::string& table) {
        return schema::read_table(*session_, name(table), version_).has_value();
    }
};

TEST_F(ShadowTable, HasTheDefinitionThatANativeAlterGives) {
    const std::string wide =
        "CREATE TABLE t (id INT UNSIGNED NOT NULL AUTO_INCREMENT, a INT DEFAULT 3, v VARCHAR(30) "
        "CHARACTER SET latin1 COMMENT 'x''y', e ENUM('a','b') NOT NULL, j JSON, g INT AS (a + 1), "
        "ts TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, hide INT "
        "INVISIBLE, "
        "PRIMARY KEY (id), UNIQUE KEY u (v, a), KEY f ((a * 2)), KEY d (a DESC) INVISIBLE, "
        "FULLTEXT KEY ft (v)) ROW_FORMAT=DYNAMIC COMMENT='tab''le' DEFAULT CHARSET=utf8mb3";
    const std::vector<std::string> alters{
        "ADD COLUMN n TEXT FIRST",
        "MODIFY id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, DROP COLUMN g",
        "CHANGE v w VARCHAR(300) CHARACTER SET utf8mb4 NOT NULL, RENAME INDEX u TO uu",
        "CONVERT TO CHARACTER SET utf8mb4",
        "ADD INDEX (e), ENGINE=InnoDB, COMMENT='new'",
        "PARTITION BY HASH (id) PARTITIONS 2",
        "AUTO_INCREMENT=77, ALTER COLUMN a SET DEFAULT 9",
        "ALTER INDEX d VISIBLE, DROP INDEX ft, FORCE",
        "ORDER BY a"};
    for (const std::string& alter : alters) {
        const bool partitions = alter.substr(0, 9) == "PARTITION";
        const std::string table = partitions ? "CREATE TABLE t (id INT PRIMARY KEY, a INT)" : wide;
        const Compared compared = compare(table, alter);
        EXPECT_EQ(compared.ours, compared.native) << alter;
    }
}

TEST_F(ShadowTable, KeepsNamesOfChecksThatTheServerMade) {
    const std::string table =
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT CHECK (b > 1), s VARCHAR(9), CHECK (a > "
        "0), "
        "CHECK (s <> 'it''s \\\\') NOT ENFORCED)";
    for (const char* alter :
         {"ADD COLUMN c INT FIRST",
          "ADD CHECK (a <> 7), ADD CONSTRAINT mine CHECK (a <> 8)",
          "DROP CHECK t_chk_1",
          "DROP CONSTRAINT `t_chk_2`, ADD COLUMN c INT CHECK (c > 5)",
          "ALTER CHECK t_chk_3 ENFORCED, ALTER CONSTRAINT t_chk_1 NOT ENFORCED"}) {
        const Compared compared = compare(table, alter);
        EXPECT_EQ(compared.ours, compared.native) << alter;
    }
}

// More than nine of them, and gaps: CREATE TABLE .. LIKE numbers in the order of names.
TEST_F(ShadowTable, KeepsNumbersOfManyChecks) {
    std::string table = "CREATE TABLE t (id INT PRIMARY KEY, a INT";
    for (int i = 0; i < 12; ++i) {
        table += ", CHECK (a <> " + std::to_string(i) + ")";
    }
    const Compared compared = compare(table + ")", "DROP CHECK t_chk_3, ADD COLUMN c INT");
    EXPECT_EQ(compared.ours, compared.native);
    session_->execute("CREATE TABLE gap LIKE t");
    const Compared again = compare(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, CONSTRAINT t_chk_7 CHECK (a > 0), CHECK (a > "
        "1))",
        "ADD CHECK (a > 2)"
    );
    EXPECT_EQ(again.ours, again.native);
}

TEST_F(ShadowTable, RenamesChecksOfTheUserAndSaysSo) {
    session_->execute(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, CONSTRAINT positive CHECK (a > 0), CHECK (a < "
        "9),"
        " CONSTRAINT `_small` CHECK (a < 7))"
    );
    session_->execute("CREATE TABLE other (a INT, CONSTRAINT `_positive` CHECK (a > 0))");
    const Shadow shadow = make("DROP CHECK `_small`, ADD CONSTRAINT `_small` CHECK (a < 6)");
    ASSERT_EQ(shadow.differences.size(), 2U);
    EXPECT_THAT(shadow.differences[0], HasSubstr("`_small` will be named `small`"));
    EXPECT_THAT(shadow.differences[1], HasSubstr("`positive` will be named `__positive`"));
    std::vector<std::string> names;
    for (const auto& check : shadow.definition.checks) {
        names.push_back(check.name);
    }
    EXPECT_THAT(names, ElementsAre("__positive", "_t_new_chk_1", "small"));
}

TEST_F(ShadowTable, CarriesAutoIncrement) {
    session_->execute("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT)");
    session_->execute("INSERT INTO t VALUES (99, 1)");
    session_->execute("DELETE FROM t");
    const Shadow shadow = make("ADD COLUMN b INT");
    EXPECT_EQ(shadow.counter, (CounterRule{CounterRule::Origin::source, 1, "id"}));
    EXPECT_EQ(shadow.definition.auto_increment, 100U);
    EXPECT_FALSE(settle_auto_increment(*session_, name("t"), name("_t_new"), shadow.counter));

    session_->execute("INSERT INTO t VALUES (500, 1)");
    session_->execute("DELETE FROM t");
    session_->execute("LOCK TABLES t WRITE, _t_new WRITE");
    EXPECT_TRUE(settle_auto_increment(*session_, name("t"), name("_t_new"), shadow.counter));
    session_->execute("RENAME TABLE t TO _t_old, _t_new TO t");
    session_->execute("UNLOCK TABLES");
    EXPECT_EQ(read("t").auto_increment, 501U);
}

TEST_F(ShadowTable, LeavesAutoIncrementToTheStatementThatSetsIt) {
    session_->execute("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=1000");
    const Shadow set = make("AUTO_INCREMENT=5");
    EXPECT_EQ(set.counter, (CounterRule{CounterRule::Origin::statement, 5, "id"}));
    EXPECT_EQ(set.definition.auto_increment, 5U);
    drop(*session_, name("_t_new"));
    const Shadow dropped =
        make("DROP PRIMARY KEY, DROP COLUMN id, ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY");
    EXPECT_EQ(dropped.counter, CounterRule{});
    EXPECT_EQ(dropped.definition.auto_increment, 1U);
    drop(*session_, name("_t_new"));
    EXPECT_EQ(make("MODIFY id INT NOT NULL").counter, CounterRule{});
}

TEST_F(ShadowTable, HasNoInstantRowVersions) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
    session_->execute("ALTER TABLE t ADD COLUMN b INT, ALGORITHM=INSTANT");
    session_->execute("ALTER TABLE t DROP COLUMN a, ALGORITHM=INSTANT");
    (void)make("ADD COLUMN c INT");
    const auto versions = [&](const std::string& table) {
        return scalar(
            "SELECT TOTAL_ROW_VERSIONS FROM INFORMATION_SCHEMA.INNODB_TABLES WHERE NAME = '" +
            schema_ + "/" + table + "'"
        );
    };
    EXPECT_EQ(versions("t"), "2");
    EXPECT_EQ(versions("_t_new"), "0");
}

TEST_F(ShadowTable, TellsWhatIsWrongWithTheStatementAndLeavesNothing) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
    for (const char* alter :
         {"DROP COLUMN nothing", "ADD COLUMN a INT", "ADD b NOTYPE", "MODIFY a INT DEFAULT 'x'"}) {
        const Error error = error_of([&] { (void)make(alter); });
        EXPECT_EQ(error.code(), Errc::usage) << alter;
        EXPECT_THAT(error.what(), HasSubstr("the server does not apply the statement"));
        EXPECT_FALSE(exists("_t_new")) << alter;
    }
}

TEST_F(ShadowTable, DoesNotTouchATableThatHasItsName) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
    session_->execute("CREATE TABLE _t_new (mine INT)");
    const Error error = error_of([&] { (void)make("ADD b INT"); });
    EXPECT_EQ(error.code(), Errc::refused);
    EXPECT_THAT(error.what(), HasSubstr("_t_new exists already"));
    EXPECT_TRUE(exists("_t_new"));
}

TEST_F(ShadowTable, WorksForTheLongestNames) {
    const std::string longest(58, 'n');
    session_->execute("CREATE TABLE " + longest + " (id INT PRIMARY KEY, a INT CHECK (a > 0))");
    const DerivedNames names = derive_names(longest);
    const Shadow shadow = create(
        *session_, read(longest), name(names.shadow), parsed("ALTER TABLE x ADD b INT"), version_
    );
    EXPECT_THAT(shadow.differences, IsEmpty());
    session_->execute(
        "RENAME TABLE " + longest + " TO " + names.old_table + ", " + names.shadow + " TO " +
        longest
    );
    EXPECT_EQ(read(longest).checks.at(0).name, longest + "_chk_1");
    EXPECT_EQ(read(names.old_table).checks.at(0).name, names.old_table + "_chk_1");
}

TEST_F(ShadowTable, DropIsSilentAboutAMissingTable) {
    EXPECT_NO_THROW(drop(*session_, name("nothing")));
}

}  // namespace
}  // namespace doppel::shadow
