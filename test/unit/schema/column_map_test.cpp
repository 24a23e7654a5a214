// SPDX-License-Identifier: Apache-2.0
#include "schema/column_map.hpp"

#include "unit/schema/builders.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::schema {
namespace {

using test::alter;
using test::table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TableDefinition ints(const std::vector<std::string>& names) {
    std::vector<Column> columns;
    for (const std::string& name : names) {
        columns.push_back(test::column(name, "int"));
    }
    return table(std::move(columns));
}

TEST(ColumnMap, MapsByNameInTheOrderOfTheShadow) {
    const auto map = map_columns(
        ints({"a", "b", "c"}),
        ints({"n", "c", "a"}),
        alter("DROP b, ADD n INT FIRST, MODIFY c INT FIRST")
    );
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"c", "c"}, ColumnPair{"a", "a"}));
    EXPECT_THAT(map->dropped, ElementsAre("b"));
    EXPECT_THAT(map->added, ElementsAre("n"));
    EXPECT_EQ(map->shadow_list(), "`c`, `a`, `n`");
    EXPECT_EQ(map->source_list("s."), "s.`c`, s.`a`, 0") << "n is NOT NULL without DEFAULT";
    EXPECT_EQ(*map->shadow_of("A"), "a");
    EXPECT_EQ(map->shadow_of("b"), nullptr);
}

TEST(ColumnMap, SelectsWhatANativeAlterWouldMakeOfAValue) {
    const auto map = map_columns(
        table({test::column("f", "float"), test::column("i", "int"), test::column("s", "text")}),
        table(
            {test::column("f", "varchar(20)"),
             test::column("i", "bigint"),
             test::column("s", "bit(8)")}
        ),
        alter("MODIFY f VARCHAR(20), MODIFY i BIGINT, MODIFY s BIT(8)")
    );
    ASSERT_TRUE(map.ok());
    EXPECT_EQ(map->source_list("s."), "CAST(s.`f` AS CHAR), s.`i`, CAST(s.`s` AS SIGNED)");
}

TEST(ColumnMap, GivesNewNotNullColumnsTheImplicitDefaultOfTheirType) {
    TableDefinition shadow = ints({"a", "n", "s", "d"});
    for (std::size_t i = 1; i < 4; ++i) {
        shadow.columns[i].nullable = false;
        shadow.columns[i].default_value.reset();
    }
    shadow.columns[2].data_type = "varchar";
    shadow.columns[3].default_value = "5";
    const auto map = map_columns(
        ints({"a"}),
        shadow,
        alter("ADD n INT NOT NULL, ADD s VARCHAR(9) NOT NULL, ADD d INT NOT NULL DEFAULT 5")
    );
    ASSERT_TRUE(map.ok());
    EXPECT_EQ(map->shadow_list(), "`a`, `n`, `s`");
    EXPECT_EQ(map->source_list(), "`a`, 0, ''");
}

std::string literal_of_new(
    const std::string& type, const std::string& definition, const std::string& sql_mode
) {
    TableDefinition shadow = ints({"a", "d"});
    shadow.columns[1].nullable = false;
    shadow.columns[1].data_type = type;
    const auto map = map_columns(ints({"a"}), shadow, alter("ADD d " + definition), sql_mode);
    if (!map.ok() || map->implicit_defaults.size() != 1) {
        return "none";
    }
    EXPECT_EQ(map->without_value() != nullptr, map->implicit_defaults[0].refuses_rows());
    return map->implicit_defaults[0].literal;
}

TEST(ColumnMap, FillsNewDatesAsTheSqlModeHasIt) {
    const std::string strict = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE";
    for (const std::string type : {"date", "datetime"}) {
        EXPECT_EQ(literal_of_new(type, "DATE NOT NULL", strict), "NULL");
        EXPECT_EQ(literal_of_new(type, "DATE NOT NULL", "STRICT_TRANS_TABLES"), "'0000-00-00'");
        EXPECT_EQ(literal_of_new(type, "DATE NOT NULL", "NO_ZERO_DATE"), "'0000-00-00'");
    }
    EXPECT_EQ(literal_of_new("timestamp", "TIMESTAMP NOT NULL", strict), "'0000-00-00 00:00:00'");
}

