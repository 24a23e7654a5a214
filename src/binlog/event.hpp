// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace doppel::binlog {

/// Event type codes (libs/mysql/binlog/event/binlog_event.h: Log_event_type; from 160 on
/// MariaDB's sql/log_event.h). Codes that are not named here are valid values too.
enum class EventType : std::uint8_t {
    unknown = 0,
    query = 2,
    stop = 3,
    rotate = 4,
    intvar = 5,
    append_block = 9,
    delete_file = 11,
    rand = 13,
    user_var = 14,
    format_description = 15,
    xid = 16,
    begin_load_query = 17,
    execute_load_query = 18,
    table_map = 19,
    write_rows_v1 = 23,
    update_rows_v1 = 24,
    delete_rows_v1 = 25,
    incident = 26,
    heartbeat = 27,
    ignorable = 28,
    rows_query = 29,
    write_rows = 30,
    update_rows = 31,
    delete_rows = 32,
    gtid = 33,
    anonymous_gtid = 34,
    previous_gtids = 35,
    transaction_context = 36,
    view_change = 37,
    xa_prepare = 38,
    partial_update_rows = 39,
    transaction_payload = 40,
    heartbeat_v2 = 41,
    gtid_tagged = 42,
    mariadb_annotate_rows = 160,
    mariadb_binlog_checkpoint = 161,
    mariadb_gtid = 162,
    mariadb_gtid_list = 163,
    mariadb_start_encryption = 164,
    mariadb_query_compressed = 165,
    mariadb_write_rows_compressed_v1 = 166,
    mariadb_update_rows_compressed_v1 = 167,
    mariadb_delete_rows_compressed_v1 = 168,
    mariadb_write_rows_compressed = 169,
    mariadb_update_rows_compressed = 170,
    mariadb_delete_rows_compressed = 171,
};

/// "TABLE_MAP"; "OTHER" for a code without a name. Static storage.
[[nodiscard]] std::string_view to_string(EventType type);

/// Whether events carry a CRC32 behind their body.
enum class Checksum : std::uint8_t { none = 0, crc32 = 1 };

inline constexpr std::size_t kEventHeaderBytes = 19;
inline constexpr std::size_t kChecksumBytes = 4;
/// The largest event a server writes (binlog_event.h: max_log_event_size) with room for its header.
inline constexpr std::size_t kEventBytesMax = (std::size_t{1} << 30) + (std::size_t{1} << 20);

/// The common header of every event (binlog_event.h: "Common-Header").
struct EventHeader {
    static constexpr std::uint16_t kFlagInUse = 0x0001;
    static constexpr std::uint16_t kFlagArtificial = 0x0020;
    static constexpr std::uint16_t kFlagIgnorable = 0x0080;

    std::uint32_t timestamp = 0;  ///< seconds since 1970, of the statement's start; 0: artificial
    EventType type = EventType::unknown;
    std::uint32_t server_id = 0;
    std::uint32_t size = 0;              ///< header, body and checksum, in bytes
    std::uint32_t end_log_position = 0;  ///< offset behind the event modulo 2^32; 0: not in a file
    std::uint16_t flags = 0;

    [[nodiscard]] bool ignorable() const noexcept { return (flags & kFlagIgnorable) != 0; }
    [[nodiscard]] bool artificial() const noexcept {
        return (flags & kFlagArtificial) != 0 || end_log_position == 0;
    }
};

/// One event without a copy: `body` is what lies between header and checksum and lives as long as
/// the bytes it was parsed from.
struct Event {
    EventHeader header;
    std::string_view body;
    bool inside_payload = false;  ///< from a TRANSACTION_PAYLOAD: its position means nothing

    [[nodiscard]] EventType type() const noexcept { return header.type; }
};

/// The header alone. Fails below 19 bytes or when the size field is below that.
[[nodiscard]] base::Result<EventHeader> parse_header(std::string_view bytes);

/// A whole event. `checksum` as the last FORMAT_DESCRIPTION said; nothing when none was seen yet,
/// then a fitting CRC32 at the end counts as one. A FORMAT_DESCRIPTION is checked by its own
/// algorithm field. Fails when the size field differs from the size of `bytes` or the CRC32 is
/// wrong.
[[nodiscard]] base::Result<Event> parse_event(
    std::string_view bytes, std::optional<Checksum> checksum
);

}  // namespace doppel::binlog
