// SPDX-License-Identifier: Apache-2.0
#include "binlog/event.hpp"

#include "base/byte_reader.hpp"
#include "binlog/crc32.hpp"

#include <string>

namespace doppel::binlog {
namespace {

constexpr std::size_t kFlagsOffset = 17;

/// The checksum of an event. LOG_EVENT_BINLOG_IN_USE_F of a FORMAT_DESCRIPTION changes after the
/// event was written and counts as 0 (sql/log_event.cc: Log_event_footer::event_checksum_test).
bool checksum_fits(std::string_view bytes, EventType type) {
    const auto covered = bytes.substr(0, bytes.size() - kChecksumBytes);
    base::ByteReader stored(bytes.substr(covered.size()));
    std::uint32_t crc = 0;
    if (type == EventType::format_description) {
        const char flags = static_cast<char>(
            static_cast<unsigned char>(covered[kFlagsOffset]) & ~EventHeader::kFlagInUse
        );
        crc = crc32_of(covered.substr(0, kFlagsOffset));
        crc = crc32_of(std::string_view(&flags, 1), crc);
        crc = crc32_of(covered.substr(kFlagsOffset + 1), crc);
    } else {
        crc = crc32_of(covered);
    }
    return crc == stored.u32();
}

/// A FORMAT_DESCRIPTION has room for a checksum in any case; its last body byte is the algorithm.
base::Result<Checksum> own_checksum(std::string_view bytes) {
    if (bytes.size() < kEventHeaderBytes + 1 + kChecksumBytes) {
        return base::Failure{"FORMAT_DESCRIPTION is too short", bytes.size()};
    }
    const auto algorithm = static_cast<unsigned char>(bytes[bytes.size() - kChecksumBytes - 1]);
    if (algorithm > 1) {
        return base::Failure{
            "unknown checksum algorithm " + std::to_string(algorithm),
            bytes.size() - kChecksumBytes - 1};
    }
    return static_cast<Checksum>(algorithm);
}

}  // namespace

std::string_view to_string(EventType type) {
    switch (type) {
        case EventType::unknown:
            return "UNKNOWN";
        case EventType::query:
            return "QUERY";
        case EventType::stop:
            return "STOP";
        case EventType::rotate:
            return "ROTATE";
        case EventType::intvar:
            return "INTVAR";
        case EventType::append_block:
            return "APPEND_BLOCK";
        case EventType::delete_file:
            return "DELETE_FILE";
        case EventType::rand:
            return "RAND";
        case EventType::user_var:
            return "USER_VAR";
        case EventType::format_description:
            return "FORMAT_DESCRIPTION";
        case EventType::xid:
            return "XID";
        case EventType::begin_load_query:
            return "BEGIN_LOAD_QUERY";
        case EventType::execute_load_query:
            return "EXECUTE_LOAD_QUERY";
        case EventType::table_map:
            return "TABLE_MAP";
        case EventType::write_rows_v1:
            return "WRITE_ROWS_V1";
        case EventType::update_rows_v1:
            return "UPDATE_ROWS_V1";
        case EventType::delete_rows_v1:
            return "DELETE_ROWS_V1";
        case EventType::incident:
            return "INCIDENT";
        case EventType::heartbeat:
            return "HEARTBEAT";
        case EventType::ignorable:
            return "IGNORABLE";
        case EventType::rows_query:
            return "ROWS_QUERY";
        case EventType::write_rows:
            return "WRITE_ROWS";
        case EventType::update_rows:
            return "UPDATE_ROWS";
        case EventType::delete_rows:
            return "DELETE_ROWS";
        case EventType::gtid:
            return "GTID";
        case EventType::anonymous_gtid:
            return "ANONYMOUS_GTID";
        case EventType::previous_gtids:
            return "PREVIOUS_GTIDS";
        case EventType::transaction_context:
            return "TRANSACTION_CONTEXT";
        case EventType::view_change:
            return "VIEW_CHANGE";
        case EventType::xa_prepare:
            return "XA_PREPARE";
        case EventType::partial_update_rows:
            return "PARTIAL_UPDATE_ROWS";
        case EventType::transaction_payload:
            return "TRANSACTION_PAYLOAD";
        case EventType::heartbeat_v2:
            return "HEARTBEAT_V2";
        case EventType::gtid_tagged:
            return "GTID_TAGGED";
        case EventType::mariadb_annotate_rows:
            return "ANNOTATE_ROWS";
        case EventType::mariadb_binlog_checkpoint:
            return "BINLOG_CHECKPOINT";
        case EventType::mariadb_gtid:
            return "MARIADB_GTID";
        case EventType::mariadb_gtid_list:
            return "GTID_LIST";
        case EventType::mariadb_start_encryption:
            return "START_ENCRYPTION";
        case EventType::mariadb_query_compressed:
            return "QUERY_COMPRESSED";
        case EventType::mariadb_write_rows_compressed_v1:
            return "WRITE_ROWS_COMPRESSED_V1";
        case EventType::mariadb_update_rows_compressed_v1:
            return "UPDATE_ROWS_COMPRESSED_V1";
        case EventType::mariadb_delete_rows_compressed_v1:
            return "DELETE_ROWS_COMPRESSED_V1";
        case EventType::mariadb_write_rows_compressed:
            return "WRITE_ROWS_COMPRESSED";
        case EventType::mariadb_update_rows_compressed:
            return "UPDATE_ROWS_COMPRESSED";
        case EventType::mariadb_delete_rows_compressed:
            return "DELETE_ROWS_COMPRESSED";
    }
    return "OTHER";
}

base::Result<EventHeader> parse_header(std::string_view bytes) {
    base::ByteReader reader(bytes);
    EventHeader header;
    header.timestamp = reader.u32();
    header.type = static_cast<EventType>(reader.u8());
    header.server_id = reader.u32();
    header.size = reader.u32();
    header.end_log_position = reader.u32();
    header.flags = reader.u16();
    if (!reader.ok()) {
        return base::Failure{"an event is shorter than its header", bytes.size()};
    }
    if (header.size < kEventHeaderBytes || header.size > kEventBytesMax) {
        return base::Failure{"an event has the impossible size " + std::to_string(header.size), 9};
    }
    return header;
}

base::Result<Event> parse_event(std::string_view bytes, std::optional<Checksum> checksum) {
    const auto header = parse_header(bytes);
    if (!header) {
        return header.failure();
    }
    if (header->size != bytes.size()) {
        return base::Failure{
            std::string(to_string(header->type)) + " event says " + std::to_string(header->size) +
                " bytes but has " + std::to_string(bytes.size()),
            9};
    }
    const bool description = header->type == EventType::format_description;
    if (description) {
        const auto own = own_checksum(bytes);
        if (!own) {
            return own.failure();
        }
        checksum = *own;
    }
    const bool has_room = bytes.size() >= kEventHeaderBytes + kChecksumBytes;
    const bool fits = checksum != Checksum::none && has_room && checksum_fits(bytes, header->type);
    if (checksum == Checksum::crc32 && !fits) {
        return base::Failure{
            std::string(to_string(header->type)) + " event has a wrong checksum", bytes.size()};
    }
    const std::size_t trailer = fits || description ? kChecksumBytes : 0;
    Event event;
    event.header = *header;
    event.body = bytes.substr(kEventHeaderBytes, bytes.size() - kEventHeaderBytes - trailer);
    return event;
}

}  // namespace doppel::binlog
