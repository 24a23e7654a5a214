// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>

namespace doppel::mysql {

/// `name` in backticks, embedded backticks doubled (MySQL manual, "Schema Object Names").
[[nodiscard]] std::string quote_identifier(std::string_view name);

/// "`a`, `b`".
[[nodiscard]] std::string quote_identifiers(std::span<const std::string> names);

/// A string literal that means the same in every sql_mode and connection charset of ours: plain
/// printable ASCII in single quotes, anything else as `_utf8mb4 x'..'`. `text` is UTF-8.
[[nodiscard]] std::string quote_string(std::string_view text);

/// A table with its schema, both unquoted and in UTF-8.
struct TableName {
    std::string schema;
    std::string table;

    /// "`schema`.`table`" for SQL text.
    [[nodiscard]] std::string quoted() const;
    /// "schema.table" for messages.
    [[nodiscard]] std::string str() const { return schema + "." + table; }
    auto operator<=>(const TableName&) const = default;
};

}  // namespace doppel::mysql
