// SPDX-License-Identifier: Apache-2.0
#include "binlog/row_image.hpp"

#include "base/byte_reader.hpp"

namespace doppel::binlog {
namespace {

bool bit_is_set(std::string_view bits, std::size_t index) {
    return ((static_cast<unsigned char>(bits[index / 8]) >> (index % 8)) & 1) != 0;
}

std::uint8_t length_bytes(std::uint16_t longest) {
    return longest < 256 ? 1 : 2;
}

std::uint32_t fraction_bytes(std::uint16_t digits) {
    return (std::uint32_t{digits} + 1) / 2;
}

/// Packed decimal: 4 bytes per 9 digits on each side of the point, fewer for a rest
/// (strings/decimal.cc: decimal_bin_size).
std::uint32_t decimal_bytes(const Column& column) {
    constexpr std::uint32_t kRest[9] = {0, 1, 1, 2, 2, 3, 3, 4, 4};
    const std::uint32_t whole = std::uint32_t{column.length} - column.scale;
    const std::uint32_t fraction = column.scale;
    return whole / 9 * 4 + kRest[whole % 9] + fraction / 9 * 4 + kRest[fraction % 9];
}

/// Bytes of a value, or of the length before it.
struct ValueSize {
    std::uint32_t fixed = 0;
    std::uint8_t prefix = 0;
};

ValueSize size_of(const Column& column) {
    switch (column.type) {
        case ColumnType::tiny:
        case ColumnType::year:
            return {1, 0};
        case ColumnType::short_integer:
            return {2, 0};
        case ColumnType::int24:
        case ColumnType::date:
        case ColumnType::newdate:
        case ColumnType::time_old:
            return {3, 0};
        case ColumnType::long_integer:
        case ColumnType::timestamp_old:
            return {4, 0};
        case ColumnType::longlong:
        case ColumnType::datetime_old:
            return {8, 0};
        case ColumnType::time2:
            return {3 + fraction_bytes(column.length), 0};
        case ColumnType::timestamp2:
            return {4 + fraction_bytes(column.length), 0};
        case ColumnType::datetime2:
            return {5 + fraction_bytes(column.length), 0};
        case ColumnType::newdecimal:
            return {decimal_bytes(column), 0};
        case ColumnType::float_number:
        case ColumnType::double_number:
        case ColumnType::bit:
        case ColumnType::enumeration:
        case ColumnType::set:
            return {column.length, 0};
        case ColumnType::varchar:
        case ColumnType::var_string:
        case ColumnType::mariadb_varchar_compressed:
        case ColumnType::string:
            return {0, length_bytes(column.length)};
        case ColumnType::tiny_blob:
        case ColumnType::medium_blob:
        case ColumnType::long_blob:
        case ColumnType::blob:
        case ColumnType::mariadb_blob_compressed:
        case ColumnType::json:
        case ColumnType::geometry:
        case ColumnType::vector:
            return {0, static_cast<std::uint8_t>(column.length)};
        case ColumnType::null:
        case ColumnType::decimal_old:
        case ColumnType::typed_array:
            return {0, 0};
    }
    return {0, 0};
}

std::size_t read_prefix(std::string_view bytes, std::uint8_t width) {
    std::size_t length = 0;
    for (std::uint8_t i = 0; i < width; ++i) {
        length |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return length;
}

bool is_v1(EventType type) {
    switch (type) {
        case EventType::write_rows_v1:
        case EventType::update_rows_v1:
        case EventType::delete_rows_v1:
        case EventType::mariadb_write_rows_compressed_v1:
        case EventType::mariadb_update_rows_compressed_v1:
        case EventType::mariadb_delete_rows_compressed_v1:
            return true;
        default:
            return false;
    }
}

RowChange change_of(EventType type) {
    switch (type) {
        case EventType::write_rows_v1:
        case EventType::write_rows:
        case EventType::mariadb_write_rows_compressed_v1:
        case EventType::mariadb_write_rows_compressed:
            return RowChange::insert;
        case EventType::delete_rows_v1:
        case EventType::delete_rows:
        case EventType::mariadb_delete_rows_compressed_v1:
        case EventType::mariadb_delete_rows_compressed:
            return RowChange::remove;
        default:
            return RowChange::update;
    }
}

}  // namespace

const char* to_string(RowChange change) {
    switch (change) {
        case RowChange::insert:
            return "insert";
        case RowChange::update:
            return "update";
        case RowChange::remove:
            return "delete";
    }
    return "";
}

RowWalker::RowWalker(const TableMap& table, const std::vector<std::size_t>& picked) {
    columns_.reserve(table.columns.size());
    for (const auto& column : table.columns) {
        const auto size = size_of(column);
        columns_.push_back(Step{size.fixed, size.prefix, -1});
        json_columns_ += column.type == ColumnType::json ? 1U : 0U;
    }
    for (std::size_t i = 0; i < picked.size(); ++i) {
        columns_[picked[i]].slot = static_cast<std::int32_t>(i);
    }
}

// An image is a bitmap with one bit per present column (1: NULL), then the values that are not NULL
// in the order of the columns.
bool RowWalker::next(
    std::string_view& rows, std::string_view present, std::vector<PickedValue>& values
) const {
    if (present.size() * 8 < columns_.size()) {
        return false;
    }
    std::size_t present_count = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        present_count += bit_is_set(present, i) ? 1U : 0U;
    }
    const std::size_t null_bytes = (present_count + 7) / 8;
    if (rows.size() < null_bytes) {
        return false;
    }
    const auto nulls = rows.substr(0, null_bytes);
    std::size_t at = null_bytes;
    std::size_t null_index = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (!bit_is_set(present, i)) {
            continue;
        }
        const Step& step = columns_[i];
        if (bit_is_set(nulls, null_index++)) {
            if (step.slot >= 0) {
                values[static_cast<std::size_t>(step.slot)] = {PickedValue::State::null, {}};
            }
            continue;
        }
        std::size_t length = step.fixed_bytes;
        if (step.prefix_bytes > 0) {
            if (rows.size() - at < step.prefix_bytes) {
                return false;
            }
            length = read_prefix(rows.substr(at), step.prefix_bytes);
            at += step.prefix_bytes;
        }
        if (rows.size() - at < length) {
            return false;
        }
        if (step.slot >= 0) {
            values[static_cast<std::size_t>(step.slot)] = {
                PickedValue::State::present, rows.substr(at, length)};
        }
        at += length;
    }
    rows.remove_prefix(at);
    return true;
}

