// SPDX-License-Identifier: Apache-2.0
#include "bench/micro/dump.hpp"

#include "base/byte_writer.hpp"
#include "wire/packet.hpp"

#include <stdexcept>
#include <utility>

#include <zlib.h>
#include <zstd.h>

namespace doppel::bench {
namespace {

using binlog::EventType;

constexpr std::uint32_t kTimestamp = 1'700'000'000;

std::string with_header(
    EventType type,
    std::string_view body,
    std::size_t trailer,
    std::uint32_t position,
    std::uint16_t flags
) {
    const auto size = static_cast<std::uint32_t>(binlog::kEventHeaderBytes + body.size() + trailer);
    base::ByteWriter writer;
    writer.u32(flags == 0 ? kTimestamp : 0).u8(static_cast<std::uint8_t>(type)).u32(1).u32(size);
    writer.u32(flags == 0 ? position + size : 0).u16(flags).bytes(body);
    return std::move(writer).str();
}

std::string format_description() {
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
    writer.u16(4).bytes("8.0.30").zeros(44).u32(0).u8(binlog::kEventHeaderBytes).bytes(lengths);
    writer.u8(1);  // checksums
    return std::move(writer).str();
}

std::string query_begin() {
    base::ByteWriter status;
    status.u8(0).u32(0).u8(1).u64(0x4516a00000).u8(6).u8(3).bytes("std");
    status.u8(4).u16(255).u16(255).u16(255);
    base::ByteWriter writer;
    writer.u32(77).u32(0).u8(4).u16(0).u16(static_cast<std::uint16_t>(status.str().size()));
    writer.bytes(status.str()).nul_terminated("shop").bytes("BEGIN");
    return std::move(writer).str();
}

std::string xid() {
    return std::string(8, '\1');
}

}  // namespace

Dump::Dump() {
    base::ByteWriter rotate;
    rotate.u64(4).bytes("binlog.000001");
    constexpr std::uint16_t kArtificial = 0x20;
    finish_event(with_header(EventType::rotate, rotate.str(), 4, 0, kArtificial));
    add(EventType::format_description, format_description());
}

void Dump::finish_event(std::string event) {
    const auto* data = reinterpret_cast<const Bytef*>(event.data());
    const auto crc = static_cast<std::uint32_t>(::crc32(0, data, static_cast<uInt>(event.size())));
    base::ByteWriter trailer;
    event += trailer.u32(crc).str();
    bytes_ += event.size();
    events_.push_back(std::move(event));
}

void Dump::add(EventType type, std::string_view body) {
    auto event = with_header(type, body, 4, position_, 0);
    position_ += static_cast<std::uint32_t>(event.size() + 4);
    finish_event(std::move(event));
}

void Dump::add_gtid() {
    ++gtid_;
    base::ByteWriter writer;
    writer.u8(0).bytes("0123456789abcdef").u64(gtid_).u8(2).u64(gtid_ - 1).u64(gtid_);
    writer.little_endian(1'700'000'000'000'000, 7).length_encoded(70'000).u32(80'030);
    add(EventType::gtid, writer.str());
}

void Dump::begin() {
    add_gtid();
    add(EventType::query, query_begin());
}

void Dump::commit() {
    add(EventType::xid, xid());
}

void Dump::add_compressed(const std::vector<std::pair<EventType, std::string>>& events) {
    std::string inner = with_header(EventType::query, query_begin(), 0, 0, 0);
    for (const auto& [type, body] : events) {
        inner += with_header(type, body, 0, 0, 0);
    }
    inner += with_header(EventType::xid, xid(), 0, 0, 0);
    std::string compressed(ZSTD_compressBound(inner.size()), '\0');
    const std::size_t size =
        ZSTD_compress(compressed.data(), compressed.size(), inner.data(), inner.size(), 3);
    if (ZSTD_isError(size) != 0) {
        throw std::runtime_error(ZSTD_getErrorName(size));
    }
    compressed.resize(size);
    const auto field = [](base::ByteWriter& writer, std::uint64_t type, std::uint64_t value) {
        base::ByteWriter encoded;
        encoded.length_encoded(value);
        writer.length_encoded(type).length_encoded_string(encoded.str());
    };
    base::ByteWriter body;
    field(body, 2, 0);
    field(body, 3, inner.size());
    field(body, 1, size);
    body.u8(0).bytes(compressed);
    add_gtid();
    add(EventType::transaction_payload, body.str());
}

std::string Dump::packets() const {
    std::string packets;
    packets.reserve(bytes_ + events_.size() * (wire::kFrameHeaderBytes + 1));
    std::uint8_t sequence = 1;
    std::string payload;
    for (const auto& event : events_) {
        payload.assign(1, '\0');
        payload += event;
        packets += wire::frame_packet(payload, sequence).view();
    }
    return packets;
}

}  // namespace doppel::bench
