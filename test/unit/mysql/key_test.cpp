// SPDX-License-Identifier: Apache-2.0
#include "mysql/key.hpp"

#include "doppel/error.hpp"

#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

using testing::ElementsAre;

KeyColumn column(const char* name, KeyKind kind, std::size_t fixed = 0) {
    return {name, kind, fixed, kind == KeyKind::text ? "utf8mb4" : "", ""};
}

Key key_of(const KeyShape& shape, const std::vector<std::optional<std::string>>& values) {
    const auto key = shape.encode_text(values);
    EXPECT_TRUE(key.ok()) << (key.ok() ? "" : key.failure().message);
    return key.ok() ? *key : Key();
}

TEST(KeyShape, SignedIntegersSortAsBytes) {
    const KeyShape shape({column("id", KeyKind::signed_integer)});
    std::vector<Key> keys;
    for (const char* text :
         {"-9223372036854775808", "-2", "-1", "0", "1", "255", "256", "9223372036854775807"}) {
        keys.push_back(key_of(shape, {text}));
        EXPECT_THAT(shape.literals(keys.back()), ElementsAre(text));
    }
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
    EXPECT_TRUE(shape.exactly_comparable());
}

TEST(KeyShape, UnsignedIntegersKeepTheirHighestBit) {
    const KeyShape shape({column("id", KeyKind::unsigned_integer)});
    const auto key = key_of(shape, {"18446744073709551615"});
    EXPECT_EQ(key.bytes, std::string(8, '\xff'));
    EXPECT_THAT(shape.literals(key), ElementsAre("18446744073709551615"));
}

TEST(KeyShape, AppendingEncodesLikeText) {
    const KeyShape shape(
        {column("a", KeyKind::signed_integer),
         column("b", KeyKind::binary_string, 4),
         column("c", KeyKind::binary_string),
         column("d", KeyKind::text)}
    );
    std::string bytes;
    KeyShape::append_signed(bytes, -5);
    KeyShape::append_binary(bytes, "x", 4);
    KeyShape::append_binary(bytes, std::string_view("a\0b", 3), 0);
    KeyShape::append_opaque(bytes, "text");
    EXPECT_EQ(key_of(shape, {"-5", "78000000", "610062", "74657874"}).bytes, bytes);
    EXPECT_THAT(
        shape.literals(Key{bytes}),
        ElementsAre("-5", "x'78000000'", "x'610062'", "_utf8mb4 x'74657874'")
    );
    EXPECT_FALSE(shape.exactly_comparable());
}

