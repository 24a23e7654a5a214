// SPDX-License-Identifier: Apache-2.0
#include "schema/table_definition.hpp"

#include "unit/schema/builders.hpp"

#include <gtest/gtest.h>

namespace doppel::schema {
namespace {

TEST(TableDefinition, FindsColumnsAndIndexesWithoutRegardToCase) {
    const TableDefinition definition =
        test::table({test::column("Id", "int")}, {test::index("PRIMARY", {"Id"})});
    ASSERT_NE(definition.column("iD"), nullptr);
    EXPECT_EQ(definition.column("iD")->name, "Id");
    EXPECT_EQ(definition.column("id2"), nullptr);
    EXPECT_NE(definition.index("primary"), nullptr);
    EXPECT_EQ(definition.index("other"), nullptr);
    EXPECT_EQ(definition.auto_increment_column(), nullptr);
}

TEST(TableDefinition, IdentifiersDifferWhereOnlyAccentsDo) {
    EXPECT_TRUE(same_identifier("Straße", "straße"));
    EXPECT_FALSE(same_identifier("é", "e"));
    EXPECT_FALSE(same_identifier("ab", "abc"));
    EXPECT_TRUE(same_identifier("", ""));
}

TEST(TableDefinition, BrokenUtf8ComparesByteByByte) {
    EXPECT_TRUE(same_identifier("\xC3", "\xC3"));
    EXPECT_FALSE(same_identifier("\xC3", "\xE3"));
    EXPECT_TRUE(same_identifier("\xC3(A", "\xC3(a"));
}

TEST(TableDefinition, KnowsIntegersAndSigns) {
    EXPECT_TRUE(test::column("a", "mediumint unsigned zerofill").is_integer());
    EXPECT_TRUE(test::column("a", "mediumint unsigned zerofill").is_unsigned());
    EXPECT_FALSE(test::column("a", "int").is_unsigned());
    EXPECT_FALSE(test::column("a", "decimal(10,0)").is_integer());
    EXPECT_FALSE(test::column("a", "point").is_integer());
}

}  // namespace
}  // namespace doppel::schema
