// SPDX-License-Identifier: Apache-2.0
#include "estimate/column_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace doppel::estimate {
namespace {

using schema::Column;

bool type_is(const Column& column, std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), column.data_type) != types.end();
}

// MySQL manual, "Data Type Storage Requirements".
unsigned decimal_bytes(unsigned digits) {
    constexpr std::array<unsigned, 9> kRest{0, 1, 1, 2, 2, 3, 3, 4, 4};
    return digits / 9 * 4 + kRest[digits % 9];
}

unsigned set_bytes(std::size_t members) {
    const auto bytes = static_cast<unsigned>((members + 7) / 8);
    return bytes > 4 ? 8 : std::max(bytes, 1U);
}

unsigned bit_bytes(const Column& column) {
    return std::max((column.numeric_precision + 7) / 8, 1U);
}

bool is_blob(const Column& column) {
    return column.data_type.ends_with("blob") || column.data_type.ends_with("text") ||
           type_is(column, {"json", "vector"}) || column.data_type.starts_with("geom") ||
           column.data_type.ends_with("point") || column.data_type.ends_with("linestring") ||
           column.data_type.ends_with("polygon");
}

/// The bytes of the value itself.
std::string content_bytes(const Column& column, const std::string& value) {
    if (type_is(column, {"json"})) {
        return "JSON_STORAGE_SIZE(" + value + ")";
    }
    return "LENGTH(" + value + ")";
}

unsigned blob_length_bytes(const Column& column) {
    if (column.data_type.starts_with("tiny")) {
        return 1;
    }
    if (column.data_type.starts_with("medium")) {
        return 3;
    }
    return type_is(column, {"blob", "text"}) ? 2 : 4;
}

std::string unless_null(const Column& column, const std::string& value, const std::string& bytes) {
    return column.nullable || value == "NULL" ? fmt::format("IF({} IS NULL, 0, {})", value, bytes)
                                              : bytes;
}

}  // namespace

std::size_t label_count(const Column& column) {
    std::size_t labels = 0;
    bool inside = false;
    for (const char c : column.type) {
        if (c == '\'') {
            inside = !inside;
            labels += inside ? 1U : 0U;
        }
    }
    // A quote within a label is written twice, and so counted as the end of one and another one's
    // begin; nothing between them but no comma.
    for (auto at = column.type.find("''"); at != std::string::npos;
         at = column.type.find("''", at + 2)) {
        const bool empty_label = at > 0 &&
                                 (column.type[at - 1] == '(' || column.type[at - 1] == ',') &&
                                 at + 2 < column.type.size() &&
                                 (column.type[at + 2] == ')' || column.type[at + 2] == ',');
        labels -= empty_label ? 0U : 1U;
    }
    return labels;
}

std::optional<unsigned> fixed_bytes(const Column& column) {
    for (const auto& [type, bytes] : {
             std::pair<std::string_view, unsigned>{"tinyint", 1},
             {"smallint", 2},
             {"mediumint", 3},
             {"int", 4},
             {"bigint", 8},
             {"float", 4},
             {"double", 8},
             {"year", 1},
             {"date", 3},
         }) {
        if (column.data_type == type) {
            return bytes;
        }
    }
    const unsigned fraction = (column.fractional_digits + 1) / 2;
    if (type_is(column, {"time"})) {
        return 3 + fraction;
    }
    if (type_is(column, {"datetime"})) {
        return 5 + fraction;
    }
    if (type_is(column, {"timestamp"})) {
        return 4 + fraction;
    }
    if (type_is(column, {"decimal"})) {
        return decimal_bytes(column.numeric_precision - column.numeric_scale) +
               decimal_bytes(column.numeric_scale);
    }
    if (type_is(column, {"enum"})) {
        return label_count(column) > 255 ? 2 : 1;
    }
    if (type_is(column, {"set"})) {
        return set_bytes(label_count(column));
    }
    if (type_is(column, {"bit"})) {
        return bit_bytes(column);
    }
    if (type_is(column, {"binary"})) {
        return static_cast<unsigned>(column.length_bytes);
    }
    return std::nullopt;
}

std::uint64_t bytes_max(const Column& column) {
    if (const auto fixed = fixed_bytes(column)) {
        return *fixed;
    }
    return column.length_bytes > 0 ? column.length_bytes : std::uint64_t{1} << 32U;
}

std::string stored_bytes(const Column& column, const std::string& value) {
    if (const auto fixed = fixed_bytes(column)) {
        return unless_null(column, value, std::to_string(*fixed));
    }
    std::string content = content_bytes(column, value);
    // A CHAR of a charset with characters of several bytes takes at least one byte a character.
    if (type_is(column, {"char"})) {
        content = fmt::format("GREATEST({}, {})", content, column.length_characters);
    }
    const bool short_always = !is_blob(column) && bytes_max(column) <= 255;
    const std::string length = short_always ? "1" : fmt::format("IF({} < 128, 1, 2)", content);
    return unless_null(column, value, fmt::format("({} + {})", content, length));
}

std::string logged_bytes(const Column& column, const std::string& value) {
    const auto fixed = fixed_bytes(column);
    if (fixed && !type_is(column, {"binary"})) {
        return unless_null(column, value, std::to_string(*fixed));
    }
    const unsigned length =
        is_blob(column) ? blob_length_bytes(column) : (bytes_max(column) > 255 ? 2U : 1U);
    return unless_null(
        column, value, fmt::format("({} + {})", content_bytes(column, value), length)
    );
}

}  // namespace doppel::estimate
