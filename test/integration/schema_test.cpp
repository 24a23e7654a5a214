// SPDX-License-Identifier: Apache-2.0
//
// schema::read_table and what is built on it against a real server; see table_fixture.hpp.
#include "integration/table_fixture.hpp"
#include "schema/column_map.hpp"
#include "schema/key_choice.hpp"
#include "schema/reader.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::schema {
namespace {

using test::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SchemaReader : public test::TableTest {};

TEST_F(SchemaReader, ReadsColumnsInRowImageOrder) {
    session_->execute(
        "CREATE TABLE t (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,"
        " v VARCHAR(30) CHARACTER SET latin1 DEFAULT 'x' COMMENT 'a''b',"
        " g INT GENERATED ALWAYS AS (d + 1) VIRTUAL, s INT AS (d * 2) STORED,"
        " i INT INVISIBLE, d DECIMAL(10,3) NOT NULL, w DATETIME(6), b BINARY(16) NOT NULL,"
        " KEY hidden ((d * 3)))"
    );
    session_->execute("ALTER TABLE t ADD COLUMN late INT, ALGORITHM=INSTANT");
    const TableDefinition table = read("t");
    ASSERT_EQ(table.columns.size(), 9U);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        EXPECT_EQ(table.columns[i].ordinal, i);
    }
    const Column& id = table.columns[0];
    EXPECT_EQ(id.name, "id");
    EXPECT_TRUE(id.is_integer() && id.is_unsigned() && id.auto_increment && !id.nullable);
    const Column& text = table.columns[1];
    EXPECT_EQ(text.type, "varchar(30)");
    EXPECT_EQ(text.charset, "latin1");
    EXPECT_EQ(text.length_characters, 30U);
    EXPECT_EQ(text.default_value, "x");
    EXPECT_EQ(text.comment, "a'b");
    EXPECT_EQ(table.columns[2].generated, GeneratedKind::virtual_value);
    EXPECT_EQ(table.columns[3].generated, GeneratedKind::stored_value);
    EXPECT_EQ(table.columns[3].generation_expression, "(`d` * 2)");
    EXPECT_TRUE(table.columns[4].invisible);
    EXPECT_EQ(table.columns[5].numeric_precision, 10U);
    EXPECT_EQ(table.columns[5].numeric_scale, 3U);
    EXPECT_EQ(table.columns[6].fractional_digits, 6U);
    EXPECT_EQ(table.columns[7].length_bytes, 16U);
    EXPECT_EQ(table.columns[8].name, "late");
}

TEST_F(SchemaReader, ReadsIndexes) {
    session_->execute(
        "CREATE TABLE t (a INT NOT NULL, b VARCHAR(50) NOT NULL, PRIMARY KEY (b, a),"
        " UNIQUE u (a DESC), KEY p (b(5)) INVISIBLE, KEY f ((a + 1)), FULLTEXT KEY ft (b))"
    );
    const TableDefinition table = read("t");
    ASSERT_EQ(table.indexes.size(), 5U);
    EXPECT_TRUE(table.indexes[0].is_primary());
    EXPECT_EQ(table.indexes[0].parts[0].column, "b");
    const Index& functional = *table.index("f");
    EXPECT_EQ(functional.parts[0].column, "");
    EXPECT_EQ(functional.parts[0].expression, "(`a` + 1)");
    EXPECT_FALSE(functional.unique);
    EXPECT_EQ(table.index("ft")->type, "FULLTEXT");
    EXPECT_EQ(table.index("p")->parts[0].prefix_length, 5U);
    EXPECT_FALSE(table.index("p")->visible);
    EXPECT_TRUE(table.index("u")->unique && table.index("u")->parts[0].descending);
}

TEST_F(SchemaReader, ReadsForeignKeysInBothDirectionsTriggersAndChecks) {
    session_->execute("CREATE TABLE parent (id INT PRIMARY KEY)");
    session_->execute(
        "CREATE TABLE t (id INT PRIMARY KEY, up INT, p INT, CONSTRAINT positive CHECK (up > 0),"
        " CHECK (p > 1) NOT ENFORCED,"
        " CONSTRAINT to_parent FOREIGN KEY (p) REFERENCES parent (id),"
        " CONSTRAINT to_self FOREIGN KEY (up) REFERENCES t (id))"
    );
    session_->execute(
        "CREATE TABLE child (id INT PRIMARY KEY, t INT,"
        " CONSTRAINT from_child FOREIGN KEY (t) REFERENCES t (id))"
    );
    session_->execute("CREATE TRIGGER trg BEFORE UPDATE ON t FOR EACH ROW SET NEW.p = NULL");
    const TableDefinition table = read("t");
    ASSERT_EQ(table.foreign_keys.size(), 2U);
    EXPECT_EQ(table.foreign_keys[0].name, "to_parent");
    EXPECT_EQ(table.foreign_keys[0].parent, name("parent"));
    ASSERT_EQ(table.referenced_by.size(), 2U);
    EXPECT_EQ(table.referenced_by[0].child, name("child"));
    EXPECT_EQ(table.referenced_by[1].name, "to_self");
    ASSERT_EQ(table.triggers.size(), 1U);
    EXPECT_EQ(table.triggers[0].name, "trg");
    EXPECT_EQ(table.triggers[0].timing, "BEFORE");
    EXPECT_EQ(table.triggers[0].event, "UPDATE");
    ASSERT_EQ(table.checks.size(), 2U);
    EXPECT_EQ(table.checks[0].name, "positive");
    EXPECT_TRUE(table.checks[0].enforced);
    EXPECT_FALSE(table.checks[1].enforced);
}