TEST(ColumnMap, HasNoValueForSpatialColumnsAndVectors) {
    EXPECT_EQ(literal_of_new("json", "JSON NOT NULL", ""), "'null'");
    EXPECT_EQ(literal_of_new("geometry", "GEOMETRY NOT NULL", ""), "NULL");
    EXPECT_EQ(literal_of_new("vector", "VECTOR(3) NOT NULL", ""), "NULL");
}

TEST(ColumnMap, FollowsAChainOfRenames) {
    const auto map = map_columns(
        ints({"a", "b"}), ints({"b", "c"}), alter("RENAME COLUMN b TO c, RENAME COLUMN a TO b")
    );
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"a", "b"}, ColumnPair{"b", "c"}));
}

TEST(ColumnMap, FollowsASwap) {
    const auto map =
        map_columns(ints({"a", "b"}), ints({"b", "a"}), alter("CHANGE a b INT, CHANGE b a INT"));
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"a", "b"}, ColumnPair{"b", "a"}));
}

TEST(ColumnMap, KeepsARenameApartFromANewColumnWithTheOldName) {
    const auto map = map_columns(
        ints({"a"}), ints({"old_a", "a"}), alter("RENAME COLUMN a TO old_a, ADD COLUMN a INT")
    );
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"a", "old_a"}));
    EXPECT_THAT(map->added, ElementsAre("a"));
}

TEST(ColumnMap, TakesADroppedAndAddedColumnAsNew) {
    const auto map = map_columns(ints({"k", "a"}), ints({"k", "A"}), alter("DROP `a`, ADD A INT"));
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"k", "k"}));
    EXPECT_THAT(map->dropped, ElementsAre("a"));
    EXPECT_THAT(map->added, ElementsAre("A"));
}

TEST(ColumnMap, GivesTheNameOfADroppedColumnToARenamedOne) {
    const auto map =
        map_columns(ints({"a", "b"}), ints({"a"}), alter("DROP a, RENAME COLUMN b TO a"));
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"b", "a"}));
    EXPECT_THAT(map->dropped, ElementsAre("a"));
    EXPECT_THAT(map->added, IsEmpty());
}

TEST(ColumnMap, FollowsAChangeOfCaseOnly) {
    const auto map = map_columns(ints({"Name"}), ints({"NAME"}), alter("CHANGE name NAME INT"));
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"Name", "NAME"}));
}

TEST(ColumnMap, LeavesGeneratedColumnsOfTheShadowToTheServer) {
    TableDefinition source = ints({"a", "g", "h"});
    source.columns[1].generated = GeneratedKind::stored_value;
    TableDefinition shadow = ints({"a", "g", "h"});
    shadow.columns[2].generated = GeneratedKind::virtual_value;
    const auto map =
        map_columns(source, shadow, alter("MODIFY g INT, MODIFY h INT AS (a) VIRTUAL"));
    ASSERT_TRUE(map.ok());
    EXPECT_THAT(map->pairs, ElementsAre(ColumnPair{"a", "a"}, ColumnPair{"g", "g"}));
    EXPECT_THAT(map->recomputed, ElementsAre("h"));
    EXPECT_THAT(map->dropped, IsEmpty());
}

TEST(ColumnMap, FailsWhenAColumnVanishedWithoutADrop) {
    const auto vanished = map_columns(ints({"a", "b"}), ints({"a"}), alter("ADD INDEX (a)"));
    ASSERT_FALSE(vanished.ok());
    EXPECT_THAT(vanished.failure().message, HasSubstr("column `b` should be `b`"));
    const auto renamed =
        map_columns(ints({"a", "b"}), ints({"a", "b"}), alter("RENAME COLUMN b TO c"));
    ASSERT_FALSE(renamed.ok());
    EXPECT_THAT(renamed.failure().message, HasSubstr("column `b` should be `c`"));
}

}  // namespace
}  // namespace doppel::schema
