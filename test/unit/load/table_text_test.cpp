// SPDX-License-Identifier: Apache-2.0
#include "tools/load/table_text.hpp"

#include <gtest/gtest.h>

namespace doppel::load {
namespace {

TEST(NormaliseCreateTable, TakesOutTheNameOnly) {
    const std::string a = normalise_create_table(
        "CREATE TABLE `t` (\n  `t` int NOT NULL,\n  PRIMARY KEY (`t`)\n) AUTO_INCREMENT=7", "t"
    );
    EXPECT_EQ("CREATE TABLE ? (\n  `t` int NOT NULL,\n  PRIMARY KEY (`t`)\n) AUTO_INCREMENT=7", a);
}

TEST(NormaliseCreateTable, TakesOutGeneratedConstraintNames) {
    EXPECT_EQ(
        normalise_create_table("CREATE TABLE `a` (x, CONSTRAINT `a_chk_1` CHECK (`x` > 0))", "a"),
        normalise_create_table(
            "CREATE TABLE `b``` (x, CONSTRAINT `b``_chk_1` CHECK (`x` > 0))", "b`"
        )
    );
    EXPECT_NE(
        normalise_create_table("CREATE TABLE `a` (x, CONSTRAINT `mine` CHECK (`x` > 0))", "a"),
        normalise_create_table("CREATE TABLE `b` (x, CONSTRAINT `yours` CHECK (`x` > 0))", "b")
    );
}

TEST(NormaliseCreateTable, KeepsADifferentAutoIncrement) {
    EXPECT_NE(
        normalise_create_table("CREATE TABLE `a` (x) AUTO_INCREMENT=7", "a"),
        normalise_create_table("CREATE TABLE `b` (x) AUTO_INCREMENT=8", "b")
    );
}

}  // namespace
}  // namespace doppel::load
