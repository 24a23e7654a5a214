// SPDX-License-Identifier: Apache-2.0
#include "migration/verify_request.hpp"

#include "unit/schema/builders.hpp"

#include <gmock/gmock.h>

namespace doppel::migration {
namespace {

using schema::ColumnPair;
using schema::test::column;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(VerifyRequest, TableNamesAreThoseOfSql) {
    EXPECT_EQ(parse_table_name("a.b", "").value(), (mysql::TableName{"a", "b"}));
    EXPECT_EQ(parse_table_name("b", "s").value(), (mysql::TableName{"s", "b"}));
    EXPECT_EQ(parse_table_name("`a.b`.`c``d`", "").value(), (mysql::TableName{"a.b", "c`d"}));
    EXPECT_FALSE(parse_table_name("b", "").ok());
    for (const char* wrong : {"", ".", "a.", "a.b.c", "a b", "a.b FORCE", "'a'", "a.b;"}) {
        EXPECT_FALSE(parse_table_name(wrong, "s").ok()) << wrong;
    }
}

TEST(VerifyRequest, ColumnsComeInPairs) {
    EXPECT_THAT(parse_column_pairs("").value(), IsEmpty());
    EXPECT_THAT(
        parse_column_pairs("a=b, `c,d` = e").value(),
        ElementsAre(ColumnPair{"a", "b"}, ColumnPair{"c,d", "e"})
    );
    for (const char* wrong : {"a", "a=", "=a", "a=b,", "a=b c=d", "a=b=c", ",", "a='b'"}) {
        EXPECT_FALSE(parse_column_pairs(wrong).ok()) << wrong;
    }
}

TEST(VerifyRequest, ColumnsThatAreNotNamedPairByName) {
    const auto first =
        schema::test::table({column("id", "int"), column("a", "int"), column("x", "int")});
    const auto second =
        schema::test::table({column("ID", "int"), column("b", "int"), column("y", "int")});
    const auto paired = pair_columns(first, second, {{"A", "b"}}).value();
    EXPECT_THAT(paired.pairs, ElementsAre(ColumnPair{"a", "b"}, ColumnPair{"id", "ID"}));
    EXPECT_THAT(paired.first_only, ElementsAre("x"));
    EXPECT_THAT(paired.second_only, ElementsAre("y"));
}

TEST(VerifyRequest, PairsThatCannotBeAreRefused) {
    const auto table = schema::test::table({column("id", "int"), column("a", "int")});
    EXPECT_FALSE(pair_columns(table, table, {{"nope", "a"}}).ok());
    EXPECT_FALSE(pair_columns(table, table, {{"a", "nope"}}).ok());
    EXPECT_FALSE(pair_columns(table, table, {{"a", "id"}, {"a", "a"}}).ok());
    EXPECT_FALSE(pair_columns(table, table, {{"a", "id"}, {"id", "id"}}).ok());
}

}  // namespace
}  // namespace doppel::migration
