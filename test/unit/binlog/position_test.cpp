// SPDX-License-Identifier: Apache-2.0
#include "base/byte_writer.hpp"
#include "binlog/transaction_reader.hpp"
#include "unit/binlog/event_builder.hpp"
#include "unit/binlog/recording_handler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::binlog {
namespace {

using namespace test;  // NOLINT: the builders of this test
using testing::ElementsAre;

void feed(TransactionReader& reader, const std::vector<std::string>& events) {
    for (const auto& event : events) {
        const auto failure = reader.feed(event);
        EXPECT_FALSE(failure.has_value()) << failure->message;
    }
}

std::string make_heartbeat_v2(std::string_view file, std::uint64_t offset) {
    base::ByteWriter position;
    position.length_encoded(offset);
    base::ByteWriter writer;
    writer.u8(1).length_encoded_string(file).u8(2).length_encoded_string(position.str()).u8(0);
    return make_event(EventType::heartbeat_v2, writer.str());
}

TEST(Position, IsBehindTheLastWholeTransaction) {
    RecordingHandler handler;
    TransactionReader reader(handler, mysql::FileOffset{"b.1", 4});
    feed(reader, {make_rotate("b.1"), make_gtid(1, 100), make_query("BEGIN", 200)});
    EXPECT_EQ(reader.position().file, (mysql::FileOffset{"b.1", 4}));
    feed(reader, {make_xid(300), make_gtid(2, 400)});
    EXPECT_EQ(reader.position().file, (mysql::FileOffset{"b.1", 300}));
    EXPECT_TRUE(reader.position().gtids.empty());
    reader.restart();
    EXPECT_EQ(std::get<mysql::FileOffset>(reader.resume_from()).offset, 300U);
    feed(reader, {make_rotate("b.1", 300), make_gtid(2, 400), make_query("DROP TABLE x", 500)});
    EXPECT_EQ(reader.position().file.offset, 500U);
    EXPECT_THAT(handler.lines, testing::Contains("restart"));
}

TEST(Position, FollowsTheFiles) {
    RecordingHandler handler;
    TransactionReader reader(handler, mysql::FileOffset{"b.1", 4});
    feed(reader, {make_rotate("b.1"), make_query("DROP TABLE x", 500), make_rotate("b.2")});
    EXPECT_EQ(reader.position().file, (mysql::FileOffset{"b.2", 4}));
    feed(reader, {make_rotate("b.2"), make_query("DROP TABLE x", 200)});
    EXPECT_EQ(reader.position().file, (mysql::FileOffset{"b.2", 200}));
    EXPECT_THAT(
        handler.lines,
        ElementsAre(
            "begin",
            "query s DROP TABLE x",
            "end",
            "rotate b.2:4",
            "begin",
            "query s DROP TABLE x",
            "end"
        )
    );
}

TEST(Position, ContinuesAbove4GiB) {
    RecordingHandler handler;
    TransactionReader reader(handler, mysql::FileOffset{"b.1", 0xfffffff0});
    feed(reader, {make_rotate("b.1", 0xfffffff0), make_gtid(1, 0xfffffffe)});
    feed(reader, {make_query("BEGIN", 20), make_xid(40)});
    EXPECT_EQ(reader.position().file.offset, 0x100000000ULL + 40);
    feed(reader, {make_query("DROP TABLE x", 0xffffff00), make_query("DROP TABLE x", 5)});
    EXPECT_EQ(reader.position().file.offset, 0x200000000ULL + 5);
}

TEST(Position, ArtificialEventsDoNotMoveIt) {
    RecordingHandler handler;
    TransactionReader reader(handler, mysql::FileOffset{"b.1", 1000});
    feed(reader, {make_rotate("b.1", 1000), make_format_description()});
    feed(reader, {make_query("DROP TABLE x", 1100)});
    EXPECT_EQ(reader.position().file.offset, 1100U);
}

TEST(Position, GtidsAreAddedWhenTheirTransactionEnds) {
    RecordingHandler handler;
    const std::string uuid = "30313233-3435-3637-3839-616263646566";
    TransactionReader reader(handler, *mysql::GtidSet::parse(uuid + ":1-4"));
    feed(reader, {make_rotate("b.9"), make_gtid(5, 100), make_query("BEGIN", 200)});
    EXPECT_EQ(reader.position().gtids.str(), uuid + ":1-4");
    feed(reader, {make_xid(300), make_gtid(7, 400), make_query("DROP TABLE x", 500)});
    EXPECT_EQ(reader.position().gtids.str(), uuid + ":1-5:7");
    EXPECT_EQ(std::get<mysql::GtidSet>(reader.resume_from()).str(), uuid + ":1-5:7");
    EXPECT_EQ(reader.position().file, (mysql::FileOffset{"b.9", 500}));
}

TEST(Position, HeartbeatsMoveItOverWhatTheServerSkipped) {
    RecordingHandler handler;
    TransactionReader reader(handler, mysql::GtidSet());
    feed(reader, {make_rotate("b.1"), make_event(EventType::heartbeat, "b.1", 5000)});
    EXPECT_EQ(reader.position().file.offset, 5000U);
    feed(reader, {make_heartbeat_v2("b.1", 1ULL << 33)});
    EXPECT_EQ(reader.position().file.offset, 1ULL << 33);
    feed(reader, {make_heartbeat_v2("b.0", 1ULL << 40), make_heartbeat_v2("b.1", 7)});
    EXPECT_EQ(reader.position().file.offset, 1ULL << 33);
    EXPECT_EQ(handler.lines.back(), "heartbeat b.1:8589934592");
}

TEST(Position, TimestampsAndEventsAreCounted) {
    RecordingHandler handler;
    TransactionReader reader(handler, mysql::GtidSet());
    EXPECT_EQ(reader.last_timestamp(), 0U);
    feed(reader, {make_rotate("b.1"), make_gtid(1)});
    EXPECT_EQ(reader.last_timestamp(), 1'700'000'000U);
    EXPECT_EQ(reader.events_read(), 2U);
}

}  // namespace
}  // namespace doppel::binlog