base::Result<std::uint64_t> parse_rows_table_id(std::string_view body) {
    base::ByteReader reader(body);
    const std::uint64_t id = reader.little_endian(6);
    if (!reader.ok()) {
        return base::Failure{"malformed row event: too short", body.size()};
    }
    return id;
}

base::Result<RowsHeader> parse_rows_header(EventType type, std::string_view body) {
    constexpr std::uint64_t kColumnsMax = 4096;
    base::ByteReader reader(body);
    RowsHeader header;
    header.table_id = reader.little_endian(6);
    header.flags = reader.u16();
    if (!is_v1(type)) {
        const std::size_t extra_bytes = reader.u16();  // counts itself
        reader.skip(extra_bytes >= 2 ? extra_bytes - 2 : body.size());
    }
    const std::uint64_t columns = reader.length_encoded();
    if (!reader.ok() || columns > kColumnsMax) {
        return base::Failure{"malformed row event: header does not fit", reader.position()};
    }
    header.column_count = static_cast<std::size_t>(columns);
    header.change = change_of(type);
    header.partial_json = type == EventType::partial_update_rows;
    const std::size_t bitmap_bytes = (header.column_count + 7) / 8;
    const auto first = reader.bytes(bitmap_bytes);
    header.before_columns = first;
    header.after_columns = header.change == RowChange::update ? reader.bytes(bitmap_bytes) : first;
    if (!reader.ok()) {
        return base::Failure{"malformed row event: header does not fit", reader.position()};
    }
    header.rows = reader.rest();
    return header;
}

}  // namespace doppel::binlog
