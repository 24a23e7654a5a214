// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace doppel::base {
namespace {

TEST(Text, LowersAsciiOnly) {
    EXPECT_EQ(to_lower_ascii("AbZ_9\xc3\x84"), "abz_9\xc3\x84");
}

TEST(Text, ComparesWithoutCaseAndNotByPrefix) {
    EXPECT_TRUE(equals_ignore_case("UTF8MB4", "utf8mb4"));
    EXPECT_FALSE(equals_ignore_case("utf8", "utf8mb4"));
    EXPECT_FALSE(equals_ignore_case("a", "b"));
    EXPECT_TRUE(equals_ignore_case("", ""));
}

TEST(Text, TrimsSpaceAtBothEndsOnly) {
    EXPECT_EQ(trim(" \t\n a b \r\v\f"), "a b");
    EXPECT_EQ(trim("   "), "");
    EXPECT_EQ(trim(""), "");
}

}  // namespace
}  // namespace doppel::base
