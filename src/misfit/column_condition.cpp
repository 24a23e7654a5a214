// SPDX-License-Identifier: Apache-2.0
#include "misfit/column_condition.hpp"

#include "mysql/identifier.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace doppel::misfit {
namespace {

using mysql::quote_identifier;
using schema::Column;

// MySQL manual, "Server Error Message Reference".
constexpr unsigned kTruncated = 1265;
constexpr unsigned kTooLong = 1406;
constexpr unsigned kOutOfRange = 1264;
constexpr unsigned kInvalidJson = 3140;
constexpr std::array kNulls = {1048U, 1138U, 1263U};
constexpr std::array kWrongValues = {1265U, 1292U, 1366U, 1367U};

constexpr std::string_view kNumberPattern =
    "'^[[:space:]]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?[[:space:]]*$'";

template <class Numbers>
bool is_one_of(const Numbers& numbers, unsigned number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

bool is_number(const Column& column) {
    return column.is_integer() || type_is(column, {"decimal", "float", "double", "bit"});
}

std::string integer_range(const Column& column) {
    unsigned bits = 32;
    for (const auto& [type, width] : {
             std::pair<std::string_view, unsigned>{"tinyint", 8},
             {"smallint", 16},
             {"mediumint", 24},
             {"bigint", 64},
         }) {
        bits = column.data_type == type ? width : bits;
    }
    const std::uint64_t all = ~std::uint64_t{0} >> (64 - bits);
    if (column.is_unsigned()) {
        return fmt::format("0 AND {}", all);
    }
    return fmt::format("-{} AND {}", all / 2 + 1, all / 2);
}

std::string out_of_range(const std::string& name, const Column& source, const Column& shadow) {
    if (shadow.is_integer()) {
        const std::string value = source.is_integer() ? name : "ROUND(" + name + ")";
        return value + " NOT BETWEEN " + integer_range(shadow);
    }
    if (type_is(shadow, {"decimal"})) {
        const std::string limit =
            "1" + std::string(shadow.numeric_precision - shadow.numeric_scale, '0');
        const std::string value = fmt::format("ROUND({}, {})", name, shadow.numeric_scale);
        return shadow.is_unsigned() ? fmt::format("({0} >= {1} OR {0} < 0)", value, limit)
                                    : fmt::format("ABS({}) >= {}", value, limit);
    }
    if (type_is(shadow, {"year"})) {
        return name + " NOT BETWEEN 1901 AND 2155 AND " + name + " <> 0";
    }
    return {};
}

/// Blanks at the end of a text are cut without an error, except where only the length changes.
std::string too_long(const std::string& name, const Column& shadow, bool blanks_count) {
    if (type_is(shadow, {"char", "varchar"})) {
        const std::string value = blanks_count ? name : "RTRIM(" + name + ")";
        return fmt::format("CHAR_LENGTH({}) > {}", value, shadow.length_characters);
    }
    if (!shadow.charset.empty() && shadow.length_bytes > 0) {
        return fmt::format(
            "LENGTH(CONVERT({} USING {})) > {}", name, shadow.charset, shadow.length_bytes
        );
    }
    return shadow.length_bytes > 0 ? fmt::format("LENGTH({}) > {}", name, shadow.length_bytes)
                                   : std::string();
}

/// "'a','b'" of "enum('a','b')".
std::string labels(const Column& column) {
    const auto open = column.type.find('(');
    const auto close = column.type.rfind(')');
    return open == std::string::npos || close <= open
               ? std::string()
               : column.type.substr(open + 1, close - open - 1);
}

std::string wrong_value(
    const std::string& name, const Column& source, const Column& shadow, unsigned server_errno
) {
    if (is_number(shadow) || type_is(shadow, {"year"})) {
        return source.charset.empty()
                   ? std::string()
                   : fmt::format("NOT REGEXP_LIKE({}, {})", name, kNumberPattern);
    }
    if (type_is(shadow, {"timestamp"})) {
        return fmt::format(
            "{0} IS NOT NULL AND COALESCE(UNIX_TIMESTAMP({0}), 0) NOT BETWEEN 1 AND 2147483647",
            name
        );
    }
    if (type_is(shadow, {"date", "datetime", "time"})) {
        return fmt::format("{0} IS NOT NULL AND CAST({0} AS {1}) IS NULL", name, shadow.data_type);
    }
    if (type_is(shadow, {"enum"}) && server_errno == kTruncated) {
        return fmt::format("{} NOT IN ({})", name, labels(shadow));
    }
    if (server_errno == kTruncated) {
        return type_is(shadow, {"set"}) ? std::string() : too_long(name, shadow, true);
    }
    if (shadow.charset.empty()) {
        return {};
    }
    if (source.charset.empty()) {
        return fmt::format(
            "{0} IS NOT NULL AND CONVERT({0} USING {1}) IS NULL", name, shadow.charset
        );
    }
    return fmt::format(
        "HEX(CONVERT(CONVERT({0} USING {1}) USING utf8mb4)) <> HEX(CONVERT({0} USING utf8mb4))",
        name,
        shadow.charset
    );
}

}  // namespace

bool type_is(const Column& column, std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), column.data_type) != types.end();
}

std::string column_condition(const Column& source, const Column& shadow, unsigned server_errno) {
    const std::string name = quote_identifier(source.name);
    if (is_one_of(kNulls, server_errno)) {
        return name + " IS NULL";
    }
    if (server_errno == kTooLong) {
        return too_long(name, shadow, false);
    }
    if (server_errno == kOutOfRange) {
        return out_of_range(name, source, shadow);
    }
    if (server_errno == kInvalidJson) {
        return "NOT JSON_VALID(" + name + ")";
    }
    return is_one_of(kWrongValues, server_errno) ? wrong_value(name, source, shadow, server_errno)
                                                 : std::string();
}

}  // namespace doppel::misfit
