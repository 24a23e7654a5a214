// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_writer.hpp"
#include "binlog/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace doppel::binlog::test {

/// The bytes of an event without a checksum.
inline std::string make_event(
    EventType type, std::string_view body, std::uint32_t end_position = 0, std::uint16_t flags = 0
) {
    base::ByteWriter writer;
    writer.u32(1'700'000'000).u8(static_cast<std::uint8_t>(type)).u32(1);
    writer.u32(static_cast<std::uint32_t>(kEventHeaderBytes + body.size()));
    writer.u32(end_position).u16(flags).bytes(body);
    return std::move(writer).str();
}

inline std::string make_format_description(std::uint32_t created = 0) {
    std::string lengths(42, '\0');
    const auto set = [&](EventType type, int bytes) {
        lengths[static_cast<std::size_t>(type) - 1] = static_cast<char>(bytes);
    };
    set(EventType::query, 13);
    set(EventType::rotate, 8);
    set(EventType::table_map, 8);
    set(EventType::write_rows, 10);
    set(EventType::update_rows, 10);
    set(EventType::delete_rows, 10);
    base::ByteWriter writer;
    writer.u16(4).bytes("9.7.0").zeros(45).u32(created).u8(kEventHeaderBytes).bytes(lengths);
    writer.u8(0).u32(0);  // no checksum, and room for one
    return make_event(EventType::format_description, writer.str());
}

inline std::string make_rotate(std::string_view file, std::uint64_t offset = 4) {
    base::ByteWriter writer;
    writer.u64(offset).bytes(file);
    return make_event(EventType::rotate, writer.str(), 0, EventHeader::kFlagArtificial);
}

inline std::string make_gtid(std::uint64_t number, std::uint32_t end_position = 0) {
    base::ByteWriter writer;
    writer.u8(0).bytes("0123456789abcdef").u64(number);
    return make_event(EventType::gtid, writer.str(), end_position);
}

inline std::string make_query(std::string_view text, std::uint32_t end_position = 0) {
    base::ByteWriter writer;
    writer.u32(77).u32(0).u8(1).u16(0).u16(0).nul_terminated("s").bytes(text);
    return make_event(EventType::query, writer.str(), end_position);
}

inline std::string make_xid(std::uint32_t end_position = 0) {
    return make_event(EventType::xid, std::string(8, '\1'), end_position);
}

/// A table "s.NAME" of two INT columns.
inline std::string make_table_map(std::uint64_t id, std::string_view name, bool third = false) {
    base::ByteWriter writer;
    writer.little_endian(id, 6).u16(1).u8(1).nul_terminated("s");
    writer.u8(static_cast<std::uint8_t>(name.size())).nul_terminated(name);
    writer.u8(third ? 3 : 2).bytes(third ? "\x03\x03\x03" : "\x03\x03").u8(0).u8(0);
    return make_event(EventType::table_map, writer.str());
}

/// An insert of (id, value) into such a table.
inline std::string make_insert(std::uint64_t table, std::uint32_t id, std::uint32_t value = 0) {
    base::ByteWriter writer;
    writer.little_endian(table, 6).u16(1).u16(2).u8(2).u8(0xff).u8(0).u32(id).u32(value);
    return make_event(EventType::write_rows, writer.str());
}

}  // namespace doppel::binlog::test
