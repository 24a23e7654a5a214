// SPDX-License-Identifier: Apache-2.0
#include "binlog/events.hpp"

#include "base/byte_reader.hpp"
#include "base/hex.hpp"
#include "base/text.hpp"
#include "mysql/serialization.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace doppel::binlog {
namespace {

base::Failure malformed(EventType type, const char* what, std::size_t offset = 0) {
    return {fmt::format("malformed {} event: {}", to_string(type), what), offset};
}

/// What comes after the post-header length table of a FORMAT_DESCRIPTION and what we rely on.
struct PostHeader {
    EventType type;
    std::uint8_t bytes;
};
constexpr std::array<PostHeader, 6> kPostHeaders{{
    {EventType::query, 13},
    {EventType::rotate, 8},
    {EventType::table_map, 8},
    {EventType::write_rows, 10},
    {EventType::update_rows, 10},
    {EventType::delete_rows, 10},
}};

bool is_number(std::uint64_t number) {
    return number > 0 && number <= mysql::GtidSet::kNumberMax;
}

/// 7 bytes each: the time of the sending server, with bit 55 set when that of the first server
/// follows.
std::uint64_t read_commit_timestamp(base::ByteReader& reader) {
    constexpr std::uint64_t kOriginalFollows = std::uint64_t{1} << 55;
    const std::uint64_t value = reader.little_endian(7);
    if ((value & kOriginalFollows) != 0) {
        reader.skip(7);
    }
    return value & ~kOriginalFollows;
}

base::Result<GtidEvent> parse_untagged_gtid(EventType type, std::string_view body) {
    constexpr std::uint8_t kLogicalTimestamps = 2;
    base::ByteReader reader(body);
    GtidEvent event;
    event.flags = reader.u8();
    const auto uuid = reader.bytes(16);
    const std::uint64_t number = reader.u64();
    if (!reader.ok()) {
        return malformed(type, "too short", reader.position());
    }
    if (type == EventType::gtid) {
        if (!is_number(number)) {
            return malformed(type, "the number is out of range", 17);
        }
        mysql::Gtid gtid;
        std::copy(uuid.begin(), uuid.end(), gtid.uuid.bytes.begin());
        gtid.number = number;
        event.gtid = std::move(gtid);
    }
    // The rest came with later versions, each with more; nothing of it is needed to go on.
    if (reader.remaining() >= 17 && reader.u8() == kLogicalTimestamps) {
        event.last_committed = reader.u64();
        event.sequence_number = reader.u64();
        if (reader.remaining() >= 7) {
            event.commit_timestamp_us = read_commit_timestamp(reader);
        }
        if (reader.remaining() >= 1) {
            event.transaction_bytes = reader.length_encoded();
        }
    }
    if (!reader.ok()) {
        return malformed(type, "ends early", reader.position());
    }
    return event;
}

/// Fields of a GTID_TAGGED_LOG_EVENT in their order (control_events.h: Gtid_event::define_fields).
enum class TaggedField : std::uint8_t {
    flags,
    uuid,
    number,
    tag,
    last_committed,
    sequence_number,
    immediate_timestamp,
    original_timestamp,
    transaction_bytes,
    immediate_version,
    original_version,
    ticket,
};
constexpr std::uint64_t kTaggedFields = 12;

/// Reads one field; false when the field's value is out of range.
bool read_tagged_field(
    TaggedField field, base::ByteReader& reader, GtidEvent& event, mysql::Gtid& gtid
) {
    switch (field) {
        case TaggedField::flags:
            event.flags = static_cast<std::uint8_t>(mysql::read_varlen_unsigned(reader) & 0xff);
            return true;
        case TaggedField::uuid:
            for (auto& byte : gtid.uuid.bytes) {
                const auto value = mysql::read_varlen_unsigned(reader);
                if (value > 0xff) {
                    return false;
                }
                byte = static_cast<unsigned char>(value);
            }
            return true;
        case TaggedField::number:
            gtid.number = static_cast<std::uint64_t>(mysql::read_varlen_signed(reader));
            return is_number(gtid.number);
        case TaggedField::tag: {
            const auto length = mysql::read_varlen_unsigned(reader);
            if (length > mysql::GtidSet::kTagLengthMax) {
                return false;
            }
            gtid.tag = reader.bytes(static_cast<std::size_t>(length));
            return true;
        }
        case TaggedField::last_committed:
            event.last_committed = static_cast<std::uint64_t>(mysql::read_varlen_signed(reader));
            return true;
        case TaggedField::sequence_number:
            event.sequence_number = static_cast<std::uint64_t>(mysql::read_varlen_signed(reader));
            return true;
        case TaggedField::immediate_timestamp:
            event.commit_timestamp_us = mysql::read_varlen_unsigned(reader);
            return true;
        case TaggedField::transaction_bytes:
            event.transaction_bytes = mysql::read_varlen_unsigned(reader);
            return true;
        case TaggedField::original_timestamp:
        case TaggedField::immediate_version:
        case TaggedField::original_version:
        case TaggedField::ticket:
            (void)mysql::read_varlen_unsigned(reader);
            return true;
    }
    return false;
}

// Message: version, size of the message behind the version, id of the last field that must be
// understood, then { field id, value } in the order of ids (libs/mysql/serialization/readme.md).
base::Result<GtidEvent> parse_tagged_gtid(std::string_view body) {
    constexpr auto kType = EventType::gtid_tagged;
    base::ByteReader reader(body);
    const std::uint64_t version = mysql::read_varlen_unsigned(reader);
    (void)mysql::read_varlen_unsigned(reader);
    const std::uint64_t last_needed = mysql::read_varlen_unsigned(reader);
    if (!reader.ok() || version > 1) {
        return malformed(kType, "unknown serialization version");
    }
    if (last_needed > kTaggedFields) {
        return malformed(kType, "has a field that must not be ignored and is not known");
    }
    GtidEvent event;
    mysql::Gtid gtid;
    std::uint64_t next_allowed = 0;
    while (!reader.at_end()) {
        const std::uint64_t field = mysql::read_varlen_unsigned(reader);
        if (reader.ok() && field >= kTaggedFields) {
            break;  // of a newer version; all behind it is too
        }
        if (!reader.ok() || field < next_allowed ||
            !read_tagged_field(static_cast<TaggedField>(field), reader, event, gtid) ||
            !reader.ok()) {
            return malformed(kType, "a field is out of range", reader.position());
        }
        next_allowed = field + 1;
    }
    if (!reader.ok() || !is_number(gtid.number)) {
        return malformed(kType, "ends early", reader.position());
    }
    event.gtid = std::move(gtid);
    return event;
}

/// The status variables in front of a statement: each a code and a value whose size the code
/// implies (statement_events.h: Query_event_status_vars). Those we want are written early, so
/// reading ends at the first code that is not known.
void read_status(base::ByteReader reader, QueryEvent& event) {
    enum Code : std::uint8_t {
        flags = 0,
        sql_mode = 1,
        catalog_with_nul = 2,
        auto_increment = 3,
        charset = 4,
        time_zone = 5,
        catalog = 6,
    };
    while (!reader.at_end()) {
        switch (reader.u8()) {
            case flags:
            case auto_increment:
                reader.skip(4);
                break;
            case sql_mode:
                event.sql_mode = reader.u64();
                break;
            case catalog_with_nul:
                reader.skip(std::size_t{reader.u8()} + 1);
                break;
            case charset:
                event.charset = reader.u16();
                return;
            case time_zone:
            case catalog:
                reader.skip(reader.u8());
                break;
            default:
                return;
        }
    }
}

}  // namespace

