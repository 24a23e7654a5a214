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

}  // namespace
}  // namespace doppel::mysql
