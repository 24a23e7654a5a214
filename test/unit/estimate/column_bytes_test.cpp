// SPDX-License-Identifier: Apache-2.0
#include "estimate/column_bytes.hpp"

#include "estimate/row_measure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::estimate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

schema::Column column(const std::string& type, const std::string& data_type) {
    schema::Column made;
    made.name = "c";
    made.type = type;
    made.data_type = data_type;
    made.nullable = false;
    return made;
}

TEST(ColumnBytes, OfTypesOfFixedSize) {
    EXPECT_EQ(fixed_bytes(column("bigint unsigned", "bigint")), 8U);
    EXPECT_EQ(fixed_bytes(column("date", "date")), 3U);
    schema::Column time = column("datetime(3)", "datetime");
    time.fractional_digits = 3;
    EXPECT_EQ(fixed_bytes(time), 7U);
    schema::Column decimal = column("decimal(20,4)", "decimal");
    decimal.numeric_precision = 20;
    decimal.numeric_scale = 4;
    EXPECT_EQ(fixed_bytes(decimal), 10U);  // 16 digits before the point in 7 + 1, 4 behind in 2
    EXPECT_EQ(fixed_bytes(column("text", "text")), std::nullopt);
}

TEST(ColumnBytes, CountsLabelsWithQuotesAndCommas) {
    EXPECT_EQ(label_count(column("enum('a','b','c')", "enum")), 3U);
    EXPECT_EQ(label_count(column("enum('it''s','a,b')", "enum")), 2U);
    EXPECT_EQ(label_count(column("set('','x')", "set")), 2U);
}

TEST(ColumnBytes, NullTakesNothing) {
    schema::Column nullable = column("int", "int");
    nullable.nullable = true;
    EXPECT_EQ(stored_bytes(nullable, "`c`"), "IF(`c` IS NULL, 0, 4)");
    EXPECT_EQ(stored_bytes(column("int", "int"), "`c`"), "4");
}

TEST(ColumnBytes, LengthBytesDependOnTheLargestValue) {
    schema::Column narrow = column("varchar(40)", "varchar");
    narrow.charset = "utf8mb4";
    narrow.length_bytes = 160;
    EXPECT_EQ(stored_bytes(narrow, "`c`"), "(LENGTH(`c`) + 1)");
    EXPECT_EQ(logged_bytes(narrow, "`c`"), "(LENGTH(`c`) + 1)");
    schema::Column wide = narrow;
    wide.length_bytes = 1020;
    EXPECT_THAT(stored_bytes(wide, "`c`"), HasSubstr("< 128, 1, 2"));
    EXPECT_EQ(logged_bytes(wide, "`c`"), "(LENGTH(`c`) + 2)");
    EXPECT_EQ(logged_bytes(column("json", "json"), "`c`"), "(JSON_STORAGE_SIZE(`c`) + 4)");
}

schema::TableDefinition table() {
    schema::TableDefinition made;
    made.name = {"s", "t"};
    schema::Column id = column("int", "int");
    id.name = "id";
    schema::Column text = column("varchar(40)", "varchar");
    text.name = "a";
    text.charset = "utf8mb4";
    text.length_bytes = 160;
    made.columns = {id, text};
    made.indexes = {
        {"PRIMARY", true, true, "BTREE", {{"id", "", 0, false}}, ""},
        {"a", false, true, "BTREE", {{"a", "", 0, false}}, ""}};
    return made;
}

TEST(RowMeasure, AnEntryHasTheKeyOfTheClusteredIndex) {
    const RowExpressions row = row_expressions(table());
    ASSERT_EQ(row.entries.size(), 1U);
    EXPECT_EQ(row.entries.front(), "(LENGTH(`a`) + 1) + 4 + 5.5");
    EXPECT_EQ(row.record, "4 + (LENGTH(`a`) + 1) + 18.5");
    EXPECT_EQ(row.outside, "0");
    EXPECT_EQ(row.logged, "4 + (LENGTH(`a`) + 1) + 1");
}

TEST(RowMeasure, LongValuesMoveOutOfTheRecord) {
    schema::TableDefinition long_rows = table();
    long_rows.columns[1].type = "longtext";
    long_rows.columns[1].data_type = "longtext";
    long_rows.columns[1].length_bytes = 0;
    const RowExpressions row = row_expressions(long_rows);
    EXPECT_THAT(row.outside, HasSubstr("16384"));
    EXPECT_THAT(row.record, HasSubstr("8100"));
}

TEST(RowMeasure, NewColumnsTakeTheirDefault) {
    schema::TableDefinition shadow = table();
    schema::Column added = column("varchar(9)", "varchar");
    added.name = "b";
    added.charset = "utf8mb4";
    added.length_bytes = 36;
    added.default_value = "abc";
    shadow.columns.push_back(added);
    schema::ColumnMap columns;
    columns.pairs = {{"id", "id"}, {"a", "a"}};
    columns.added = {"b"};
    const RowExpressions row = row_expressions(table(), shadow, columns);
    EXPECT_THAT(row.record, HasSubstr("LENGTH('abc')"));
    EXPECT_THAT(row.now, Not(HasSubstr("abc")));
}

}  // namespace
}  // namespace doppel::estimate
