// SPDX-License-Identifier: Apache-2.0
#include "wire/command.hpp"

#include "base/byte_writer.hpp"

#include <limits>

#include <fmt/format.h>

namespace doppel::wire {

namespace {

constexpr std::uint8_t kComQuit = 0x01;
constexpr std::uint8_t kComQuery = 0x03;
constexpr std::uint8_t kComBinlogDump = 0x12;
constexpr std::uint8_t kComRegisterReplica = 0x15;
constexpr std::uint8_t kComBinlogDumpGtid = 0x1e;

}  // namespace

std::string com_quit() {
    return std::move(base::ByteWriter().u8(kComQuit)).str();
}

std::string com_query(std::string_view statement) {
    return std::move(base::ByteWriter().u8(kComQuery).bytes(statement)).str();
}

std::string com_register_replica(const ReplicaRegistration& registration) {
    constexpr std::size_t kMaxHostBytes = 255;
    const auto host = registration.host.substr(0, kMaxHostBytes);
    base::ByteWriter out;
    out.u8(kComRegisterReplica).u32(registration.server_id);
    out.u8(static_cast<std::uint8_t>(host.size())).bytes(host);
    out.u8(0).u8(0);  // user and password: only for display, never ours
    out.u16(registration.port);
    out.u32(0).u32(0);  // rank, which servers ignore, and the source's id, which they fill in
    return std::move(out).str();
}

base::Result<std::string> com_binlog_dump(
    const mysql::FileOffset& from, std::uint32_t server_id, std::uint16_t flags
) {
    if (from.offset > std::numeric_limits<std::uint32_t>::max()) {
        return base::Failure{
            fmt::format("the position {} is beyond 4 GiB, where a dump cannot start", from.str()),
            0};
    }
    base::ByteWriter out;
    out.u8(kComBinlogDump).u32(static_cast<std::uint32_t>(from.offset)).u16(flags).u32(server_id);
    out.bytes(from.file);
    return std::move(out).str();
}

std::string com_binlog_dump_gtid(
    std::string_view gtid_set, std::uint32_t server_id, std::uint16_t flags
) {
    constexpr std::uint64_t kFirstEvent = 4;
    base::ByteWriter out;
    out.u8(kComBinlogDumpGtid).u16(flags).u32(server_id);
    out.u32(0).u64(kFirstEvent);  // no file name: the set alone decides
    out.u32(static_cast<std::uint32_t>(gtid_set.size())).bytes(gtid_set);
    return std::move(out).str();
}

}  // namespace doppel::wire
