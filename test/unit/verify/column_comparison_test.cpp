// SPDX-License-Identifier: Apache-2.0
#include "verify/column_comparison.hpp"

#include "unit/schema/builders.hpp"

#include <gmock/gmock.h>

namespace doppel::verify {
namespace {

using schema::Column;
using testing::HasSubstr;

Column column(const std::string& type, const std::string& charset = "") {
    Column result = schema::test::column("c", type);
    if (!charset.empty()) {
        result.charset = charset;
        result.collation = charset + "_bin";
    }
    return result;
}

Column text(const std::string& type, const std::string& charset, unsigned bytes_per_character) {
    Column result = column(type, charset);
    result.length_bytes = result.length_characters * bytes_per_character;
    return result;
}

Column fractional(const std::string& type, unsigned digits) {
    Column result = column(type);
    result.fractional_digits = digits;
    return result;
}

Column decimal(unsigned precision, unsigned scale) {
    Column result =
        column("decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")");
    result.numeric_precision = precision;
    result.numeric_scale = scale;
    return result;
}

bool converted(const Column& source, const Column& shadow) {
    return compare_columns(source, shadow).value().converted;
}

TEST(ColumnComparison, TheSameTypeIsComparedAsItIs) {
    for (const char* type : {"tinyint",       "bigint unsigned", "decimal(10,2)", "float",
                             "float(7,2)",    "double",          "date",          "time(3)",
                             "datetime",      "timestamp",       "year",          "bit(64)",
                             "enum('a','b')", "set('a','b')",    "char(10)",      "varchar(10)",
                             "longtext",      "binary(4)",       "varbinary(4)",  "blob",
                             "json",          "geometry",        "point",         "geomcollection",
                             "vector(3)"}) {
        EXPECT_FALSE(converted(column(type), column(type))) << type;
    }
}

TEST(ColumnComparison, AnUnknownTypeIsNotGuessed) {
    const auto result = compare_columns(column("int"), column("hologram"));
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(result.failure().message, HasSubstr("hologram"));
}

TEST(ColumnComparison, WideningsAreComparedAsTheyAre) {
    EXPECT_FALSE(converted(column("int"), column("bigint unsigned")));
    EXPECT_FALSE(converted(column("float"), column("double")));
    EXPECT_FALSE(converted(decimal(5, 2), decimal(9, 4)));
    EXPECT_FALSE(converted(fractional("datetime", 0), fractional("datetime(6)", 6)));
    EXPECT_FALSE(converted(text("varchar(10)", "utf8mb4", 4), text("varchar(20)", "utf8mb4", 4)));
    EXPECT_FALSE(converted(text("char(10)", "utf8mb4", 4), text("varchar(10)", "utf8mb4", 4)));
    EXPECT_FALSE(converted(column("binary(4)"), column("varbinary(4)")));
    const auto widened =
        compare_columns(text("varchar(10)", "utf8mb3", 3), text("varchar(10)", "utf8mb4", 4));
    EXPECT_EQ(widened.value(), (ColumnComparison{Form::bytes_in, "utf8mb4", false}));
}

TEST(ColumnComparison, WhatMayChangeAValueIsLeftToTheServer) {
    EXPECT_TRUE(converted(column("int"), column("varchar(20)")));
    EXPECT_TRUE(converted(column("double"), column("float")));
    EXPECT_TRUE(converted(column("float"), column("float(7,2)")));
    EXPECT_TRUE(converted(decimal(9, 4), decimal(9, 2))) << "rounds";
    EXPECT_TRUE(converted(fractional("datetime(6)", 6), fractional("datetime", 0))) << "rounds";
    EXPECT_TRUE(converted(column("timestamp"), column("datetime")));
    EXPECT_TRUE(converted(column("enum('a','b')"), column("enum('b','a')")));
    EXPECT_TRUE(converted(column("set('a','b')"), column("set('a','b','c')")));
    EXPECT_TRUE(converted(text("varchar(10)", "utf8mb4", 4), text("char(10)", "utf8mb4", 4)))
        << "loses trailing spaces";
    EXPECT_TRUE(converted(text("varchar(10)", "utf8mb4", 4), text("varchar(5)", "utf8mb4", 4)));
    EXPECT_TRUE(converted(text("varchar(10)", "utf8mb4", 4), text("varchar(10)", "latin1", 1)));
    EXPECT_TRUE(converted(column("binary(4)"), column("binary(8)"))) << "pads";
    EXPECT_TRUE(converted(column("varbinary(4)"), column("binary(4)")));
    EXPECT_TRUE(converted(column("varchar(10)"), column("varbinary(40)")));
    EXPECT_TRUE(converted(column("longtext"), column("json")));
}

TEST(ColumnComparison, TextIsComparedWithoutACopyWhereACollationComparesItsBytes) {
    const auto form = [](const char* charset) {
        return compare_columns(text("char(9)", charset, 1), text("varchar(9)", charset, 1)).value();
    };
    EXPECT_EQ(form("utf8mb4"), (ColumnComparison{Form::text, "utf8mb4", false}));
    EXPECT_EQ(form("latin1"), (ColumnComparison{Form::text, "latin1", false}));
    EXPECT_EQ(form("utf8mb3"), (ColumnComparison{Form::bytes, "", false}));
    EXPECT_EQ(form("gb18030"), (ColumnComparison{Form::bytes, "", false}));
}

TEST(ColumnComparison, AConvertedColumnIsComparedInTheNewType) {
    EXPECT_EQ(compare_columns(column("varchar(9)"), column("float")).value().form, Form::floating);
    EXPECT_EQ(compare_columns(column("int"), column("enum('a')")).value().form, Form::number);
    EXPECT_EQ(compare_columns(column("datetime"), column("timestamp")).value().form, Form::instant);
}

TEST(ColumnComparison, ConditionsSeeBytes) {
    const ColumnComparison bytes{Form::bytes, "", false};
    EXPECT_EQ(equal_condition(bytes, "s.a", "g.b"), "CAST(s.a AS BINARY) <=> CAST(g.b AS BINARY)");
    const ColumnComparison text{Form::text, "latin1", false};
    EXPECT_EQ(
        equal_condition(text, "s.a", "g.b"),
        "s.a <=> g.b COLLATE latin1_bin AND LENGTH(s.a) <=> LENGTH(g.b)"
    );
    const ColumnComparison number{Form::number, "", false};
    EXPECT_EQ(
        equal_condition(number, "s.a", "g.b"), "CAST(s.a AS UNSIGNED) <=> CAST(g.b AS UNSIGNED)"
    );
}

}  // namespace
}  // namespace doppel::verify
