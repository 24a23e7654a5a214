// SPDX-License-Identifier: Apache-2.0
#include "binlog/payload.hpp"

#include "base/byte_writer.hpp"
#include "binlog/transaction_reader.hpp"
#include "unit/binlog/event_builder.hpp"
#include "unit/binlog/sample_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace doppel::binlog {
namespace {

using namespace test;  // NOLINT: the builders of this test

std::string compress(const std::string& bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
    return out;
}

std::string payload_body(const std::string& payload, std::uint64_t compression) {
    base::ByteWriter type;
    type.length_encoded(compression);
    base::ByteWriter size;
    size.length_encoded(payload.size());
    base::ByteWriter writer;
    writer.u8(2).length_encoded_string(type.str()).u8(9).length_encoded_string("later");
    writer.u8(1).length_encoded_string(size.str()).u8(0).bytes(payload);
    return std::move(writer).str();
}

std::vector<std::string> inner_events() {
    return {make_query("BEGIN"), make_table_map(5, "t"), make_insert(5, 1), make_xid()};
}

std::string joined(const std::vector<std::string>& events) {
    std::string all;
    for (const auto& event : events) {
        all += event;
    }
    return all;
}

/// The inner event types, or the failure.
std::string read_all(const std::string& body) {
    auto reader = PayloadReader::open(body);
    if (!reader) {
        return "failed";
    }
    std::string types;
    while (true) {
        const auto event = reader->next();
        if (!event) {
            return types + "failed";
        }
        if (!event->has_value()) {
            return types;
        }
        EXPECT_TRUE((*event)->inside_payload);
        types += std::string(to_string((*event)->type())) + " ";
    }
}

TEST(Payload, GivesItsEventsOneByOne) {
    const auto all = joined(inner_events());
    EXPECT_EQ(read_all(payload_body(compress(all), 0)), "QUERY TABLE_MAP WRITE_ROWS XID ");
    EXPECT_EQ(read_all(payload_body(all, 255)), "QUERY TABLE_MAP WRITE_ROWS XID ");
    EXPECT_EQ(read_all(payload_body("", 255)), "");
}

TEST(Payload, EveryTruncationFails) {
    const auto all = joined(inner_events());
    for (const std::uint64_t compression : {0U, 255U}) {
        const auto payload = compression == 0 ? compress(all) : all;
        const auto body = payload_body(payload, compression);
        for (std::size_t size = 0; size < body.size(); ++size) {
            EXPECT_THAT(read_all(body.substr(0, size)), testing::HasSubstr("failed")) << size;
        }
    }
}

TEST(Payload, AnUnknownCompressionFails) {
    EXPECT_EQ(read_all(payload_body("x", 7)), "failed");
}

TEST(Payload, AClaimedSizeWithoutBytesDoesNotAllocate) {
    auto huge = make_xid();
    huge[11] = '\xff';
    huge[12] = '\x3f';
    EXPECT_EQ(read_all(payload_body(compress(huge), 0)), "failed");
}

TEST(Payload, ManyEventsPassThrough) {
    auto events = inner_events();
    std::string all = events[0] + events[1];
    for (int i = 0; i < 20'000; ++i) {
        all += events[2];
    }
    all += events[3];
    RecordingHandler handler;
    handler.wanted = sample_tables();
    TransactionReader reader(handler, mysql::FileOffset{"b", 4});
    ASSERT_FALSE(reader.feed(make_gtid(1)));
    const auto event = make_event(EventType::transaction_payload, payload_body(compress(all), 0));
    ASSERT_FALSE(reader.feed(event));
    EXPECT_EQ(handler.keys["t"].size(), 20'000U);
    EXPECT_EQ(handler.lines.back(), "end");
}

TEST(Payload, MustHoldExactlyOneTransaction) {
    RecordingHandler handler;
    handler.wanted = sample_tables();
    TransactionReader reader(handler, mysql::FileOffset{"b", 4});
    const auto failure = [&](const std::string& inner) {
        reader.restart();
        EXPECT_FALSE(reader.feed(make_gtid(1)));
        const auto event = make_event(EventType::transaction_payload, payload_body(inner, 255));
        const auto result = reader.feed(event);
        return result ? result->message : "none";
    };
    const auto events = inner_events();
    EXPECT_THAT(failure(events[0] + events[1]), testing::HasSubstr("does not end"));
    EXPECT_THAT(failure(joined(events) + events[0]), testing::HasSubstr("goes on"));
    const auto nested = make_event(EventType::transaction_payload, payload_body("", 255));
    EXPECT_THAT(failure(events[0] + nested), testing::HasSubstr("within another"));
    EXPECT_EQ(failure(joined(events)), "none");
}

TEST(InflateMariadb, RoundTripsAndIsBounded) {
    const std::string text(10'000, 'x');
    std::string data(compressBound(text.size()), '\0');
    uLongf size = data.size();
    ASSERT_EQ(
        ::compress(
            reinterpret_cast<Bytef*>(data.data()),
            &size,
            reinterpret_cast<const Bytef*>(text.data()),
            text.size()
        ),
        Z_OK
    );
    data.resize(size);
    base::ByteWriter writer;
    writer.u8(0x82).big_endian(text.size(), 2).bytes(data);
    std::string out;
    ASSERT_FALSE(inflate_mariadb(writer.str(), 10'000, out));
    EXPECT_EQ(out, text);
    EXPECT_TRUE(inflate_mariadb(writer.str(), 9'999, out));
    for (std::size_t cut = 0; cut < writer.str().size(); ++cut) {
        EXPECT_TRUE(inflate_mariadb(writer.str().substr(0, cut), 10'000, out)) << cut;
    }
}

TEST(PayloadInTransaction, WaitsForAHandlerThatIsFull) {
    RecordingHandler handler;
    handler.wanted = sample_tables();
    TransactionReader reader{handler, mysql::FileOffset{"b.1", 4}};
    const auto feed = [&](const std::string& event) {
        const auto failure = reader.feed(event);
        EXPECT_FALSE(failure) << failure->message;
    };
    const std::string payload = make_event(
        EventType::transaction_payload, payload_body(compress(joined(inner_events())), 0)
    );
    feed(make_gtid(1));
    handler.full = true;
    feed(payload);
    EXPECT_TRUE(reader.has_more());
    EXPECT_THAT(handler.lines, testing::ElementsAre("begin "));
    EXPECT_FALSE(reader.feed_more());
    EXPECT_TRUE(reader.has_more()) << "it is still full";
    handler.full = false;
    EXPECT_FALSE(reader.feed_more());
    EXPECT_FALSE(reader.has_more());
    EXPECT_THAT(handler.lines, testing::ElementsAre("begin ", "rows t insert (1)", "end"));

    handler.full = true;
    feed(make_gtid(2));
    feed(payload);
    EXPECT_TRUE(reader.feed(make_gtid(3)).has_value()) << "in the middle of another event";
    reader.restart();
    EXPECT_FALSE(reader.has_more());
}

}  // namespace
}  // namespace doppel::binlog
