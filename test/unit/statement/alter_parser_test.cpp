// SPDX-License-Identifier: Apache-2.0
#include "statement/alter_statement.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::statement {
namespace {

AlterStatement parse(std::string_view text) {
    auto statement = parse_alter(text);
    EXPECT_TRUE(statement.ok()) << text << ": " << statement.failure().message;
    return statement.ok() ? *statement : AlterStatement();
}

std::string failure_of(std::string_view text) {
    const auto statement = parse_alter(text);
    EXPECT_FALSE(statement.ok()) << text;
    return statement.ok() ? "" : statement.failure().message;
}

TEST(AlterParser, ReadsTheTableName) {
    struct Case {
        std::string_view head;
        std::optional<std::string> schema;
        std::string table;
    };
    const std::vector<Case> cases = {
        {"ALTER TABLE t", std::nullopt, "t"},
        {"alter table db.t", "db", "t"},
        {"ALTER TABLE `db`.`t`", "db", "t"},
        {"ALTER TABLE `a``b` . `c.d`", "a`b", "c.d"},
        {"ALTER TABLE größe.列", "größe", "列"},
        {"ALTER TABLE db.1t", "db", "1t"},
        {"ALTER TABLE 2024_orders", std::nullopt, "2024_orders"},
        {"ALTER TABLE a$b", std::nullopt, "a$b"},
        {"/* x */ ALTER -- y\n TABLE # z\n t", std::nullopt, "t"},
        {"ALTER ONLINE TABLE IF EXISTS t", std::nullopt, "t"},
        {"ALTER TABLE t WAIT 5", std::nullopt, "t"},
        {"ALTER TABLE t NOWAIT", std::nullopt, "t"},
        {"ALTER /*M! ONLINE */ TABLE t", std::nullopt, "t"},
    };
    for (const Case& c : cases) {
        const AlterStatement statement = parse(std::string(c.head) + " ADD a INT");
        EXPECT_EQ(statement.schema, c.schema) << c.head;
        EXPECT_EQ(statement.table, c.table) << c.head;
        EXPECT_EQ(statement.clauses_text, "ADD a INT") << c.head;
    }
}

TEST(AlterParser, NotesWhatMySqlDoesNotKnow) {
    EXPECT_EQ(parse("ALTER TABLE t ADD a INT").mariadb_word, "");
    EXPECT_EQ(parse("ALTER ONLINE TABLE IF EXISTS t ADD a INT").mariadb_word, "ONLINE");
    EXPECT_EQ(parse("ALTER TABLE if exists t ADD a INT").mariadb_word, "if exists");
    EXPECT_EQ(parse("ALTER TABLE t WAIT 5 ADD a INT").mariadb_word, "WAIT");
    EXPECT_EQ(parse("ALTER TABLE t NOWAIT ADD a INT").mariadb_word, "NOWAIT");
    EXPECT_EQ(parse("ALTER /*M! ONLINE */ TABLE t ADD a INT").mariadb_word, "");
}

TEST(AlterParser, AllowsATrailingSemicolonAndComments) {
    for (const std::string_view end : {";", " ; ", "; -- x", ";/* x */;", " # x"}) {
        const AlterStatement statement = parse("ALTER TABLE t ADD a INT" + std::string(end));
        EXPECT_EQ(statement.clauses_text, "ADD a INT") << end;
    }
}

TEST(AlterParser, SplitsAtTopLevelCommasOnly) {
    const AlterStatement statement = parse(
        "ALTER TABLE t ADD a DECIMAL(10,2) DEFAULT '1,0' COMMENT \"), DROP b; -- /*\", "
        "DROP `c,d`, ADD KEY k (a, e), MODIFY f SET('x,y','z') COMMENT 'it''s, \\', 50%', FORCE"
    );
    std::vector<std::string> columns;
    for (const Clause& clause : statement.clauses) {
        columns.push_back(clause.column);
    }
    EXPECT_EQ(columns, (std::vector<std::string>{"a", "c,d", "k", "f", ""}));
}

TEST(AlterParser, CommentsThatLookLikeSyntaxAreText) {
    const std::string text =
        "MODIFY a INT COMMENT 'CHANGE x y INT, RENAME COLUMN p TO q, ALGORITHM=COPY', "
        "COMMENT='ADD UNIQUE INDEX (a); DROP TABLE t'";
    const AlterStatement statement = parse("ALTER TABLE t " + text);
    EXPECT_EQ(statement.clauses_text, text);
    ASSERT_EQ(statement.clauses.size(), 2U);
    EXPECT_TRUE(statement.column_renames().empty());
    EXPECT_FALSE(statement.has(ClauseKind::algorithm));
    EXPECT_FALSE(statement.has(ClauseKind::add_index));
}

TEST(AlterParser, ListsColumnRenames) {
    const auto renames = [](const std::string& clauses) {
        std::string result;
        for (const ColumnRename& rename : parse("ALTER TABLE t " + clauses).column_renames()) {
            result += rename.from + ">" + rename.to + " ";
        }
        return result;
    };
    EXPECT_EQ(renames("CHANGE a b INT"), "a>b ");
    EXPECT_EQ(renames("CHANGE a b INT, CHANGE b a INT"), "a>b b>a ");
    EXPECT_EQ(renames("RENAME COLUMN a TO b, RENAME COLUMN b TO c, DROP c"), "a>b b>c ");
    EXPECT_EQ(renames("CHANGE a a BIGINT, CHANGE `b` b BIGINT"), "");
    EXPECT_EQ(renames("CHANGE a A BIGINT"), "a>A ");
    EXPECT_EQ(renames("RENAME COLUMN a TO a"), "");
    EXPECT_EQ(renames("RENAME INDEX a TO b, RENAME TO u, MODIFY c INT"), "");
    EXPECT_EQ(renames("CHANGE `a``b` `c d` INT, CHANGE ä ö INT"), "a`b>c d ä>ö ");
    EXPECT_EQ(renames("ADD b INT COMMENT 'was a, CHANGE a b INT'"), "");
}

TEST(AlterParser, RewritesIndexStatements) {
    struct Case {
        std::string_view text;
        std::string_view clauses_text;
        std::string_view table;
        std::size_t clauses = 1;
    };
    const std::vector<Case> cases = {
        {"CREATE INDEX i ON t (a)", "ADD INDEX i (a)", "t"},
        {"create unique index `i j` using btree on `db`.t (a, b(10) DESC) COMMENT 'x, y';",
         "ADD unique index `i j` using btree (a, b(10) DESC) COMMENT 'x, y'",
         "t"},
        {"CREATE FULLTEXT INDEX IF NOT EXISTS i ON t (a) WITH PARSER ngram INVISIBLE",
         "ADD FULLTEXT INDEX IF NOT EXISTS i (a) WITH PARSER ngram INVISIBLE",
         "t"},
        {"CREATE SPATIAL INDEX i ON t(a)ALGORITHM=INPLACE LOCK NONE",
         "ADD SPATIAL INDEX i (a)",
         "t",
         3},
        {"DROP INDEX i ON db.t", "DROP INDEX i", "t"},
        {"DROP INDEX IF EXISTS `i` ON t LOCK=NONE ALGORITHM = COPY",
         "DROP INDEX IF EXISTS `i`",
         "t",
         3},
    };
    for (const Case& c : cases) {
        const AlterStatement statement = parse(c.text);
        EXPECT_EQ(statement.clauses_text, c.clauses_text) << c.text;
        EXPECT_EQ(statement.table, c.table) << c.text;
        EXPECT_EQ(statement.clauses.size(), c.clauses) << c.text;
    }
    EXPECT_EQ(parse(cases[4].text).schema, "db");
    EXPECT_TRUE(parse("DROP INDEX `PRIMARY` ON t").has(ClauseKind::drop_primary_key));
}

TEST(AlterParser, RefusesOtherIndexStatements) {
    for (const std::string_view text : {
             "CREATE OR REPLACE INDEX i ON t (a)",
             "CREATE INDEX i ON t (a) NOWAIT",
             "CREATE INDEX i ON t (a), ADD b INT",
             "CREATE INDEX i ON t (a) LOCK=NONE COMMENT 'x'",
             "CREATE /*!80000 UNIQUE */ INDEX i ON t (a)",
             "CREATE INDEX i ON t",
             "DROP INDEX i ON t WAIT 5",
         }) {
        EXPECT_NE(failure_of(text).find("write it as ALTER TABLE"), std::string::npos) << text;
    }
    for (const std::string_view text :
         {"CREATE TABLE t (a INT)",
          "DROP TABLE t",
          "DROP DATABASE d",
          "CREATE VIEW v AS SELECT 1"}) {
        EXPECT_NE(failure_of(text).find("run it on the server directly"), std::string::npos)
            << text;
    }
    for (const std::string_view text : {"CREATE INDEX", "CREATE INDEX i", "DROP INDEX i", "DROP"}) {
        failure_of(text);
    }
}

TEST(AlterParser, RefusesWhatIsNotOneAlterTable) {
    struct Case {
        std::string_view text;
        std::string_view reason;
    };
    const std::vector<Case> cases = {
        {"", "A statement is missing"},
        {" \n\t", "A statement is missing"},
        {"-- only a comment", "A statement is missing"},
        {"/* only a comment */", "A statement is missing"},
        {";", "A statement is missing"},
        {"SELECT 1", "not an ALTER TABLE"},
        {"ADD COLUMN a INT", "not an ALTER TABLE"},
        {"ALTER DATABASE d CHARSET x", "not an ALTER TABLE"},
        {"ALTER", "not an ALTER TABLE"},
        {"`ALTER` TABLE t FORCE", "not an ALTER TABLE"},
        {"ALTER TABLE", "There should be a table name at the end"},
        {"ALTER TABLE ``  FORCE", "There should be a table name"},
        {"ALTER TABLE \"t\" FORCE", "write names in backticks"},
        {"ALTER TABLE a.b.c FORCE", "too many parts"},
        {"ALTER TABLE t", "changes nothing"},
        {"ALTER TABLE t;", "changes nothing"},
        {"ALTER TABLE t ADD a INT; DROP TABLE t", "one statement at a time"},
        {"ALTER TABLE t ADD a INT; /*! DROP TABLE t */", "one statement at a time"},
        {"ALTER TABLE t FORCE /*! ; */", "one statement at a time"},
        {"ALTER TABLE t FORCE\\G", "a character that SQL does not know"},
        {"ALTER IGNORE TABLE t ADD UNIQUE (a)", "it drops rows"},
        {"ALTER ONLINE IGNORE TABLE t FORCE", "it drops rows"},
        {"ALTER /*M! IGNORE */ TABLE t FORCE", "it drops rows"},
        {"/*! ALTER TABLE t FORCE */", "in an executable comment"},
        {"ALTER TABLE t /*! NOWAIT FORCE */", "An executable comment begins before"},
        {"ALTER TABLE /*! db. */ t FORCE", "in an executable comment"},
        {"ALTER TABLE t WAIT FORCE", "WAIT needs a number"},
        {"ALTER TABLE t FORCE, NOWAIT", "WAIT or NOWAIT stands among"},
    };
    for (const Case& c : cases) {
        EXPECT_NE(failure_of(c.text).find(c.reason), std::string::npos)
            << c.text << ": " << failure_of(c.text);
    }
}

TEST(AlterParser, RefusesIncompleteClauses) {
    struct Case {
        std::string_view clauses;
        std::string_view reason;
    };
    const std::vector<Case> cases = {
        {"ADD", "a column name at the end"},
        {"ADD COLUMN 'a' INT", "write names in backticks"},
        {"ADD COLUMN \"a\" INT", "write names in backticks"},
        {"ADD COLUMN t.a INT", "without a qualifier"},
        {"ADD ()", "a column name"},
        {"ADD (a INT,)", "a column name"},
        {"ADD (a INT) b INT", "A comma is missing"},
        {"ADD a INT,", "behind the last comma"},
        {", ADD a INT", "There should be a clause"},
        {"ADD a INT,, ADD b INT", "There should be a clause"},
        {"ADD PRIMARY", "KEY is missing"},
        {"ADD CONSTRAINT c FOREIGN", "KEY is missing"},
        {"CHANGE a", "a new column name"},
        {"CHANGE a INT(10)", ""},
        {"RENAME COLUMN a b", "TO is missing"},
        {"RENAME INDEX a", "TO is missing"},
        {"RENAME TO", "a table name"},
        {"DROP", "a column name"},
        {"DROP FOREIGN c", "KEY is missing"},
        {"ORDER a", "BY is missing"},
        {"CONVERT CHARACTER SET x", "TO is missing"},
        {"(a INT)", "There should be a clause"},
        {"5", "There should be a clause"},
        {"ADD a INT DEFAULT 1--, ADD b INT", "ends with an operator"},
        {"ADD a INT DEFAULT 1 -", "ends with an operator"},
        {"ADD a DECIMAL(1", "A parenthesis is not closed"},
        {"ADD a INT)", "closed that was not opened"},
    };
    for (const Case& c : cases) {
        const std::string text = "ALTER TABLE t " + std::string(c.clauses);
        if (c.reason.empty()) {
            parse(text);  // the server says that INT is no name
        } else {
            EXPECT_NE(failure_of(text).find(c.reason), std::string::npos)
                << text << ": " << failure_of(text);
        }
    }
}

TEST(AlterParser, FailuresTellWhere) {
    const auto second = parse_alter("ALTER TABLE t ADD a INT; DROP TABLE t");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.failure().offset, 25U);
    EXPECT_EQ(
        second.failure().message,
        "Something follows the end of the statement at offset 25, near \"DROP TABLE t\"; give one "
        "statement at a time."
    );
    const auto end = parse_alter("ALTER TABLE t CHANGE a");
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.failure().offset, 22U);
    EXPECT_EQ(
        end.failure().message,
        "There should be a new column name at the end of the statement; complete the statement."
    );
}

