// SPDX-License-Identifier: Apache-2.0
#include "binlog/table_map.hpp"

#include "base/byte_reader.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::binlog {
namespace {

constexpr std::size_t kColumnsMax = 4096;  ///< of a table in MySQL and MariaDB
constexpr std::uint8_t kSignednessField = 1;

/// Metadata of MYSQL_TYPE_STRING: the real type, and the length with its two high bits hidden in
/// the real type's bits 4 and 5 (sql/field.cc: Field_string::do_save_field_metadata).
bool read_string_metadata(base::ByteReader& reader, Column& column) {
    const std::uint8_t first = reader.u8();
    const std::uint8_t second = reader.u8();
    const auto real_type = static_cast<ColumnType>(first | 0x30);
    if (real_type == ColumnType::enumeration || real_type == ColumnType::set) {
        column.type = real_type;
        column.length = second;
        return column.length >= 1 && column.length <= 8;
    }
    column.type = ColumnType::string;
    const auto high_bits = static_cast<std::uint16_t>(((first & 0x30) ^ 0x30) << 4);
    column.length = static_cast<std::uint16_t>(second | high_bits);
    return real_type == ColumnType::string || first == 0;
}

bool read_bit_metadata(base::ByteReader& reader, Column& column) {
    const std::uint8_t odd_bits = reader.u8();
    const std::uint8_t whole_bytes = reader.u8();
    column.length = static_cast<std::uint16_t>(whole_bytes + (odd_bits > 0 ? 1 : 0));
    return odd_bits < 8 && column.length <= 8;
}

bool read_decimal_metadata(base::ByteReader& reader, Column& column) {
    column.length = reader.u8();
    column.scale = reader.u8();
    return column.length >= 1 && column.length <= 65 && column.scale <= 38 &&
           column.scale <= column.length;
}

/// Metadata of one column by its type (rows_event.h: "Table_map_event column types: numerical
/// identifier and metadata"). False: a type or metadata we cannot size.
bool read_metadata(base::ByteReader& reader, Column& column) {
    switch (column.type) {
        case ColumnType::tiny:
        case ColumnType::short_integer:
        case ColumnType::long_integer:
        case ColumnType::longlong:
        case ColumnType::int24:
        case ColumnType::null:
        case ColumnType::timestamp_old:
        case ColumnType::date:
        case ColumnType::time_old:
        case ColumnType::datetime_old:
        case ColumnType::year:
        case ColumnType::newdate:
            return true;
        case ColumnType::float_number:
        case ColumnType::double_number:
            column.length = reader.u8();
            return column.length == (column.type == ColumnType::float_number ? 4 : 8);
        case ColumnType::timestamp2:
        case ColumnType::datetime2:
        case ColumnType::time2:
            column.length = reader.u8();
            return column.length <= 6;
        case ColumnType::tiny_blob:
        case ColumnType::medium_blob:
        case ColumnType::long_blob:
        case ColumnType::blob:
        case ColumnType::mariadb_blob_compressed:
        case ColumnType::json:
        case ColumnType::geometry:
        case ColumnType::vector:
            column.length = reader.u8();
            return column.length >= 1 && column.length <= 4;
        case ColumnType::varchar:
        case ColumnType::var_string:
        case ColumnType::mariadb_varchar_compressed:
            column.length = reader.u16();
            return true;
        case ColumnType::bit:
            return read_bit_metadata(reader, column);
        case ColumnType::newdecimal:
            return read_decimal_metadata(reader, column);
        case ColumnType::string:
        case ColumnType::enumeration:
        case ColumnType::set:
            return read_string_metadata(reader, column);
        case ColumnType::decimal_old:
        case ColumnType::typed_array:
            return false;
    }
    return false;
}

/// The types that have a bit in the signedness field (sql/log_event.cc: is_numeric_type).
bool is_numeric(ColumnType type) {
    switch (type) {
        case ColumnType::tiny:
        case ColumnType::short_integer:
        case ColumnType::int24:
        case ColumnType::long_integer:
        case ColumnType::longlong:
        case ColumnType::year:
        case ColumnType::float_number:
        case ColumnType::double_number:
        case ColumnType::newdecimal:
            return true;
        default:
            return false;
    }
}

void apply_signedness(std::string_view bits, std::vector<Column>& columns) {
    std::size_t index = 0;
    for (auto& column : columns) {
        if (!is_numeric(column.type)) {
            continue;
        }
        if (index / 8 >= bits.size()) {
            return;
        }
        const auto byte = static_cast<unsigned char>(bits[index / 8]);
        column.is_unsigned = ((byte >> (7 - index % 8)) & 1) != 0;
        ++index;
    }
}

/// Type, length, value triples; we want one of them. False when they do not fit.
bool read_optional_metadata(base::ByteReader& reader, std::vector<Column>& columns) {
    while (!reader.at_end()) {
        const std::uint8_t field = reader.u8();
        const auto value = reader.length_encoded_string();
        if (reader.ok() && field == kSignednessField) {
            apply_signedness(value, columns);
        }
    }
    return reader.ok();
}

std::string_view read_name(base::ByteReader& reader) {
    const auto name = reader.length_encoded_string();
    if (reader.u8() != 0) {
        reader.fail();
    }
    return name;
}

void read_names(base::ByteReader& reader, TableMap& map) {
    map.table_id = reader.little_endian(6);
    reader.skip(2);  // flags
    map.schema = read_name(reader);
    map.table = read_name(reader);
}

base::Failure malformed(std::string_view what, std::size_t offset) {
    return {fmt::format("malformed TABLE_MAP event: {}", what), offset};
}

base::Result<std::vector<Column>> read_columns(base::ByteReader& reader, std::string_view table) {
    const std::uint64_t count = reader.length_encoded();
    if (!reader.ok() || count > kColumnsMax) {
        return malformed("impossible number of columns", reader.position());
    }
    const auto types = reader.bytes(static_cast<std::size_t>(count));
    base::ByteReader metadata(reader.length_encoded_string());
    const auto nullable = reader.bytes((types.size() + 7) / 8);
    if (!reader.ok()) {
        return malformed("ends early", reader.position());
    }
    std::vector<Column> columns(types.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        auto& column = columns[i];
        column.type = static_cast<ColumnType>(types[i]);
        const auto type = column.type;
        if (!read_metadata(metadata, column) || !metadata.ok()) {
            return malformed(
                fmt::format("column {} of {} has type {}", i + 1, table, to_string(type)),
                reader.position()
            );
        }
        const auto byte = static_cast<unsigned char>(nullable[i / 8]);
        column.nullable = ((byte >> (i % 8)) & 1) != 0;
    }
    if (!metadata.at_end()) {
        return malformed("more metadata than columns", reader.position());
    }
    return columns;
}

}  // namespace