base::Result<FormatDescription> FormatDescription::parse(std::string_view body) {
    constexpr auto kType = EventType::format_description;
    base::ByteReader reader(body);
    FormatDescription event;
    event.binlog_version = reader.u16();
    const auto version = reader.bytes(50);
    event.server_version = version.substr(0, version.find('\0'));
    event.created = reader.u32();
    const std::uint8_t header_bytes = reader.u8();
    if (!reader.ok() || reader.at_end()) {
        return malformed(kType, "too short", reader.position());
    }
    if (event.binlog_version != 4 || header_bytes != kEventHeaderBytes) {
        return malformed(kType, "unknown binlog version");
    }
    const auto lengths = reader.bytes(reader.remaining() - 1);
    for (const auto& expected : kPostHeaders) {
        const auto index = static_cast<std::size_t>(expected.type) - 1;
        if (index >= lengths.size() ||
            static_cast<unsigned char>(lengths[index]) != expected.bytes) {
            return base::Failure{
                fmt::format(
                    "the header of {} events has an unknown size", to_string(expected.type)
                ),
                57 + index};
        }
    }
    const std::uint8_t algorithm = reader.u8();
    if (algorithm > 1) {
        return malformed(kType, "unknown checksum algorithm", reader.position());
    }
    event.checksum = static_cast<Checksum>(algorithm);
    return event;
}

base::Result<RotateEvent> RotateEvent::parse(std::string_view body) {
    base::ByteReader reader(body);
    RotateEvent event;
    event.offset = reader.u64();
    event.file = reader.rest();
    if (!reader.ok() || event.file.empty() || event.file.size() > 512) {
        return malformed(EventType::rotate, "no file name", reader.position());
    }
    return event;
}

base::Result<GtidEvent> GtidEvent::parse(EventType type, std::string_view body) {
    return type == EventType::gtid_tagged ? parse_tagged_gtid(body)
                                          : parse_untagged_gtid(type, body);
}

