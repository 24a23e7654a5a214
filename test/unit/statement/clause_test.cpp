// SPDX-License-Identifier: Apache-2.0
#include "statement/alter_statement.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::statement {
namespace {

struct ClauseCase {
    std::string_view text;  ///< one clause
    ClauseKind kind;
    std::string_view column = "";
    std::string_view new_name = "";
};

void check_clauses(const std::vector<ClauseCase>& cases) {
    for (const ClauseCase& c : cases) {
        const auto statement = parse_alter("ALTER TABLE t " + std::string(c.text));
        ASSERT_TRUE(statement.ok()) << c.text << ": " << statement.failure().message;
        ASSERT_EQ(statement->clauses.size(), 1U) << c.text;
        const Clause& clause = statement->clauses[0];
        EXPECT_EQ(clause.kind, c.kind) << c.text;
        EXPECT_EQ(clause.text, c.text);
        EXPECT_EQ(clause.column, c.column) << c.text;
        EXPECT_EQ(clause.new_name, c.new_name) << c.text;
        EXPECT_TRUE(statement->has(c.kind));
        const bool removed = c.kind == ClauseKind::algorithm || c.kind == ClauseKind::lock;
        EXPECT_EQ(statement->clauses_text, removed ? "" : c.text);
    }
}

std::vector<Clause> clauses_of(const std::string& clauses) {
    const auto statement = parse_alter("ALTER TABLE t " + clauses);
    EXPECT_TRUE(statement.ok()) << clauses << ": " << statement.failure().message;
    return statement.ok() ? statement->clauses : std::vector<Clause>();
}

TEST(Clause, AddsColumns) {
    using K = ClauseKind;
    check_clauses({
        {"ADD a INT", K::add_column, "a"},
        {"add column `a``b` varchar(10)", K::add_column, "a`b"},
        {"ADD COLUMN IF NOT EXISTS a INT", K::add_column, "a"},
        {"ADD IF NOT EXISTS a INT", K::add_column, "a"},
        {"ADD COLUMN a INT UNIQUE", K::add_column, "a"},
        {"ADD a INT AUTO_INCREMENT PRIMARY KEY FIRST", K::add_column, "a"},
        {"ADD a DECIMAL(10,2) NOT NULL DEFAULT '1,5' AFTER `b,c`", K::add_column, "a"},
        {"ADD a ENUM('x,y', 'a)b', \"q\"\"(\") COMMENT 'ADD b INT, DROP c'", K::add_column, "a"},
        {"ADD a INT AS (JSON_VALUE(d, '$.x, y')) STORED", K::add_column, "a"},
        {"ADD a INT DEFAULT (1 + (2 * 3))", K::add_column, "a"},
        {"ADD 1st INT", K::add_column, "1st"},
        {"ADD größe INT COMMENT '100 %s %d %n'", K::add_column, "größe"},
        {"ADD `index` INT", K::add_column, "index"},
        {"ADD period INT", K::add_column, "period"},
        {"ADD vector INT", K::add_column, "vector"},
        {"ADD remove INT AFTER partitioning", K::add_column, "remove"},
    });
}

TEST(Clause, AddsIndexesAndConstraints) {
    using K = ClauseKind;
    check_clauses({
        {"ADD INDEX (a)", K::add_index},
        {"ADD KEY k (a, b DESC)", K::add_index, "k"},
        {"ADD INDEX `k` USING BTREE (a)", K::add_index, "k"},
        {"ADD INDEX USING HASH (a)", K::add_index},
        {"ADD INDEX IF NOT EXISTS k (a)", K::add_index, "k"},
        {"ADD UNIQUE (a)", K::add_index},
        {"ADD UNIQUE k (a)", K::add_index, "k"},
        {"ADD UNIQUE KEY k (a(10), (lower(b)))", K::add_index, "k"},
        {"ADD FULLTEXT k (a) WITH PARSER ngram", K::add_index, "k"},
        {"ADD FULLTEXT INDEX k (a)", K::add_index, "k"},
        {"ADD SPATIAL KEY k (a)", K::add_index, "k"},
        {"ADD VECTOR INDEX k (a)", K::add_index, "k"},
        {"ADD CONSTRAINT UNIQUE (a)", K::add_index},
        {"ADD CONSTRAINT c UNIQUE (a)", K::add_index, "c"},
        {"ADD CONSTRAINT c UNIQUE INDEX k (a)", K::add_index, "k"},
        {"ADD PRIMARY KEY (a)", K::add_primary_key},
        {"ADD CONSTRAINT PRIMARY KEY (a)", K::add_primary_key},
        {"ADD CONSTRAINT c PRIMARY KEY USING BTREE (a, b)", K::add_primary_key, "c"},
        {"ADD CHECK (a > 0)", K::add_constraint_check},
        {"ADD CONSTRAINT `c` CHECK (a IN (1, 2)) NOT ENFORCED", K::add_constraint_check, "c"},
        {"ADD CONSTRAINT IF NOT EXISTS c CHECK (a)", K::add_constraint_check, "c"},
        {"ADD FOREIGN KEY (a) REFERENCES p (b)", K::add_foreign_key},
        {"ADD FOREIGN KEY k (a) REFERENCES p (b)", K::add_foreign_key, "k"},
        {"ADD FOREIGN KEY IF NOT EXISTS k (a) REFERENCES p (b)", K::add_foreign_key, "k"},
        {"ADD CONSTRAINT c FOREIGN KEY k (a) REFERENCES d.p (b, c)", K::add_foreign_key, "c"},
        {"ADD PERIOD FOR SYSTEM_TIME (a, b)", K::other},
        {"ADD SYSTEM VERSIONING", K::other},
    });
}

TEST(Clause, Drops) {
    using K = ClauseKind;
    check_clauses({
        {"DROP a", K::drop_column, "a"},
        {"DROP COLUMN `a`", K::drop_column, "a"},
        {"DROP COLUMN IF EXISTS a CASCADE", K::drop_column, "a"},
        {"DROP IF EXISTS a", K::drop_column, "a"},
        {"DROP `primary`", K::drop_column, "primary"},
        {"DROP INDEX k", K::drop_index, "k"},
        {"DROP KEY IF EXISTS k", K::drop_index, "k"},
        {"DROP PRIMARY KEY", K::drop_primary_key},
        {"DROP INDEX `primary`", K::drop_primary_key, "primary"},
        {"DROP CONSTRAINT `PRIMARY`", K::drop_primary_key, "PRIMARY"},
        {"DROP FOREIGN KEY c", K::drop_foreign_key, "c"},
        {"DROP FOREIGN KEY IF EXISTS c", K::drop_foreign_key, "c"},
        {"DROP CONSTRAINT c", K::drop_constraint, "c"},
        {"DROP CONSTRAINT IF EXISTS c", K::drop_constraint, "c"},
        {"DROP CHECK c", K::drop_constraint, "c"},
        {"DROP SYSTEM VERSIONING", K::other},
        {"DROP PERIOD FOR SYSTEM_TIME", K::other},
    });
}

TEST(Clause, ChangesColumns) {
    using K = ClauseKind;
    check_clauses({
        {"MODIFY a BIGINT", K::modify_column, "a"},
        {"MODIFY COLUMN IF EXISTS a INT FIRST", K::modify_column, "a"},
        {"MODIFY a INT COMMENT 'PARTITION BY x'", K::modify_column, "a"},
        {"CHANGE a b BIGINT", K::change_column, "a", "b"},
        {"CHANGE COLUMN `a` `b,c` INT AFTER d", K::change_column, "a", "b,c"},
        {"CHANGE COLUMN IF EXISTS a b INT", K::change_column, "a", "b"},
        {"CHANGE remove partitioning INT", K::change_column, "remove", "partitioning"},
        {"RENAME COLUMN a TO b", K::rename_column, "a", "b"},
        {"RENAME COLUMN IF EXISTS a TO `b c`", K::rename_column, "a", "b c"},
        {"ALTER a SET DEFAULT 'x, y'", K::alter_column, "a"},
        {"ALTER COLUMN a DROP DEFAULT", K::alter_column, "a"},
        {"ALTER COLUMN a SET INVISIBLE", K::alter_column, "a"},
        {"ALTER COLUMN IF EXISTS a SET DEFAULT (now())", K::alter_column, "a"},
    });
}

TEST(Clause, ChangesIndexesAndTheTable) {
    using K = ClauseKind;
    check_clauses({
        {"ALTER INDEX k INVISIBLE", K::alter_index, "k"},
        {"ALTER KEY IF EXISTS k NOT IGNORED", K::alter_index, "k"},
        {"ALTER CHECK c NOT ENFORCED", K::alter_index, "c"},
        {"ALTER CONSTRAINT c ENFORCED", K::alter_index, "c"},
        {"RENAME INDEX a TO b", K::rename_index, "a", "b"},
        {"RENAME KEY IF EXISTS `a` TO `b`", K::rename_index, "a", "b"},
        {"RENAME TO u", K::rename_table, "", "u"},
        {"RENAME AS d.u", K::rename_table, "", "d.u"},
        {"RENAME `u`", K::rename_table, "", "u"},
        {"RENAME = u", K::rename_table, "", "u"},
        {"ORDER BY a", K::order_by},
        {"ORDER BY a DESC, t.b, d.t.c ASC", K::order_by},
        {"CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", K::convert_charset},
        {"CONVERT TO CHARSET DEFAULT", K::convert_charset},
        {"ENABLE KEYS", K::keys_switch},
        {"DISABLE KEYS", K::keys_switch},
        {"DISCARD TABLESPACE", K::tablespace},
        {"IMPORT TABLESPACE", K::tablespace},
        {"FORCE", K::force},
        {"ALGORITHM=INPLACE", K::algorithm},
        {"ALGORITHM COPY", K::algorithm},
        {"LOCK = NONE", K::lock},
        {"LOCK DEFAULT", K::lock},
        {"WITH VALIDATION", K::validation},
        {"WITHOUT VALIDATION", K::validation},
        {"SECONDARY_LOAD", K::other},
        {"FROBNICATE t (a, b)", K::other},
    });
}

TEST(Clause, PartitionOperationsRunToTheEnd) {
    for (const std::string_view text : {
             "PARTITION BY HASH(a) PARTITIONS 4",
             "PARTITION BY RANGE COLUMNS(a, b) (PARTITION p0 VALUES LESS THAN (1, 'x,)'), "
             "PARTITION p1 VALUES LESS THAN (MAXVALUE, MAXVALUE))",
             "REMOVE PARTITIONING",
             "ADD PARTITION (PARTITION p2 VALUES LESS THAN (3), PARTITION p3 VALUES IN (4))",
             "ADD PARTITION PARTITIONS 2",
             "DROP PARTITION p0, p1",
             "DISCARD PARTITION p0, p1 TABLESPACE",
             "IMPORT PARTITION ALL TABLESPACE",
             "TRUNCATE PARTITION p0, p1",
             "COALESCE PARTITION 2",
             "REORGANIZE PARTITION p0, p1 INTO (PARTITION p VALUES LESS THAN (9))",
             "EXCHANGE PARTITION p0 WITH TABLE u WITHOUT VALIDATION",
             "ANALYZE PARTITION ALL",
             "CHECK PARTITION p0, p1 FOR UPGRADE",
             "OPTIMIZE PARTITION p0",
             "REBUILD PARTITION p0, p1",
             "REPAIR PARTITION p0, p1",
             "CONVERT PARTITION p0 TO TABLE u",
             "CONVERT TABLE u TO PARTITION p0 VALUES LESS THAN (1), ALGORITHM",
         }) {
        check_clauses({{text, ClauseKind::partitioning}});
    }
}

TEST(Clause, TableOptionsAreToldApartWithoutCommas) {
    const auto clauses = clauses_of(
        "ENGINE=InnoDB COMMENT 'a, b=c' ROW_FORMAT DYNAMIC, DEFAULT CHARACTER SET = utf8mb4 "
        "COLLATE utf8mb4_bin auto_increment=10 UNION=(a,b) DATA DIRECTORY='/x' \"x\"=1"
    );
    std::vector<std::string> options;
    for (const Clause& clause : clauses) {
        options.push_back(clause.option + "|" + clause.text);
    }
    EXPECT_EQ(
        options,
        (std::vector<std::string>{
            "ENGINE|ENGINE=InnoDB",
            "COMMENT|COMMENT 'a, b=c'",
            "ROW_FORMAT|ROW_FORMAT DYNAMIC",
            "CHARACTER SET|DEFAULT CHARACTER SET = utf8mb4",
            "COLLATE|COLLATE utf8mb4_bin",
            "AUTO_INCREMENT|auto_increment=10",
            "UNION|UNION=(a,b)",
            "DATA DIRECTORY|DATA DIRECTORY='/x'",
            "|\"x\"=1",
        })
    );
    EXPECT_EQ(clauses.front().kind, ClauseKind::table_option);
    EXPECT_EQ(clauses.back().kind, ClauseKind::other);
}

TEST(Clause, EngineDefinedOptionsAreOptions) {
    const auto clauses = clauses_of("`my_opt`='x' other_opt=NO, PAGE_COMPRESSED=1");
    ASSERT_EQ(clauses.size(), 3U);
    EXPECT_EQ(clauses[0].option, "MY_OPT");
    EXPECT_EQ(clauses[1].option, "OTHER_OPT");
    EXPECT_EQ(clauses[2].option, "PAGE_COMPRESSED");
}

TEST(Clause, PartitioningFollowsWithoutComma) {
    for (const std::string tail : {"PARTITION BY KEY(a) PARTITIONS 4", "REMOVE PARTITIONING"}) {
        for (const std::string head :
             {"ADD a INT",
              "ENGINE=InnoDB",
              "ADD (a INT)",
              "ORDER BY a, b",
              "ALGORITHM=COPY",
              "DROP a",
              "CONVERT TO CHARSET x",
              "RENAME COLUMN a TO remove"}) {
            const auto clauses = clauses_of(head + ' ' + tail);
            ASSERT_EQ(clauses.size(), 2U) << head << ' ' << tail;
            EXPECT_EQ(clauses[1].kind, ClauseKind::partitioning);
            EXPECT_EQ(clauses[1].text, tail);
        }
    }
}

TEST(Clause, ListsGiveOneClausePerElement) {
    const auto clauses = clauses_of(
        "ADD COLUMN (a INT, b DECIMAL(3,1) DEFAULT '(,)', KEY k (a, b), "
        "CONSTRAINT c CHECK (a > 0)), ADD (d INT), ADD COLUMN IF NOT EXISTS (e INT)"
    );
    std::vector<std::string> texts;
    for (const Clause& clause : clauses) {
        texts.push_back(clause.column + ": " + clause.text);
    }
    EXPECT_EQ(
        texts,
        (std::vector<std::string>{
            "a: ADD COLUMN a INT",
            "b: ADD COLUMN b DECIMAL(3,1) DEFAULT '(,)'",
            "k: ADD KEY k (a, b)",
            "c: ADD CONSTRAINT c CHECK (a > 0)",
            "d: ADD d INT",
            "e: ADD COLUMN IF NOT EXISTS e INT",
        })
    );
    EXPECT_EQ(clauses[2].kind, ClauseKind::add_index);
    EXPECT_EQ(clauses[3].kind, ClauseKind::add_constraint_check);
}

TEST(Clause, OrderByIsTheLastClause) {
    for (const std::string text : {"ORDER BY a, ADD c INT", "ORDER BY a, ALGORITHM=COPY"}) {
        const auto statement = parse_alter("ALTER TABLE t " + text);
        ASSERT_FALSE(statement.ok()) << text;
        EXPECT_NE(statement.failure().message.find("ORDER BY the last"), std::string::npos);
    }
    EXPECT_EQ(clauses_of("ADD c INT, ORDER BY a, b DESC").size(), 2U);
}

TEST(Clause, InlineReferencesAreNoticed) {
    EXPECT_TRUE(clauses_of("ADD a INT REFERENCES p (id)")[0].inline_references);
    EXPECT_TRUE(clauses_of("ADD (a INT references p (id))")[0].inline_references);
    EXPECT_TRUE(clauses_of("CHANGE a b INT REFERENCES p (id)")[0].inline_references);
    EXPECT_FALSE(clauses_of("MODIFY a INT COMMENT 'REFERENCES p (id)'")[0].inline_references);
    EXPECT_FALSE(clauses_of("ADD `references` INT")[0].inline_references);
    EXPECT_FALSE(clauses_of("ADD FOREIGN KEY (a) REFERENCES p (id)")[0].inline_references);
}

TEST(Clause, KeepsCommentsAndTrims) {
    const auto clauses =
        clauses_of("\n ADD /* one, */ a INT -- two,\n NOT NULL /* x */ , FORCE # y");
    ASSERT_EQ(clauses.size(), 2U);
    EXPECT_EQ(clauses[0].text, "ADD /* one, */ a INT -- two,\n NOT NULL");
    EXPECT_EQ(clauses[1].text, "FORCE");
}

}  // namespace
}  // namespace doppel::statement
