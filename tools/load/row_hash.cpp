// SPDX-License-Identifier: Apache-2.0
#include "tools/load/row_hash.hpp"

#include "mysql/identifier.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace doppel::load {
namespace {

template <std::size_t Size>
bool is_one_of(std::string_view type, const std::array<std::string_view, Size>& types) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

constexpr std::array<std::string_view, 4> kNumbered = {"enum", "set", "bit", "year"};
constexpr std::array<std::string_view, 2> kApproximate = {"float", "double"};
constexpr std::array<std::string_view, 6> kText = {
    "char", "varchar", "tinytext", "text", "mediumtext", "longtext"};
constexpr std::array<std::string_view, 6> kBinary = {
    "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"};
/// Types that are bytes to the server but no strings to CAST.
constexpr std::array<std::string_view, 10> kOpaque = {
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geomcollection",
    "geometrycollection",
    "vector"};
constexpr std::array<std::string_view, 5> kLong = {
    "json", "mediumtext", "longtext", "mediumblob", "longblob"};

bool may_be_long(std::string_view type) {
    return is_one_of(type, kLong) || is_one_of(type, kOpaque);
}

/// A field of the text that is hashed; no field can be read as another one.
std::string field_expression(const ColumnInfo& column) {
    const std::string bytes = bytes_expression(column);
    const std::string content = may_be_long(column.data_type) ? "SHA2(" + bytes + ",256)" : bytes;
    return fmt::format("IFNULL(CONCAT(LENGTH({}),':',{}),'N')", bytes, content);
}

}  // namespace

std::string bytes_expression(const ColumnInfo& column) {
    const std::string name = mysql::quote_identifier(column.name);
    if (is_one_of(column.data_type, kBinary)) {
        return name;
    }
    if (is_one_of(column.data_type, kText)) {
        return fmt::format("CAST({} AS BINARY)", name);
    }
    if (is_one_of(column.data_type, kOpaque)) {
        return fmt::format("HEX({})", name);
    }
    if (is_one_of(column.data_type, kNumbered)) {
        return fmt::format("CAST(CAST({} AS UNSIGNED) AS CHAR)", name);
    }
    if (is_one_of(column.data_type, kApproximate)) {
        return fmt::format("CAST(CAST({} AS DOUBLE) AS CHAR)", name);
    }
    return fmt::format("CAST({} AS CHAR)", name);
}

std::string row_hash_expression(const std::vector<ColumnInfo>& columns) {
    std::string fields;
    for (const ColumnInfo& column : columns) {
        fields += (fields.empty() ? "" : ",") + field_expression(column);
    }
    return "SHA2(CONCAT(" + fields + "),256)";
}

std::string chunk_hash_expression(const std::vector<ColumnInfo>& columns) {
    return fmt::format(
        "BIT_XOR(CAST(CONV(LEFT({},16),16,10) AS UNSIGNED))", row_hash_expression(columns)
    );
}

}  // namespace doppel::load
