// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::binlog {

/// Column types as row images use them (include/field_types.h: enum_field_types). ENUM and SET
/// arrive as `string` with the real type in the metadata; TableMap resolves that.
enum class ColumnType : std::uint8_t {
    decimal_old = 0,
    tiny = 1,
    short_integer = 2,
    long_integer = 3,
    float_number = 4,
    double_number = 5,
    null = 6,
    timestamp_old = 7,
    longlong = 8,
    int24 = 9,
    date = 10,
    time_old = 11,
    datetime_old = 12,
    year = 13,
    newdate = 14,
    varchar = 15,
    bit = 16,
    timestamp2 = 17,
    datetime2 = 18,
    time2 = 19,
    typed_array = 20,
    mariadb_blob_compressed = 140,
    mariadb_varchar_compressed = 141,
    vector = 242,
    json = 245,
    newdecimal = 246,
    enumeration = 247,
    set = 248,
    tiny_blob = 249,
    medium_blob = 250,
    long_blob = 251,
    blob = 252,
    var_string = 253,
    string = 254,
    geometry = 255,
};

[[nodiscard]] std::string to_string(ColumnType type);

/// A column as TABLE_MAP describes it.
struct Column {
    ColumnType type = ColumnType::null;  ///< the real type: enumeration and set instead of string
    /// By type: string, varchar: longest value in bytes; enumeration, set, bit, float_number,
    /// double_number: bytes of a value; blobs, json, geometry, vector: bytes of the length before a
    /// value; temporal: fractional digits 0..6; newdecimal: precision.
    std::uint16_t length = 0;
    std::uint8_t scale = 0;  ///< newdecimal only
    bool nullable = false;
    std::optional<bool> is_unsigned;  ///< numeric types, when the server sent the signedness

    bool operator==(const Column&) const = default;
};

/// A decoded TABLE_MAP_EVENT (libs/mysql/binlog/event/rows_event.h: Table_map_event): what the
/// row events of `table_id` mean until the next TABLE_MAP of this id. Owns its data.
struct TableMap {
    std::uint64_t table_id = 0;
    std::string schema;
    std::string table;
    /// Empty when the columns could not be decoded: then nothing but TableInterest::skip is
    /// possible.
    std::vector<Column> columns;

    /// From the body of the event. Fails on types whose size is not known (typed arrays, DECIMAL of
    /// MySQL 4) and on metadata no server writes.
    static base::Result<TableMap> parse(std::string_view body);
    /// Table id and names, without columns.
    static base::Result<TableMap> parse_names(std::string_view body);
    /// The table id alone, without decoding the rest.
    static base::Result<std::uint64_t> parse_id(std::string_view body);
};

}  // namespace doppel::binlog
