// SPDX-License-Identifier: Apache-2.0
#include "mysql/key_condition.hpp"

#include "support/table_pairs.hpp"

#include <gtest/gtest.h>

namespace doppel::mysql {
namespace {

using test::composite_key;
using test::composite_pair;
using test::integer_key;
using test::integer_pair;

TEST(KeyCondition, OneColumnIsAPlainList) {
    const std::vector<Key> keys = {integer_key(1), integer_key(-2)};
    EXPECT_EQ(in_condition(integer_pair().shape, {"a`b"}, keys), "`a``b` IN (1,-2)");
}

TEST(KeyCondition, CompositeKeysAreRowConstructors) {
    const std::vector<Key> keys = {composite_key("x", 1), composite_key("'", 2)};
    EXPECT_EQ(
        in_condition(composite_pair().shape, {"a", "b"}, keys),
        "(`a`, `b`) IN ((_utf8mb4 x'78',1),(_utf8mb4 x'27',2))"
    );
}

TEST(KeyCondition, CompositeKeysWithAnEnumAreNot) {
    KeyColumn id;
    id.name = "id";
    id.kind = KeyKind::signed_integer;
    KeyColumn e;
    e.name = "e";
    e.kind = KeyKind::enumeration;
    std::vector<Key> keys(2);
    for (std::int64_t i = 0; i < 2; ++i) {
        KeyShape::append_signed(keys[static_cast<std::size_t>(i)].bytes, i + 1);
        KeyShape::append_unsigned(keys[static_cast<std::size_t>(i)].bytes, 2);
    }
    EXPECT_EQ(
        in_condition(KeyShape({id, e}), {"id", "e"}, keys),
        "((`id` = 1 AND `e` = 2) OR (`id` = 2 AND `e` = 2))"
    );
}

TEST(KeyCondition, RangesExcludeTheLowerAndIncludeTheUpperBound) {
    const auto shape = integer_pair().shape;
    EXPECT_EQ(range_condition(shape, {"id"}, {}), "TRUE");
    EXPECT_EQ(range_condition(shape, {"id"}, {integer_key(1), std::nullopt}), "`id` > 1");
    EXPECT_EQ(
        any_range_condition(shape, {"id"}, std::vector<KeyRange>{{integer_key(1), integer_key(5)}}),
        "((`id` > 1 AND `id` <= 5))"
    );
    EXPECT_EQ(any_range_condition(shape, {"id"}, {}), "FALSE");
}

TEST(KeyCondition, RangesOfAnEnumAreListsOfItsNumbers) {
    KeyColumn e;
    e.name = "e";
    e.kind = KeyKind::enumeration;
    e.members = 4;
    const KeyShape shape({e});
    const auto number = [](std::uint64_t value) {
        Key key;
        KeyShape::append_unsigned(key.bytes, value);
        return key;
    };
    EXPECT_EQ(range_condition(shape, {"e"}, {number(2), std::nullopt}), "`e` IN (3,4)");
    EXPECT_EQ(range_condition(shape, {"e"}, {number(4), std::nullopt}), "`e` IN (5)");
    EXPECT_EQ(range_condition(shape, {"e"}, {std::nullopt, number(2)}), "`e` IN (0,1,2)");
    e.members = 0;
    EXPECT_EQ(range_condition(KeyShape({e}), {"e"}, {number(2), std::nullopt}), "`e` > 2");
}

/// The key (a VARCHAR in latin1, b INT) in a table that has it in another charset and collation.
KeyPlaces converted_places() {
    KeyPlaces places = {"x", "b"};
    places[0].bytewise = true;
    places[0].charset = "utf8mb4";
    places[0].collation = "utf8mb4_bin";
    return places;
}

KeyShape latin_shape() {
    KeyColumn a;
    a.name = "a";
    a.kind = KeyKind::text;
    a.charset = "latin1";
    a.collation = "latin1_swedish_ci";
    KeyColumn b;
    b.name = "b";
    return KeyShape({a, b});
}

TEST(KeyCondition, ConvertedTextIsFoundByItsIndexAndJudgedByItsBytes) {
    const std::vector<Key> keys = {composite_key("\xe9", 1)};
    EXPECT_EQ(
        in_condition(latin_shape(), converted_places(), keys),
        "(`x`, `b`) IN ((CONVERT(_latin1 x'E9' USING utf8mb4) COLLATE utf8mb4_bin,1)) AND "
        "(CAST(CONVERT(`x` USING latin1) AS BINARY), `b`) IN ((x'E9',1))"
    );
    KeyPlaces own = {"a", "b"};
    own[0].bytewise = true;
    own[0].charset = "latin1";
    own[0].collation = "latin1_swedish_ci";
    EXPECT_EQ(
        in_condition(latin_shape(), own, keys),
        "(`a`, `b`) IN ((_latin1 x'E9',1)) AND (CAST(`a` AS BINARY), `b`) IN ((x'E9',1))"
    );
}

TEST(KeyCondition, ConvertedTextIsOrderedAsInTheSource) {
    const KeyRange range{std::nullopt, composite_key("\xe9", 1)};
    EXPECT_EQ(
        range_condition(latin_shape(), converted_places(), range),
        "(CONVERT(`x` USING latin1) COLLATE latin1_swedish_ci < _latin1 x'E9' OR "
        "(CONVERT(`x` USING latin1) COLLATE latin1_swedish_ci = _latin1 x'E9' AND `b` <= 1))"
    );
    KeyPlaces own = {"a", "b"};
    own[0].bytewise = true;
    own[0].charset = "latin1";
    own[0].collation = "latin1_swedish_ci";
    EXPECT_EQ(
        range_condition(latin_shape(), own, range),
        "(`a` < _latin1 x'E9' OR (`a` = _latin1 x'E9' AND `b` <= 1))"
    );
}

TEST(KeyCondition, PaddedBytesArePadded) {
    KeyColumn id;
    id.name = "id";
    id.kind = KeyKind::binary_string;
    id.fixed_length_bytes = 2;
    const KeyShape shape({id});
    KeyPlaces places = {"id"};
    places[0].padded_bytes = 4;
    const std::vector<Key> keys = {Key{"\x01\x02"}};
    EXPECT_EQ(in_condition(shape, places, keys), "`id` IN (x'01020000')");
    EXPECT_EQ(range_condition(shape, places, {keys[0], std::nullopt}), "`id` > x'01020000'");
}

TEST(KeyCondition, JoinsRowsOfTheSameKey) {
    EXPECT_EQ(
        same_key_condition(latin_shape(), {"a", "b"}, converted_places(), "s", "g"),
        "g.`x` = CONVERT(s.`a` USING utf8mb4) COLLATE utf8mb4_bin AND "
        "CAST(g.`x` AS BINARY) = CAST(CONVERT(s.`a` USING utf8mb4) AS BINARY) AND g.`b` = s.`b`"
    );
    KeyPlaces padded = {"id"};
    padded[0].padded_bytes = 4;
    EXPECT_EQ(
        same_key_condition(integer_pair().shape, {"id"}, padded, "s", "g"),
        "g.`id` = CAST(s.`id` AS BINARY(4))"
    );
}

}  // namespace
}  // namespace doppel::mysql