TEST_F(SchemaReader, ReadsTheTableItself) {
    session_->execute(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v CHAR(9)) COMMENT='it''s "
        "AUTO_INCREMENT=3'"
        " ROW_FORMAT=DYNAMIC DEFAULT CHARSET=latin1 PARTITION BY HASH (id) PARTITIONS 3"
    );
    session_->execute("INSERT INTO t (v) VALUES ('a'), ('b'), ('c'), ('d')");
    const TableDefinition table = read("t");
    EXPECT_EQ(table.name, name("t"));
    EXPECT_FALSE(table.is_view);
    EXPECT_EQ(table.engine, "InnoDB");
    EXPECT_TRUE(table.partitioned);
    EXPECT_EQ(table.auto_increment, 5U);
    EXPECT_EQ(table.collation, "latin1_swedish_ci");
    EXPECT_EQ(table.comment, "it's AUTO_INCREMENT=3");
    EXPECT_THAT(table.create_text, HasSubstr("CREATE TABLE `t`"));
    EXPECT_EQ(read_auto_increment(*session_, name("t")), 5U);
}

TEST_F(SchemaReader, AutoIncrementIsCurrentAndOneWhenEmpty) {
    session_->execute("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)");
    EXPECT_EQ(read("t").auto_increment, 1U);
    session_->execute("INSERT INTO t VALUES (41)");
    session_->execute("DELETE FROM t");
    EXPECT_EQ(read("t").auto_increment, 42U);
    session_->execute("CREATE TABLE plain (id INT PRIMARY KEY)");
    EXPECT_EQ(read("plain").auto_increment, std::nullopt);
}

TEST_F(SchemaReader, TellsViewsAndMissingTables) {
    session_->execute("CREATE TABLE t (id INT PRIMARY KEY)");
    session_->execute("CREATE VIEW v AS SELECT * FROM t");
    EXPECT_TRUE(read("v").is_view);
    EXPECT_FALSE(read_table(*session_, name("nothing"), version_).has_value());
    EXPECT_FALSE(read_table(*session_, {"no_such_schema", "t"}, version_).has_value());
}

TEST_F(SchemaReader, ReadsNamesWithQuotesAndLettersOfAllKinds) {
    session_->execute("CREATE TABLE `we``ird 'tä\"ble` (`c``ö'l` INT PRIMARY KEY)");
    const TableDefinition table = read("we`ird 'tä\"ble");
    EXPECT_EQ(table.columns.at(0).name, "c`ö'l");
    EXPECT_EQ(table.indexes.at(0).parts.at(0).column, "c`ö'l");
}

TEST_F(SchemaReader, SeesTheGeneratedInvisiblePrimaryKey) {
    session_->execute("SET SESSION sql_generate_invisible_primary_key = ON");
    session_->execute("SET SESSION show_gipk_in_create_table_and_information_schema = OFF");
    session_->execute("CREATE TABLE t (v INT)");
    const TableDefinition table = read("t");
    ASSERT_EQ(table.columns.size(), 2U);
    EXPECT_EQ(table.columns[0].name, "my_row_id");
    EXPECT_EQ(key_candidates(table).indexes.size(), 1U);
}

// Pairs of names as the server folds them: were one of these a different letter to us, a rename
// that only changes case would look like a dropped and an added column.
TEST_F(SchemaReader, NamesCompareAsTheServerCompares) {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"ABC", "abc"}, {"ÀÖÞ", "àöþ"}, {"ĀŁŽ", "āłž"}, {"ΆΩΣ", "άωσ"}, {"ЀЯЖ", "ѐяж"}, {"Ÿ", "ÿ"}};
    for (const auto& [upper, lower] : pairs) {
        session_->execute("CREATE TABLE c (`" + upper + "` INT)");
        const bool server_says_same =
            session_->query("SELECT `" + lower + "` FROM c").columns.size() == 1;
        EXPECT_TRUE(server_says_same && same_identifier(upper, lower)) << upper;
        session_->execute("DROP TABLE c");
    }
}

