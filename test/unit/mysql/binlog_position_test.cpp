// SPDX-License-Identifier: Apache-2.0
#include "mysql/binlog_position.hpp"

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

TEST(FileOffset, RoundTrips) {
    const auto position = FileOffset::parse("binlog.000012:4567");
    ASSERT_TRUE(position.ok());
    EXPECT_EQ(*position, (FileOffset{"binlog.000012", 4567}));
    EXPECT_EQ(position->str(), "binlog.000012:4567");
}

TEST(FileOffset, TakesTheLastColon) {
    const auto position = FileOffset::parse("a:b.1:18446744073709551615");
    ASSERT_TRUE(position.ok());
    EXPECT_EQ(position->file, "a:b.1");
    EXPECT_EQ(position->offset, 18446744073709551615ULL);
}

TEST(FileOffset, RefusesOtherText) {
    for (const char* text :
         {"", ":", ":4", "binlog.000012", "b:", "b:-1", "b:4x", "b:18446744073709551616"}) {
        EXPECT_FALSE(FileOffset::parse(text).ok()) << text;
    }
}

}  // namespace
}  // namespace doppel::mysql
