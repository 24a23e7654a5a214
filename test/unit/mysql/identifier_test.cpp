// SPDX-License-Identifier: Apache-2.0
#include "mysql/identifier.hpp"

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

TEST(Identifier, QuotesWithDoubledBackticks) {
    EXPECT_EQ(quote_identifier("id"), "`id`");
    EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
    EXPECT_EQ(quote_identifier("``"), "``````");
    EXPECT_EQ(quote_identifier(""), "``");
}

TEST(Identifier, StringsThatCouldEndALiteralBecomeHexadecimal) {
    EXPECT_EQ(quote_string("plain text"), "'plain text'");
    EXPECT_EQ(quote_string(""), "''");
    EXPECT_EQ(quote_string("it's"), "_utf8mb4 x'69742773'");
    EXPECT_EQ(quote_string("a\\"), "_utf8mb4 x'615C'");
    EXPECT_EQ(quote_string("\xc3\xa4"), "_utf8mb4 x'C3A4'");
    EXPECT_EQ(quote_string(std::string_view("\0", 1)), "_utf8mb4 x'00'");
}

TEST(TableName, PrintsForSqlAndForMessages) {
    const TableName name{"my schema", "t`1"};
    EXPECT_EQ(name.quoted(), "`my schema`.`t``1`");
    EXPECT_EQ(name.str(), "my schema.t`1");
    EXPECT_LT((TableName{"a", "b"}), (TableName{"a", "c"}));
}

}  // namespace
}  // namespace doppel::mysql