class SchemaMapping : public test::TableTest {
protected:
    /// What becomes of `create` (columns of table t) by `alter`, with the mapping between the two.
    base::Result<ColumnMap> map(const std::string& create, const std::string& clauses) {
        session_->execute("DROP TABLE IF EXISTS t, shadow");
        session_->execute("CREATE TABLE t (" + create + ")");
        session_->execute("CREATE TABLE shadow LIKE t");
        session_->execute("ALTER TABLE shadow " + clauses);
        return map_columns(read("t"), read("shadow"), parsed("ALTER TABLE t " + clauses));
    }
};

TEST_F(SchemaMapping, FollowsRenamesAsTheServerAppliesThem) {
    const auto chain =
        map("id INT PRIMARY KEY, a INT, b INT", "RENAME COLUMN a TO b, RENAME COLUMN b TO a");
    ASSERT_TRUE(chain.ok()) << chain.failure().message;
    EXPECT_EQ(chain->source_list("s."), "s.`id`, s.`a`, s.`b`");
    EXPECT_EQ(chain->shadow_list(), "`id`, `b`, `a`");

    const auto reused =
        map("id INT PRIMARY KEY, a INT", "CHANGE a old_a BIGINT, ADD COLUMN a INT AFTER id");
    ASSERT_TRUE(reused.ok()) << reused.failure().message;
    EXPECT_THAT(reused->pairs, ElementsAre(ColumnPair{"id", "id"}, ColumnPair{"a", "old_a"}));
    EXPECT_THAT(reused->added, ElementsAre("a"));

    const auto dropped = map("id INT PRIMARY KEY, a INT", "DROP a, ADD a VARCHAR(9)");
    ASSERT_TRUE(dropped.ok()) << dropped.failure().message;
    EXPECT_THAT(dropped->pairs, ElementsAre(ColumnPair{"id", "id"}));
    EXPECT_THAT(dropped->dropped, ElementsAre("a"));
    EXPECT_THAT(dropped->added, ElementsAre("a"));

    const auto case_only =
        map("id INT PRIMARY KEY, ä INT", "RENAME COLUMN Ä TO ÄB, MODIFY ID BIGINT");
    ASSERT_TRUE(case_only.ok()) << case_only.failure().message;
    EXPECT_EQ(case_only->pairs.at(1), (ColumnPair{"ä", "ÄB"}));
}

TEST_F(SchemaMapping, TakesGeneratedColumnsAsTheyAre) {
    const auto result =
        map("id INT PRIMARY KEY, a INT, g INT AS (a + 1) STORED, v INT AS (a + 2)",
            "MODIFY g INT, ADD COLUMN n INT AS (a * 2)");
    ASSERT_TRUE(result.ok()) << result.failure().message;
    EXPECT_THAT(
        result->pairs,
        ElementsAre(ColumnPair{"id", "id"}, ColumnPair{"a", "a"}, ColumnPair{"g", "g"})
    );
    EXPECT_THAT(result->recomputed, ElementsAre("v", "n"));
    EXPECT_THAT(result->dropped, IsEmpty());
}

TEST_F(SchemaMapping, ChoosesTheKeyThatBothHave) {
    const std::string columns =
        "id INT NOT NULL PRIMARY KEY, u BINARY(16) NOT NULL, n BIGINT NOT NULL, o INT,"
        " UNIQUE uu (u), UNIQUE un (n), UNIQUE uo (o)";
    const auto choose = [&](const std::string& clauses) {
        const auto columns_map = map(columns, clauses);
        EXPECT_TRUE(columns_map.ok());
        return choose_key(read("t"), read("shadow"), *columns_map);
    };
    const KeyDecision widened = choose("CHANGE id ident BIGINT UNSIGNED NOT NULL");
    ASSERT_TRUE(widened.choice.has_value());
    EXPECT_EQ(widened.choice->index, "PRIMARY");
    EXPECT_EQ(widened.choice->shadow_key, (mysql::KeyPlaces{"ident"}));
    EXPECT_THAT(widened.choice->ordinals, ElementsAre(0U));

    const KeyDecision moved = choose("DROP PRIMARY KEY, ADD PRIMARY KEY (u), DROP INDEX uu");
    ASSERT_TRUE(moved.choice.has_value());
    EXPECT_EQ(moved.choice->index, "un");

    const KeyDecision last =
        choose("DROP PRIMARY KEY, DROP INDEX un, MODIFY u BINARY(16) NOT NULL");
    ASSERT_TRUE(last.choice.has_value());
    EXPECT_EQ(last.choice->index, "uu");
    EXPECT_EQ(last.choice->shape.columns().at(0).fixed_length_bytes, 16U);

    const KeyDecision none =
        choose("DROP PRIMARY KEY, DROP INDEX un, MODIFY u BINARY(15) NOT NULL");
    EXPECT_FALSE(none.choice.has_value());
    EXPECT_EQ(none.rejected.size(), 4U);
}

}  // namespace
}  // namespace doppel::schema
