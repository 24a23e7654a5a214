// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "unit/binlog/recording_handler.hpp"

#include <map>
#include <string>

namespace doppel::binlog::test {

/// The default of the second part of mk's key and of df's key.
inline std::string encoded_default(std::int64_t value) {
    std::string encoded;
    mysql::KeyShape::append_signed(encoded, value);
    return encoded;
}

/// The keys of the tables in test/data/binlog/*.sql.
inline std::map<std::string, WantedKey> sample_tables() {
    using mysql::KeyColumn;
    using mysql::KeyKind;
    using mysql::KeyShape;
    const KeyColumn id{"id", KeyKind::signed_integer, 0, "", ""};
    const auto plain = [](const char* name, KeyKind kind, std::size_t fixed = 0) {
        return KeyColumn{name, kind, fixed, "", ""};
    };
    const auto text = [](const char* name, const char* charset) {
        return KeyColumn{name, KeyKind::text, 0, charset, ""};
    };
    std::map<std::string, WantedKey> tables;
    for (const char* name : {"t", "t_all", "z"}) {
        tables.insert({name, {KeyShape({id}), {0}, {}}});
    }
    tables.insert(
        {"k_int",
         {KeyShape(
              {plain("f", KeyKind::unsigned_integer),
               plain("e", KeyKind::signed_integer),
               plain("d", KeyKind::unsigned_integer),
               plain("c", KeyKind::signed_integer),
               plain("b", KeyKind::unsigned_integer),
               plain("a", KeyKind::signed_integer)}
          ),
          {5, 4, 3, 2, 1, 0},
          {}}}
    );
    tables.insert(
        {"k_text",
         {KeyShape({text("v", "utf8mb4"), text("c", "utf8mb4"), text("l", "latin1")}),
          {1, 0, 2},
          {}}}
    );
    tables.insert({"k_long", {KeyShape({text("c", "utf8mb4")}), {0}, {}}});
    tables.insert(
        {"k_binary",
         {KeyShape({plain("b", KeyKind::binary_string, 4), plain("v", KeyKind::binary_string)}),
          {0, 1},
          {}}}
    );
    tables.insert(
        {"k_decimal",
         {KeyShape(
              {plain("a", KeyKind::decimal),
               plain("b", KeyKind::decimal),
               plain("c", KeyKind::decimal),
               plain("d", KeyKind::decimal)}
          ),
          {0, 1, 2, 3},
          {}}}
    );
    tables.insert(
        {"k_time",
         {KeyShape(
              {plain("d", KeyKind::date),
               plain("t", KeyKind::time),
               plain("u", KeyKind::time),
               plain("v", KeyKind::time),
               plain("w", KeyKind::time),
               plain("x", KeyKind::datetime),
               plain("y", KeyKind::datetime),
               plain("z", KeyKind::datetime),
               plain("p", KeyKind::timestamp),
               plain("q", KeyKind::timestamp),
               plain("r", KeyKind::year)}
          ),
          {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
          {}}}
    );
    tables.insert(
        {"mk",
         {KeyShape({text("b", "utf8mb4"), plain("k", KeyKind::signed_integer)}),
          {2, 1},
          {std::nullopt, encoded_default(7)}}}
    );
    tables.insert(
        {"df", {KeyShape({plain("k", KeyKind::signed_integer)}), {0}, {encoded_default(5)}}}
    );
    tables.insert({"k_enum", {KeyShape({plain("e", KeyKind::enumeration)}), {0}, {}}});
    tables.insert({"k_set", {KeyShape({plain("s", KeyKind::set)}), {0}, {}}});
    return tables;
}

}  // namespace doppel::binlog::test
