// SPDX-License-Identifier: Apache-2.0
#include "bench/micro/tables.hpp"

#include "base/byte_writer.hpp"

#include <utility>

namespace doppel::bench {
namespace {

using binlog::EventType;

constexpr std::uint16_t kTextBytesMax = 4 * 80;

std::string uuid_of(std::uint32_t number) {
    // Spread as the bytes of a UUID are; without NULs at the end, which the row image lacks.
    base::ByteWriter writer;
    const std::uint64_t spread = (std::uint64_t{number} + 1) * 0x9e3779b97f4a7c15ULL;
    writer.big_endian(spread, 8).big_endian(spread ^ 0x5555555555555555ULL, 7).u8(0x17);
    return std::move(writer).str();
}

std::string name_of(std::size_t column) {
    return "c" + std::to_string(column);
}

}  // namespace

SampleTable::SampleTable(std::vector<Kind> columns, std::size_t key_columns, std::size_t text_bytes)
    : columns_(std::move(columns)),
      key_columns_(key_columns),
      text_bytes_(columns_.size(), text_bytes) {}

SampleTable SampleTable::sysbench() {
    SampleTable table({Kind::integer, Kind::integer, Kind::text, Kind::text}, 1);
    table.text_bytes_[2] = 119;
    table.text_bytes_[3] = 59;
    return table;
}

SampleTable SampleTable::narrow() {
    return {{Kind::integer, Kind::integer}, 1};
}

SampleTable SampleTable::wide() {
    std::vector<Kind> columns{Kind::integer};
    for (std::size_t i = 0; i < 13; ++i) {
        columns.insert(columns.end(), {Kind::integer, Kind::integer, Kind::text});
    }
    return {columns, 1, 34};
}

SampleTable SampleTable::composite() {
    return {{Kind::integer, Kind::text, Kind::integer}, 2};
}

SampleTable SampleTable::binary() {
    return {{Kind::binary16, Kind::integer}, 1};
}

std::string SampleTable::table_map(std::uint64_t id, std::string_view name) const {
    base::ByteWriter types;
    base::ByteWriter metadata;
    for (const Kind kind : columns_) {
        switch (kind) {
            case Kind::integer:
                types.u8(3);
                break;
            case Kind::text:
                types.u8(15);
                metadata.u16(kTextBytesMax);
                break;
            case Kind::binary16:
                types.u8(254);
                metadata.u8(254).u8(16);
                break;
        }
    }
    base::ByteWriter writer;
    writer.little_endian(id, 6).u16(1).u8(4).nul_terminated("shop");
    writer.u8(static_cast<std::uint8_t>(name.size())).nul_terminated(name);
    writer.length_encoded(columns_.size()).bytes(types.str());
    writer.length_encoded_string(metadata.str()).zeros((columns_.size() + 7) / 8);
    return std::move(writer).str();
}

std::string SampleTable::text(std::uint32_t number, std::size_t column) const {
    std::string value = std::to_string(number);
    value.resize(text_bytes_[column], 'x');
    return value;
}

std::string SampleTable::image(std::uint32_t number, std::uint32_t version) const {
    base::ByteWriter writer;
    writer.zeros((columns_.size() + 7) / 8);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        switch (columns_[i]) {
            case Kind::integer:
                writer.u32(i < key_columns_ ? number : number + version);
                break;
            case Kind::text:
                writer.u16(static_cast<std::uint16_t>(text_bytes_[i])).bytes(text(number, i));
                break;
            case Kind::binary16:
                writer.u8(16).bytes(uuid_of(number));
                break;
        }
    }
    return std::move(writer).str();
}

std::string SampleTable::rows(
    EventType type, std::uint64_t id, std::uint32_t first, std::size_t count
) const {
    const std::string bitmap((columns_.size() + 7) / 8, '\xff');
    const bool update = type == EventType::update_rows;
    base::ByteWriter writer;
    writer.little_endian(id, 6).u16(1).u16(2).length_encoded(columns_.size()).bytes(bitmap);
    if (update) {
        writer.bytes(bitmap);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        writer.bytes(image(first + i, 0));
        if (update) {
            writer.bytes(image(first + i, 1));
        }
    }
    return std::move(writer).str();
}

mysql::Key SampleTable::key(std::uint32_t number) const {
    mysql::Key key;
    for (std::size_t i = 0; i < key_columns_; ++i) {
        switch (columns_[i]) {
            case Kind::integer:
                mysql::KeyShape::append_signed(key.bytes, number);
                break;
            case Kind::text:
                mysql::KeyShape::append_opaque(key.bytes, text(number, i));
                break;
            case Kind::binary16:
                mysql::KeyShape::append_binary(key.bytes, uuid_of(number), 16);
                break;
        }
    }
    return key;
}

mysql::KeyShape SampleTable::shape() const {
    std::vector<mysql::KeyColumn> columns;
    for (std::size_t i = 0; i < key_columns_; ++i) {
        mysql::KeyColumn column;
        column.name = name_of(i);
        if (columns_[i] == Kind::text) {
            column.kind = mysql::KeyKind::text;
            column.charset = "utf8mb4";
            column.collation = "utf8mb4_0900_ai_ci";
        } else if (columns_[i] == Kind::binary16) {
            column.kind = mysql::KeyKind::binary_string;
            column.fixed_length_bytes = 16;
        }
        columns.push_back(std::move(column));
    }
    return mysql::KeyShape(std::move(columns));
}

mysql::TablePair SampleTable::pair() const {
    mysql::KeyPlaces places;
    for (std::size_t i = 0; i < key_columns_; ++i) {
        places.emplace_back(name_of(i));
    }
    std::string list;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        list += (i == 0 ? "`" : ", `") + name_of(i) + "`";
    }
    return {
        {"shop", "t"},
        {"shop", "_t_new"},
        {"shop", "_t_doppel"},
        "PRIMARY",
        shape(),
        places,
        places,
        list,
        list};
}

std::vector<schema::Column> SampleTable::columns() const {
    std::vector<schema::Column> columns;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        schema::Column column;
        column.name = name_of(i);
        column.ordinal = i;
        column.data_type = columns_[i] == Kind::integer ? "int"
                           : columns_[i] == Kind::text  ? "varchar"
                                                        : "binary";
        column.type = column.data_type;
        columns.push_back(std::move(column));
    }
    return columns;
}

std::vector<std::size_t> SampleTable::ordinals() const {
    std::vector<std::size_t> ordinals;
    for (std::size_t i = 0; i < key_columns_; ++i) {
        ordinals.push_back(i);
    }
    return ordinals;
}

}  // namespace doppel::bench
