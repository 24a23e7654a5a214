// SPDX-License-Identifier: Apache-2.0
#include "mysql/key_text.hpp"

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

std::string text_of(const KeyColumn& column, const KeyPlace& place) {
    return select_shadow_key(KeyShape({column}), {place}, "g.").at(0);
}

KeyColumn column_of(KeyKind kind, unsigned fractional_digits = 0) {
    KeyColumn column;
    column.name = "k";
    column.kind = kind;
    column.fractional_digits = fractional_digits;
    return column;
}

TEST(KeyText, NumbersLoseTheDigitsThatAreNew) {
    EXPECT_EQ(text_of(column_of(KeyKind::signed_integer), "n"), "CAST(g.`n` AS SIGNED)");
    EXPECT_EQ(
        text_of(column_of(KeyKind::decimal), "n"), "SUBSTRING_INDEX(CAST(g.`n` AS CHAR), '.', 1)"
    );
    EXPECT_EQ(
        text_of(column_of(KeyKind::decimal, 2), "n"),
        "LEFT(CAST(g.`n` AS CHAR), LOCATE('.', CAST(g.`n` AS CHAR)) + 2)"
    );
}

TEST(KeyText, DatesLoseTheTime) {
    EXPECT_EQ(text_of(column_of(KeyKind::date), "d"), "LEFT(CAST(g.`d` AS CHAR), 10)");
}

TEST(KeyText, BytesLoseThePadding) {
    KeyColumn column = column_of(KeyKind::binary_string);
    column.fixed_length_bytes = 3;
    KeyPlace place("b");
    EXPECT_EQ(text_of(column, place), "HEX(g.`b`)");
    place.padded_bytes = 7;
    EXPECT_EQ(text_of(column, place), "HEX(LEFT(g.`b`, 3))");
}

TEST(KeyText, TextIsConvertedBack) {
    KeyColumn column = column_of(KeyKind::text);
    column.charset = "latin1";
    KeyPlace place("s");
    EXPECT_EQ(text_of(column, place), "HEX(g.`s`)");
    place.bytewise = true;
    place.charset = "utf16";
    EXPECT_EQ(text_of(column, place), "HEX(CONVERT(g.`s` USING latin1))");
}

}  // namespace
}  // namespace doppel::mysql
