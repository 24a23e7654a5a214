// SPDX-License-Identifier: Apache-2.0
#include "binlog/events.hpp"

#include "base/byte_writer.hpp"
#include "base/hex.hpp"
#include "unit/binlog/event_builder.hpp"
#include "unit/binlog/recording_handler.hpp"

#include <gtest/gtest.h>

namespace doppel::binlog {
namespace {

using base::ByteWriter;

/// Bodies of the events of one type in a sample.
std::vector<std::string> bodies(const std::string& sample, EventType type) {
    std::vector<std::string> found;
    const auto bytes = test::read_sample(sample);
    for (const auto raw : test::split_events(bytes)) {
        const auto event = parse_event(raw, std::nullopt);
        if (event.ok() && event->type() == type) {
            found.emplace_back(event->body);
        }
    }
    return found;
}

TEST(FormatDescription, ReadsThatOfBothServers) {
    const auto mysql = bodies("full.binlog", EventType::format_description);
    const auto mysql_event = FormatDescription::parse(mysql.at(0));
    ASSERT_TRUE(mysql_event.ok());
    EXPECT_EQ(mysql_event->server_version.substr(0, 4), "9.7.");
    EXPECT_EQ(mysql_event->checksum, Checksum::crc32);
    const auto plain = bodies("plain.binlog", EventType::format_description);
    EXPECT_EQ(FormatDescription::parse(plain.at(0))->checksum, Checksum::none);
    const auto mariadb = bodies("mariadb.binlog", EventType::format_description);
    const auto mariadb_event = FormatDescription::parse(mariadb.at(0));
    ASSERT_TRUE(mariadb_event.ok()) << mariadb_event.failure().message;
    EXPECT_EQ(mariadb_event->server_version.substr(0, 6), "10.11.");
}

TEST(FormatDescription, RefusesWhatItDoesNotKnow) {
    const auto body = bodies("full.binlog", EventType::format_description).at(0);
    const auto changed = [&](std::size_t at, char value) {
        auto copy = body;
        copy[at] = value;
        return FormatDescription::parse(copy).ok();
    };
    EXPECT_FALSE(changed(0, 3));                // binlog version
    EXPECT_FALSE(changed(56, 20));              // size of the common header
    EXPECT_FALSE(changed(57 + 18, 6));          // size of the TABLE_MAP header
    EXPECT_FALSE(changed(body.size() - 1, 2));  // checksum algorithm
    EXPECT_FALSE(FormatDescription::parse(body.substr(0, 60)).ok());
}

TEST(GtidEvent, ReadsTheFieldsOfARealOne) {
    const auto events = bodies("full.binlog", EventType::gtid);
    std::uint64_t expected = 0;
    for (const auto& body : events) {
        const auto event = GtidEvent::parse(EventType::gtid, body);
        ASSERT_TRUE(event.ok());
        EXPECT_EQ(event->gtid->number, ++expected);
        EXPECT_TRUE(event->gtid->tag.empty());
        EXPECT_EQ(event->sequence_number, expected);
        EXPECT_LT(event->last_committed, event->sequence_number);
        EXPECT_GT(event->commit_timestamp_us, 1'700'000'000'000'000U);
        EXPECT_GT(event->transaction_bytes, body.size());
        if (expected == 30) {
            break;
        }
    }
}

TEST(GtidEvent, ReadsTags) {
    const auto events = bodies("full.binlog", EventType::gtid_tagged);
    ASSERT_EQ(events.size(), 1U);
    const auto event = GtidEvent::parse(EventType::gtid_tagged, events[0]);
    ASSERT_TRUE(event.ok()) << event.failure().message;
    EXPECT_EQ(event->gtid->tag, "night");
    EXPECT_EQ(event->gtid->number, 1U);
    EXPECT_GT(event->commit_timestamp_us, 1'700'000'000'000'000U);
    const auto other = bodies("full.binlog", EventType::gtid).at(0);
    EXPECT_EQ(event->gtid->uuid, GtidEvent::parse(EventType::gtid, other)->gtid->uuid);
}

TEST(GtidEvent, AnonymousOnesHaveNone) {
    ByteWriter writer;
    writer.u8(1).zeros(24);
    const auto event = GtidEvent::parse(EventType::anonymous_gtid, writer.str());
    ASSERT_TRUE(event.ok());
    EXPECT_FALSE(event->gtid.has_value());
    EXPECT_FALSE(GtidEvent::parse(EventType::gtid, writer.str()).ok());
}

TEST(GtidEvent, UnknownTaggedFieldsMayBeIgnoredOnlyWhenTheServerSaysSo) {
    const auto body = bodies("full.binlog", EventType::gtid_tagged).at(0);
    const std::string extra = body + std::string("\x30\x01\x02\x03");
    EXPECT_TRUE(GtidEvent::parse(EventType::gtid_tagged, extra).ok());
    std::string needed = extra;
    needed[2] = '\x30';
    EXPECT_FALSE(GtidEvent::parse(EventType::gtid_tagged, needed).ok());
}

TEST(HeartbeatEvent, ReadsBothVersions) {
    const auto old_bytes = test::make_event(EventType::heartbeat, "binlog.000007", 4711);
    const auto old_event = parse_event(old_bytes, Checksum::none);
    const auto old = HeartbeatEvent::parse(*old_event);
    ASSERT_TRUE(old.ok());
    EXPECT_EQ(old->file, "binlog.000007");
    EXPECT_FALSE(old->offset.has_value());

    ByteWriter writer;
    writer.u8(1).length_encoded_string("binlog.000007").u8(2).u8(9).length_encoded(1ULL << 40);
    writer.u8(9).length_encoded_string("of a later version").u8(0);
    const auto bytes = test::make_event(EventType::heartbeat_v2, writer.str());
    const auto heartbeat = HeartbeatEvent::parse(*parse_event(bytes, Checksum::none));
    ASSERT_TRUE(heartbeat.ok());
    EXPECT_EQ(heartbeat->file, "binlog.000007");
    EXPECT_EQ(heartbeat->offset, 1ULL << 40);
}

TEST(QueryEvent, SkipsStatusVariables) {
    ByteWriter writer;
    writer.u32(77).u32(5).u8(2).u16(1062).u16(3).bytes("\x01\x02\x03");
    writer.nul_terminated("db").bytes("DROP TABLE t");
    const auto query = QueryEvent::parse(EventType::query, writer.str());
    ASSERT_TRUE(query.ok());
    EXPECT_EQ(query->thread_id, 77U);
    EXPECT_EQ(query->error_code, 1062);
    EXPECT_EQ(query->schema, "db");
    EXPECT_EQ(query->text, "DROP TABLE t");
    for (std::size_t size = 0; size < 13 + 3 + 3; ++size) {
        EXPECT_FALSE(QueryEvent::parse(EventType::query, writer.str().substr(0, size)).ok());
    }
}

TEST(QueryEvent, LoadDataHasMoreBeforeTheStatusVariables) {
    ByteWriter writer;
    writer.u32(77).u32(5).u8(2).u16(0).u16(1).u32(1).u32(9).u32(20).u8(0).u8(7);
    writer.nul_terminated("db").bytes("LOAD DATA ..");
    const auto query = QueryEvent::parse(EventType::execute_load_query, writer.str());
    ASSERT_TRUE(query.ok());
    EXPECT_EQ(query->text, "LOAD DATA ..");
}

TEST(XaPrepareEvent, PrintsTheXidAsTheServerDoes) {
    ByteWriter writer;
    writer.u8(1).u32(0xffffffff).u32(2).u32(1).bytes("abc");
    const auto event = XaPrepareEvent::parse(writer.str());
    ASSERT_TRUE(event.ok());
    EXPECT_TRUE(event->one_phase);
    EXPECT_EQ(event->xid, "X'6162',X'63',4294967295");
    ByteWriter malformed;
    malformed.u8(0).u32(1).u32(65).u32(0).zeros(65);
    EXPECT_FALSE(XaPrepareEvent::parse(malformed.str()).ok());
}

// What SHOW BINLOG EVENTS of 9.7.4 has for XA START 'a','b',5000000000: the QUERY events say that,
// the XA_PREPARE event says 705032704.
TEST(XaPrepareEvent, HasThirtyTwoBitsOfTheFormatsNumber) {
    EXPECT_EQ(normal_xid("X'61',X'62',5000000000"), "X'61',X'62',705032704");
    EXPECT_EQ(normal_xid(" x'6a',X'',1 "), "X'6A',X'',1");
    EXPECT_EQ(normal_xid("X'61'"), "X'61'");
    EXPECT_EQ(normal_xid(""), "");
}

TEST(QueryEvent, TellsCharacterSetAndModeOfTheSession) {
    ByteWriter status;
    status.u8(0).u32(0).u8(1).u64(4).u8(6).u8(3).bytes("std").u8(3).u32(1);
    status.u8(4).u16(8).u16(8).u16(255).u8(99);
    ByteWriter writer;
    writer.u32(77).u32(5).u8(1).u16(0).u16(static_cast<std::uint16_t>(status.str().size()));
    writer.bytes(status.str()).nul_terminated("d").bytes("DROP TABLE t");
    const auto query = QueryEvent::parse(EventType::query, writer.str());
    ASSERT_TRUE(query.ok());
    EXPECT_EQ(query->sql_mode, 4U);
    EXPECT_EQ(query->charset, 8U);
    EXPECT_EQ(query->text, "DROP TABLE t");
}

TEST(QueryEvent, StatusVariablesThatAreNotKnownOrCutOffDoNoHarm) {
    for (const std::string& status :
         {std::string("\x63zz"), std::string("\6\xff"), std::string("\1x")}) {
        ByteWriter writer;
        writer.u32(77).u32(5).u8(1).u16(0).u16(static_cast<std::uint16_t>(status.size()));
        writer.bytes(status).nul_terminated("d").bytes("DROP TABLE t");
        const auto query = QueryEvent::parse(EventType::query, writer.str());
        ASSERT_TRUE(query.ok());
        EXPECT_EQ(query->charset, 0U);
        EXPECT_EQ(query->text, "DROP TABLE t");
    }
}

TEST(IncidentEvent, HasAMessage) {
    ByteWriter writer;
    writer.u16(1).u8(10).bytes("LOST_EVENT");
    EXPECT_EQ(IncidentEvent::parse(writer.str())->message, "LOST_EVENT");
    EXPECT_FALSE(IncidentEvent::parse("\1").ok());
}

TEST(RotateEvent, NeedsAName) {
    EXPECT_FALSE(RotateEvent::parse(std::string(8, '\0')).ok());
    EXPECT_FALSE(RotateEvent::parse(std::string(8, '\0') + std::string(513, 'x')).ok());
    const auto sample = bodies("full.binlog", EventType::rotate).at(0);
    EXPECT_EQ(RotateEvent::parse(sample)->file, "binlog.000002");
}

TEST(PreviousGtids, AreASet) {
    const auto sample = bodies("full.binlog", EventType::previous_gtids).at(0);
    const auto set = parse_previous_gtids(sample);
    ASSERT_TRUE(set.ok());
    EXPECT_TRUE(set->empty());
    EXPECT_FALSE(parse_previous_gtids("short").ok());
}

TEST(Describe, NamesTypeAndSize) {
    const auto bytes = test::make_xid(500);
    const auto text = describe(*parse_event(bytes, Checksum::none));
    EXPECT_EQ(text, "XID (16) 27 bytes, ends at 500, flags 0x0");
}

}  // namespace
}  // namespace doppel::binlog