base::Result<MariadbGtidEvent> MariadbGtidEvent::parse(std::string_view body) {
    constexpr std::uint8_t kStandalone = 0x01;
    base::ByteReader reader(body);
    MariadbGtidEvent event;
    event.sequence = reader.u64();
    event.domain = reader.u32();
    event.standalone = (reader.u8() & kStandalone) != 0;
    if (!reader.ok()) {
        return malformed(EventType::mariadb_gtid, "too short", reader.position());
    }
    return event;
}

base::Result<QueryEvent> QueryEvent::parse(EventType type, std::string_view body) {
    base::ByteReader reader(body);
    QueryEvent event;
    event.thread_id = reader.u32();
    reader.skip(4);  // execution time
    const std::size_t schema_bytes = reader.u8();
    event.error_code = reader.u16();
    const std::size_t status_bytes = reader.u16();
    if (type == EventType::execute_load_query) {
        reader.skip(13);  // file id, two offsets into the statement, duplicate handling
    }
    read_status(base::ByteReader(reader.bytes(status_bytes)), event);
    event.schema = reader.bytes(schema_bytes);
    const std::uint8_t terminator = reader.u8();
    event.text = reader.rest();
    if (!reader.ok() || terminator != 0) {
        return malformed(type, "lengths do not fit", reader.position());
    }
    return event;
}

base::Result<XaPrepareEvent> XaPrepareEvent::parse(std::string_view body) {
    constexpr std::uint32_t kPartMax = 64;
    base::ByteReader reader(body);
    XaPrepareEvent event;
    event.one_phase = reader.u8() != 0;
    const std::uint32_t format = reader.u32();
    const std::uint32_t global_bytes = reader.u32();
    const std::uint32_t branch_bytes = reader.u32();
    if (!reader.ok() || global_bytes > kPartMax || branch_bytes > kPartMax) {
        return malformed(EventType::xa_prepare, "lengths do not fit", reader.position());
    }
    const auto global = reader.bytes(global_bytes);
    const auto branch = reader.bytes(branch_bytes);
    if (!reader.ok()) {
        return malformed(EventType::xa_prepare, "ends early", reader.position());
    }
    event.xid = fmt::format("X'{}',X'{}',{}", base::to_hex(global), base::to_hex(branch), format);
    return event;
}

std::string normal_xid(std::string_view text) {
    std::string xid(base::trim(text));
    for (char& c : xid) {
        c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    const std::size_t digits = xid.rfind(',') + 1;
    std::uint64_t format = 0;
    const char* const end = xid.data() + xid.size();
    const auto parsed = std::from_chars(xid.data() + digits, end, format);
    if (parsed.ec == std::errc() && parsed.ptr == end) {
        xid.resize(digits);
        xid += std::to_string(static_cast<std::uint32_t>(format));
    }
    return xid;
}

base::Result<HeartbeatEvent> HeartbeatEvent::parse(const Event& event) {
    HeartbeatEvent heartbeat;
    if (event.type() == EventType::heartbeat) {
        heartbeat.file = event.body;
        return heartbeat;
    }
    enum Field : std::uint64_t { end_mark = 0, file_name = 1, file_offset = 2 };
    base::ByteReader reader(event.body);
    while (!reader.at_end()) {
        const std::uint64_t field = reader.length_encoded();
        if (field == end_mark) {
            break;
        }
        base::ByteReader value(reader.length_encoded_string());
        if (field == file_name) {
            heartbeat.file = value.rest();
        } else if (field == file_offset) {
            heartbeat.offset = value.length_encoded();
        }
        if (!value.ok()) {
            reader.fail();
        }
    }
    if (!reader.ok()) {
        return malformed(event.type(), "fields do not fit", reader.position());
    }
    return heartbeat;
}

base::Result<IncidentEvent> IncidentEvent::parse(std::string_view body) {
    base::ByteReader reader(body);
    IncidentEvent event;
    event.number = reader.u16();
    event.message = reader.bytes(reader.u8());
    if (!reader.ok()) {
        return malformed(EventType::incident, "too short", reader.position());
    }
    return event;
}

base::Result<mysql::GtidSet> parse_previous_gtids(std::string_view body) {
    return mysql::GtidSet::decode(body);
}

base::Result<std::uint64_t> parse_xid(std::string_view body) {
    base::ByteReader reader(body);
    const std::uint64_t number = reader.u64();
    if (!reader.ok()) {
        return malformed(EventType::xid, "too short");
    }
    return number;
}

std::string describe(const Event& event) {
    return fmt::format(
        "{} ({}) {} bytes, ends at {}, flags {:#x}{}",
        to_string(event.type()),
        static_cast<unsigned>(event.type()),
        event.header.size,
        event.header.end_log_position,
        event.header.flags,
        event.inside_payload ? ", in a payload" : ""
    );
}

}  // namespace doppel::binlog
