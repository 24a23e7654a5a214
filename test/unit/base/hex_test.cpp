// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"

#include <string>

#include <gtest/gtest.h>

namespace doppel::base {
namespace {

TEST(Hex, PrintsUpperCaseAndReadsBothCases) {
    const std::string bytes("\x00\xff\x1a", 3);
    EXPECT_EQ(to_hex(bytes), "00FF1A");
    EXPECT_EQ(from_hex("00FF1A"), bytes);
    EXPECT_EQ(from_hex("00ff1a"), bytes);
    EXPECT_EQ(to_hex(""), "");
    EXPECT_EQ(from_hex(""), "");
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
    EXPECT_EQ(from_hex("abc"), std::nullopt);
    EXPECT_EQ(from_hex("0g"), std::nullopt);
    EXPECT_EQ(from_hex(" 0"), std::nullopt);
}

}  // namespace
}  // namespace doppel::base