TEST(KeyShape, VariableBinaryStringsSortAsBytesEvenInCompositeKeys) {
    const KeyShape shape({column("b", KeyKind::binary_string), column("n", KeyKind::year)});
    std::vector<Key> keys;
    for (const char* hex : {"", "00", "0000", "0001", "00FF", "01", "0100", "FF", "FF00", "FFFF"}) {
        keys.push_back(key_of(shape, {hex, "1"}));
        keys.push_back(key_of(shape, {hex, "2"}));
    }
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
    EXPECT_TRUE(shape.exactly_comparable());
    EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

TEST(KeyShape, SelectsWhatItCanEncode) {
    const KeyShape shape(
        {column("i`d", KeyKind::signed_integer),
         column("b", KeyKind::binary_string),
         column("t", KeyKind::text),
         column("n", KeyKind::decimal),
         column("d", KeyKind::datetime),
         column("y", KeyKind::year),
         column("e", KeyKind::enumeration)}
    );
    EXPECT_THAT(
        shape.select_expressions("s."),
        ElementsAre(
            "s.`i``d`",
            "HEX(s.`b`)",
            "HEX(s.`t`)",
            "s.`n`",
            "CAST(s.`d` AS CHAR)",
            "s.`y`",
            "CAST(s.`e` AS UNSIGNED)"
        )
    );
    const auto key =
        key_of(shape, {"-1", "00", "", "-1.50", "2024-02-29 23:59:59.123456", "2024", "3"});
    EXPECT_THAT(
        shape.literals(key),
        ElementsAre(
            "-1", "x'00'", "_utf8mb4 x''", "-1.50", "'2024-02-29 23:59:59.123456'", "2024", "3"
        )
    );
}

TEST(KeyShape, OnlyOrderedKindsAreExactlyComparable) {
    for (const auto kind :
         {KeyKind::signed_integer,
          KeyKind::unsigned_integer,
          KeyKind::binary_string,
          KeyKind::date,
          KeyKind::datetime,
          KeyKind::timestamp,
          KeyKind::year,
          KeyKind::enumeration,
          KeyKind::set,
          KeyKind::bits}) {
        EXPECT_TRUE(KeyShape({column("c", kind)}).exactly_comparable());
    }
    for (const auto kind : {KeyKind::text, KeyKind::decimal, KeyKind::time}) {
        EXPECT_FALSE(KeyShape({column("c", kind)}).exactly_comparable());
        EXPECT_FALSE(KeyShape({column("i", KeyKind::year), column("c", kind)}).exactly_comparable()
        );
    }
}

TEST(KeyShape, RefusesValuesThatAreNotOfTheColumn) {
    const auto refused = [](KeyKind kind, std::optional<std::string> value) {
        return !KeyShape({column("c", kind, kind == KeyKind::binary_string ? 2 : 0)})
                    .encode_text({std::move(value)})
                    .ok();
    };
    EXPECT_TRUE(refused(KeyKind::signed_integer, std::nullopt));
    EXPECT_TRUE(refused(KeyKind::signed_integer, "1x"));
    EXPECT_TRUE(refused(KeyKind::signed_integer, ""));
    EXPECT_TRUE(refused(KeyKind::signed_integer, "9223372036854775808"));
    EXPECT_TRUE(refused(KeyKind::unsigned_integer, "-1"));
    EXPECT_TRUE(refused(KeyKind::text, "abc"));
    EXPECT_TRUE(refused(KeyKind::binary_string, "000000"));
    EXPECT_TRUE(refused(KeyKind::decimal, "1'); DROP"));
    EXPECT_TRUE(refused(KeyKind::datetime, "2024-02-29' OR 1"));
    EXPECT_TRUE(refused(KeyKind::date, "2024-2-9"));
    EXPECT_TRUE(refused(KeyKind::time, ""));
    EXPECT_FALSE(KeyShape({column("c", KeyKind::year)}).encode_text({}).ok());
}

TEST(KeyShape, RefusesKeysOfAnotherShape) {
    const KeyShape shape({column("a", KeyKind::signed_integer), column("b", KeyKind::text)});
    const auto key = key_of(shape, {"1", "6162"});
    for (std::size_t size = 0; size < key.bytes.size(); ++size) {
        EXPECT_THROW((void)shape.literals(Key{key.bytes.substr(0, size)}), Error) << size;
    }
    EXPECT_THROW((void)shape.literals(Key{key.bytes + "x"}), Error);
    const KeyShape escaped({column("b", KeyKind::binary_string)});
    EXPECT_THROW((void)escaped.literals(Key{std::string("a\0b\0\0", 5)}), Error);
    EXPECT_THROW((void)escaped.literals(Key{"a"}), Error);
    std::string text;
    KeyShape::append_opaque(text, "1 OR 1");
    EXPECT_THROW((void)KeyShape({column("n", KeyKind::decimal)}).literals(Key{text}), Error);
}

TEST(KeyShape, DescribesForPeople) {
    const KeyShape shape(
        {column("a", KeyKind::signed_integer),
         column("b", KeyKind::text),
         column("c", KeyKind::binary_string),
         column("d", KeyKind::date)}
    );
    const auto key = key_of(shape, {"12", "616263", "00FF", "2024-01-01"});
    EXPECT_EQ(shape.describe(key), "(12, 'abc', x'00FF', '2024-01-01')");
    const KeyShape text({column("b", KeyKind::text)});
    std::string bytes;
    KeyShape::append_opaque(bytes, std::string(1000, 'v'));
    EXPECT_EQ(text.describe(Key{bytes}), "('" + std::string(40, 'v') + "..')");
}

TEST(KeyShape, WantsUtcForTimestampsOnly) {
    EXPECT_TRUE(KeyShape({column("a", KeyKind::year), column("t", KeyKind::timestamp)}).needs_utc()
    );
    EXPECT_FALSE(KeyShape({column("d", KeyKind::datetime)}).needs_utc());
}

}  // namespace
}  // namespace doppel::mysql
