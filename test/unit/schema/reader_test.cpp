// SPDX-License-Identifier: Apache-2.0
#include "schema/reader.hpp"

#include <string>

#include <gtest/gtest.h>

namespace doppel::schema {
namespace {

const std::string kText =
    "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`)\n"
    ") ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COMMENT='x'";

TEST(CreateText, GivesTheAutoIncrementValue) {
    EXPECT_EQ(auto_increment_of(kText), 42U);
    EXPECT_EQ(
        auto_increment_of("CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB DEFAULT CHARSET=latin1"),
        std::nullopt
    );
    EXPECT_EQ(auto_increment_of(""), std::nullopt);
}

TEST(CreateText, IsNotDeceivedByComments) {
    const std::string comment =
        "CREATE TABLE `t` (\n  `id` int COMMENT ') ENGINE=X AUTO_INCREMENT=7'\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='a AUTO_INCREMENT=9'";
    EXPECT_EQ(auto_increment_of(comment), std::nullopt);
    EXPECT_EQ(without_auto_increment(comment), comment);
}

TEST(CreateText, LosesOnlyTheAutoIncrementValue) {
    EXPECT_EQ(
        without_auto_increment(kText),
        "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`id`)\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='x'"
    );
}

}  // namespace
}  // namespace doppel::schema