TEST(AlterParser, EveryPrefixParsesOrFails) {
    const std::vector<std::string> samples = {
        "ALTER TABLE `db`.`t` ADD COLUMN a DECIMAL(10,2) NOT NULL DEFAULT '1,''0' COMMENT "
        "\"x\\\"\", "
        "ADD (b INT, KEY k (b)), CHANGE c d INT, DROP PRIMARY KEY, ALGORITHM=INPLACE, LOCK=NONE;",
        "ALTER ONLINE TABLE IF EXISTS t WAIT 5 RENAME TO d.u, RENAME COLUMN a TO b, ORDER BY a, b",
        "/* x */ ALTER TABLE t /*!80000 ADD a INT, ALGORITHM=COPY, */ ADD b BIT DEFAULT b'01' "
        "/*!80023 INVISIBLE */ -- y\n PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (1)) # "
        "z",
        "ALTER TABLE t ENGINE=InnoDB DEFAULT CHARSET utf8mb4 COMMENT='größe', ADD CONSTRAINT c "
        "FOREIGN KEY (a) REFERENCES p (b) ON DELETE CASCADE, ALTER x SET DEFAULT (@@a + 0x1F)",
        "CREATE UNIQUE INDEX i USING BTREE ON db.t (a, b(10)) COMMENT 'x' ALGORITHM=COPY LOCK=NONE",
        "DROP INDEX IF EXISTS i ON t ALGORITHM=COPY",
    };
    for (const std::string& sample : samples) {
        EXPECT_TRUE(parse_alter(sample).ok()) << sample;
        for (std::size_t length = 0; length < sample.size(); ++length) {
            const auto statement = parse_alter(std::string_view(sample).substr(0, length));
            if (!statement.ok()) {
                EXPECT_FALSE(statement.failure().message.empty());
                EXPECT_LE(statement.failure().offset, length);
            }
        }
    }
}

TEST(AlterParser, TakesLongAndDeepStatements) {
    std::string many = "ALTER TABLE t ";
    for (int i = 0; i < 20'000; ++i) {
        many += "ALGORITHM=COPY, ADD c" + std::to_string(i) + " INT, ";
    }
    const AlterStatement statement = parse(many + "FORCE");
    EXPECT_EQ(statement.clauses.size(), 40'001U);
    const std::string deep(100'000, '(');
    EXPECT_NE(
        failure_of("ALTER TABLE t ADD a INT AS " + deep).find("too deeply"), std::string::npos
    );
}

}  // namespace
}  // namespace doppel::statement
