// SPDX-License-Identifier: Apache-2.0
#include "tools/load/row_hash.hpp"

#include <gtest/gtest.h>

namespace doppel::load {
namespace {

TEST(RowHash, TakesEachTypeAsItsBytes) {
    EXPECT_EQ("CAST(`a` AS BINARY)", bytes_expression({"a", "varchar"}));
    EXPECT_EQ("`a`", bytes_expression({"a", "blob"}));
    EXPECT_EQ("CAST(CAST(`a` AS DOUBLE) AS CHAR)", bytes_expression({"a", "float"}));
    EXPECT_EQ("CAST(CAST(`a` AS UNSIGNED) AS CHAR)", bytes_expression({"a", "set"}));
    EXPECT_EQ("HEX(`a`)", bytes_expression({"a", "point"}));
    EXPECT_EQ("CAST(`a` AS CHAR)", bytes_expression({"a", "datetime"}));
}

TEST(RowHash, MarksNullAndLength) {
    EXPECT_EQ(
        "SHA2(CONCAT(IFNULL(CONCAT(LENGTH(`a``b`),':',`a``b`),'N'),"
        "IFNULL(CONCAT(LENGTH(CAST(`n` AS CHAR)),':',CAST(`n` AS CHAR)),'N')),256)",
        row_hash_expression({{"a`b", "binary"}, {"n", "int"}})
    );
}

TEST(RowHash, ShortensLongValues) {
    EXPECT_EQ(
        "SHA2(CONCAT(IFNULL(CONCAT(LENGTH(`d`),':',SHA2(`d`,256)),'N')),256)",
        row_hash_expression({{"d", "longblob"}})
    );
}

}  // namespace
}  // namespace doppel::load
