// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/table_pair.hpp"

namespace doppel::test {

/// shop.t with an integer key `id` that the shadow calls `nr`.
inline mysql::TablePair integer_pair() {
    mysql::KeyColumn id;
    id.name = "id";
    id.kind = mysql::KeyKind::signed_integer;
    return {
        {"shop", "t"},
        {"shop", "_t_new"},
        {"shop", "_t_doppel"},
        "PRIMARY",
        mysql::KeyShape({id}),
        {"id"},
        {"nr"},
        "`id`, `a`",
        "`nr`, `b`"};
}

/// shop.t with the key (a VARCHAR, b INT).
inline mysql::TablePair composite_pair() {
    mysql::KeyColumn a;
    a.name = "a";
    a.kind = mysql::KeyKind::text;
    a.charset = "utf8mb4";
    a.collation = "utf8mb4_0900_ai_ci";
    mysql::KeyColumn b;
    b.name = "b";
    b.kind = mysql::KeyKind::signed_integer;
    return {
        {"shop", "t"},
        {"shop", "_t_new"},
        {"shop", "_t_doppel"},
        "PRIMARY",
        mysql::KeyShape({a, b}),
        {"a", "b"},
        {"a", "b"},
        "`a`, `b`",
        "`a`, `b`"};
}

inline mysql::Key integer_key(std::int64_t value) {
    mysql::Key key;
    mysql::KeyShape::append_signed(key.bytes, value);
    return key;
}

inline mysql::Key composite_key(const std::string& a, std::int64_t b) {
    mysql::Key key;
    mysql::KeyShape::append_opaque(key.bytes, a);
    mysql::KeyShape::append_signed(key.bytes, b);
    return key;
}

}  // namespace doppel::test