std::string to_string(ColumnType type) {
    switch (type) {
        case ColumnType::decimal_old:
            return "DECIMAL (old)";
        case ColumnType::tiny:
            return "TINYINT";
        case ColumnType::short_integer:
            return "SMALLINT";
        case ColumnType::long_integer:
            return "INT";
        case ColumnType::float_number:
            return "FLOAT";
        case ColumnType::double_number:
            return "DOUBLE";
        case ColumnType::null:
            return "NULL";
        case ColumnType::timestamp_old:
            return "TIMESTAMP (old)";
        case ColumnType::longlong:
            return "BIGINT";
        case ColumnType::int24:
            return "MEDIUMINT";
        case ColumnType::date:
        case ColumnType::newdate:
            return "DATE";
        case ColumnType::time_old:
            return "TIME (old)";
        case ColumnType::datetime_old:
            return "DATETIME (old)";
        case ColumnType::year:
            return "YEAR";
        case ColumnType::varchar:
        case ColumnType::var_string:
            return "VARCHAR";
        case ColumnType::bit:
            return "BIT";
        case ColumnType::timestamp2:
            return "TIMESTAMP";
        case ColumnType::datetime2:
            return "DATETIME";
        case ColumnType::time2:
            return "TIME";
        case ColumnType::typed_array:
            return "typed array";
        case ColumnType::mariadb_blob_compressed:
            return "BLOB COMPRESSED";
        case ColumnType::mariadb_varchar_compressed:
            return "VARCHAR COMPRESSED";
        case ColumnType::vector:
            return "VECTOR";
        case ColumnType::json:
            return "JSON";
        case ColumnType::newdecimal:
            return "DECIMAL";
        case ColumnType::enumeration:
            return "ENUM";
        case ColumnType::set:
            return "SET";
        case ColumnType::tiny_blob:
        case ColumnType::medium_blob:
        case ColumnType::long_blob:
        case ColumnType::blob:
            return "BLOB";
        case ColumnType::string:
            return "CHAR";
        case ColumnType::geometry:
            return "GEOMETRY";
    }
    return fmt::format("type {}", static_cast<unsigned>(type));
}

base::Result<std::uint64_t> TableMap::parse_id(std::string_view body) {
    base::ByteReader reader(body);
    const std::uint64_t id = reader.little_endian(6);
    if (!reader.ok()) {
        return malformed("too short", body.size());
    }
    return id;
}

base::Result<TableMap> TableMap::parse_names(std::string_view body) {
    base::ByteReader reader(body);
    TableMap map;
    read_names(reader, map);
    if (!reader.ok()) {
        return malformed("names do not fit", reader.position());
    }
    return map;
}

base::Result<TableMap> TableMap::parse(std::string_view body) {
    base::ByteReader reader(body);
    TableMap map;
    read_names(reader, map);
    if (!reader.ok()) {
        return malformed("names do not fit", reader.position());
    }
    auto columns = read_columns(reader, map.schema + "." + map.table);
    if (!columns) {
        return columns.failure();
    }
    map.columns = std::move(columns).value();
    if (!read_optional_metadata(reader, map.columns)) {
        return malformed("optional metadata does not fit", reader.position());
    }
    return map;
}

}  // namespace doppel::binlog
