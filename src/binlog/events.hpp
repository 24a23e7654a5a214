// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "binlog/event.hpp"
#include "mysql/binlog_position.hpp"
#include "mysql/gtid_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::binlog {

// Bodies of the events that are not about rows. Views live as long as the body. Layouts:
// libs/mysql/binlog/event/control_events.h and statement_events.h of MySQL, sql/log_event.h of
// MariaDB.

/// FORMAT_DESCRIPTION_EVENT: opens every file and tells how the events after it look.
struct FormatDescription {
    std::uint16_t binlog_version = 0;  ///< always 4
    std::string_view server_version;
    std::uint32_t created = 0;  ///< not 0: the server was started with this file
    Checksum checksum = Checksum::none;

    /// Fails for another binlog version, an unknown checksum algorithm, or header lengths of table
    /// map, row and query events that differ from those of MySQL 5.6 and later.
    static base::Result<FormatDescription> parse(std::string_view body);
};

/// ROTATE_EVENT: the events after it are from `next`.
struct RotateEvent {
    std::string_view file;
    std::uint64_t offset = 4;
    static base::Result<RotateEvent> parse(std::string_view body);
};

/// GTID_LOG_EVENT, ANONYMOUS_GTID_LOG_EVENT, GTID_TAGGED_LOG_EVENT.
struct GtidEvent {
    std::optional<mysql::Gtid> gtid;  ///< nothing for anonymous
    std::uint8_t flags = 0;           ///< 1: may hold statement-format changes
    std::uint64_t last_committed = 0;
    std::uint64_t sequence_number = 0;
    std::uint64_t commit_timestamp_us = 0;  ///< of the server that sends; 0: not told
    std::uint64_t transaction_bytes = 0;    ///< with this event; 0: not told

    static base::Result<GtidEvent> parse(EventType type, std::string_view body);
};

/// GTID_EVENT of MariaDB: also stands for BEGIN unless `standalone`.
struct MariadbGtidEvent {
    std::uint64_t sequence = 0;
    std::uint32_t domain = 0;
    bool standalone = false;  ///< the group is the one event that follows
    static base::Result<MariadbGtidEvent> parse(std::string_view body);
};

/// QUERY_EVENT and EXECUTE_LOAD_QUERY_EVENT.
struct QueryEvent {
    std::uint32_t thread_id = 0;
    std::uint16_t error_code = 0;
    std::uint16_t charset = 0;   ///< id of a collation of the text's character set; 0: not told
    std::uint64_t sql_mode = 0;  ///< bits as the server numbers them
    std::string_view schema;
    std::string_view text;

    static base::Result<QueryEvent> parse(EventType type, std::string_view body);
};

/// XA_PREPARE_LOG_EVENT.
struct XaPrepareEvent {
    bool one_phase = false;  ///< XA COMMIT .. ONE PHASE: committed by this event
    std::string xid;         ///< X'..',X'..',1 as in the QUERY events of XA; see normal_xid
    static base::Result<XaPrepareEvent> parse(std::string_view body);
};

/// The XID of a QUERY event of XA as XaPrepareEvent has it: in upper case, and of the format's
/// number the 32 bits that the XA_PREPARE event has room for.
[[nodiscard]] std::string normal_xid(std::string_view text);

/// HEARTBEAT_LOG_EVENT and HEARTBEAT_LOG_EVENT_V2: where the dump thread waits.
struct HeartbeatEvent {
    std::string_view file;
    std::optional<std::uint64_t> offset;  ///< the first version has 32 bits of it in the header
    static base::Result<HeartbeatEvent> parse(const Event& event);
};

/// INCIDENT_EVENT.
struct IncidentEvent {
    std::uint16_t number = 0;
    std::string_view message;
    static base::Result<IncidentEvent> parse(std::string_view body);
};

/// The set before the file's first transaction (PREVIOUS_GTIDS_LOG_EVENT).
[[nodiscard]] base::Result<mysql::GtidSet> parse_previous_gtids(std::string_view body);

/// The number of the storage engine's transaction (XID_EVENT).
[[nodiscard]] base::Result<std::uint64_t> parse_xid(std::string_view body);

/// One line for a person: type, size, position and the main content.
[[nodiscard]] std::string describe(const Event& event);

}  // namespace doppel::binlog
