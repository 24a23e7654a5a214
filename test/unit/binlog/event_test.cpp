// SPDX-License-Identifier: Apache-2.0
#include "binlog/event.hpp"

#include "unit/binlog/event_builder.hpp"
#include "unit/binlog/recording_handler.hpp"

#include <gtest/gtest.h>

namespace doppel::binlog {
namespace {

using test::make_event;
using test::read_sample;
using test::split_events;

TEST(Event, HeaderFieldsAreWhereTheServerPutsThem) {
    const auto bytes = make_event(EventType::query, "body", 1234, 0x0080);
    const auto event = parse_event(bytes, Checksum::none);
    ASSERT_TRUE(event.ok());
    EXPECT_EQ(event->type(), EventType::query);
    EXPECT_EQ(event->header.timestamp, 1'700'000'000U);
    EXPECT_EQ(event->header.server_id, 1U);
    EXPECT_EQ(event->header.size, 23U);
    EXPECT_EQ(event->header.end_log_position, 1234U);
    EXPECT_TRUE(event->header.ignorable());
    EXPECT_FALSE(event->header.artificial());
    EXPECT_EQ(event->body, "body");
}

TEST(Event, SizesThatDoNotFitFail) {
    const auto bytes = make_event(EventType::query, "body");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(parse_event(std::string_view(bytes).substr(0, size), Checksum::none).ok());
    }
    EXPECT_FALSE(parse_event(bytes + "x", Checksum::none).ok());
    auto small = bytes;
    small[9] = 18;
    EXPECT_FALSE(parse_header(small).ok());
    auto large = bytes;
    large[12] = '\x7f';
    EXPECT_FALSE(parse_header(large).ok());
}

TEST(Event, EveryChecksumOfARealFileFits) {
    const auto sample = read_sample("full.binlog");
    for (const auto bytes : split_events(sample)) {
        const auto event = parse_event(bytes, Checksum::crc32);
        ASSERT_TRUE(event.ok()) << event.failure().message;
        EXPECT_EQ(event->body.size() + kEventHeaderBytes + kChecksumBytes, bytes.size());
    }
}

TEST(Event, AnUnknownChecksumIsFoundByTrying) {
    const auto with = read_sample("full.binlog");
    const auto without = read_sample("plain.binlog");
    const auto crc = parse_event(split_events(with).back(), std::nullopt);
    const auto none = parse_event(split_events(without).back(), std::nullopt);
    ASSERT_TRUE(crc.ok() && none.ok());
    EXPECT_EQ(crc->body.size(), none->body.size());
}

TEST(Event, AChangedByteFailsTheChecksum) {
    const auto sample = read_sample("full.binlog");
    for (const auto bytes : split_events(sample)) {
        std::string changed(bytes);
        changed.back() = static_cast<char>(changed.back() ^ 1);
        EXPECT_FALSE(parse_event(changed, Checksum::crc32).ok());
    }
}

TEST(Event, AFormatDescriptionTellsItsOwnChecksum) {
    const auto with = read_sample("full.binlog");
    const auto without = read_sample("plain.binlog");
    for (const auto& sample : {with, without}) {
        const auto first = split_events(sample).front();
        const auto event = parse_event(first, Checksum::none);
        ASSERT_TRUE(event.ok());
        EXPECT_EQ(event->body.size() + kEventHeaderBytes + kChecksumBytes, first.size());
    }
    // The server sets the flag "in use" after it has computed the checksum.
    std::string in_use(split_events(with).front());
    in_use[17] = static_cast<char>(in_use[17] ^ EventHeader::kFlagInUse);
    EXPECT_TRUE(parse_event(in_use, std::nullopt).ok());
}

TEST(Event, EveryTypeHasAName) {
    EXPECT_EQ(to_string(EventType::table_map), "TABLE_MAP");
    EXPECT_EQ(to_string(static_cast<EventType>(99)), "OTHER");
}

}  // namespace
}  // namespace doppel::binlog
