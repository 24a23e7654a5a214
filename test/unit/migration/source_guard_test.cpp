// SPDX-License-Identifier: Apache-2.0
#include "migration/source_guard.hpp"

#include "unit/schema/builders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::migration {
namespace {

schema::TableDefinition planned() {
    auto table = schema::test::table({schema::test::column("id", "int")});
    table.create_text = "CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB AUTO_INCREMENT=5";
    table.triggers = {{"before", "AFTER", "INSERT"}};
    return table;
}

TEST(SourceGuard, RowsThatCameChangeNothing) {
    auto now = planned();
    now.create_text = "CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB AUTO_INCREMENT=7";
    now.rows_estimated = 12;
    EXPECT_FALSE(definition_difference(planned(), now));
}

TEST(SourceGuard, WhatTheSwapWouldLoseIsADifference) {
    EXPECT_THAT(*definition_difference(planned(), std::nullopt), testing::HasSubstr("not there"));
    auto now = planned();
    now.triggers.push_back({"added", "BEFORE", "INSERT"});
    EXPECT_THAT(*definition_difference(planned(), now), testing::HasSubstr("trigger added"));
    now = planned();
    now.referenced_by.push_back({"fk", {"s", "child"}, {"s", "t"}});
    EXPECT_THAT(*definition_difference(planned(), now), testing::HasSubstr("fk of s.child"));
    now = planned();
    now.create_text = "CREATE TABLE `t` (\n  `id` bigint\n) ENGINE=InnoDB AUTO_INCREMENT=5";
    EXPECT_TRUE(definition_difference(planned(), now));
}

}  // namespace
}  // namespace doppel::migration
