// SPDX-License-Identifier: Apache-2.0
#include "wire/packet.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::wire {
namespace {

constexpr std::size_t kNoLimit = std::size_t{1} << 40;

/// Puts as much of `bytes` into the framer as one read of at most `chunk` would; returns how much.
std::size_t feed(PacketFramer& framer, std::string_view bytes, std::size_t chunk = kNoLimit) {
    const Space space = framer.space();
    const std::size_t count = std::min({bytes.size(), chunk, space.size});
    std::memcpy(space.data, bytes.data(), count);
    framer.commit(count);
    return count;
}

std::string framed(std::string_view payload, std::uint8_t& sequence) {
    return std::string(frame_packet(payload, sequence).view());
}

std::string framed(std::string_view payload) {
    std::uint8_t sequence = 0;
    return framed(payload, sequence);
}

/// Everything `bytes` holds, read in pieces of `chunk` bytes.
std::vector<std::string> unframe(PacketFramer& framer, std::string_view bytes, std::size_t chunk) {
    std::vector<std::string> packets;
    while (!bytes.empty()) {
        bytes.remove_prefix(feed(framer, bytes, chunk));
        while (true) {
            const Frame frame = framer.next(kNoLimit);
            if (frame.status != FrameStatus::packet) {
                EXPECT_EQ(frame.status, FrameStatus::need_more);
                break;
            }
            packets.emplace_back(frame.payload);
        }
    }
    return packets;
}

TEST(FramePacket, PutsLengthAndNumberBeforeThePayload) {
    std::uint8_t sequence = 7;
    EXPECT_EQ(framed("abc", sequence), std::string("\3\0\0\7abc", 7));
    EXPECT_EQ(sequence, 8);
}

TEST(FramePacket, NumbersWrapAround) {
    std::uint8_t sequence = 255;
    EXPECT_EQ(framed("", sequence), std::string("\0\0\0\xff", 4));
    EXPECT_EQ(sequence, 0);
}

TEST(FramePacket, ClosesAPayloadOfExactlyOneFrameWithAnEmptyOne) {
    std::uint8_t sequence = 0;
    const auto bytes = framed(std::string(kMaxFramePayloadBytes, 'x'), sequence);
    EXPECT_EQ(sequence, 2);
    ASSERT_EQ(bytes.size(), kMaxFramePayloadBytes + 2 * kFrameHeaderBytes);
    EXPECT_EQ(bytes.substr(0, 4), std::string("\xff\xff\xff\0", 4));
    EXPECT_EQ(bytes.substr(bytes.size() - 4), std::string("\0\0\0\1", 4));
}

TEST(PacketFramer, GivesManyPacketsOfOneReadAsViewsIntoTheBuffer) {
    PacketFramer framer(1024);
    std::uint8_t sequence = 0;
    std::string bytes;
    for (int i = 0; i < 20; ++i) {
        bytes += framed("packet " + std::to_string(i), sequence);
    }
    const Space space = framer.space();
    ASSERT_GE(space.size, bytes.size());
    std::memcpy(space.data, bytes.data(), bytes.size());
    framer.commit(bytes.size());
    for (int i = 0; i < 20; ++i) {
        const Frame frame = framer.next(kNoLimit);
        ASSERT_EQ(frame.status, FrameStatus::packet);
        EXPECT_EQ(frame.payload, "packet " + std::to_string(i));
        EXPECT_GE(frame.payload.data(), space.data);
        EXPECT_LT(frame.payload.data(), space.data + space.size);
    }
    EXPECT_EQ(framer.next(kNoLimit).status, FrameStatus::need_more);
    EXPECT_EQ(framer.buffered_bytes(), 0u);
    EXPECT_EQ(framer.sequence(), 20);
}

TEST(PacketFramer, EveryPrefixOfAPacketNeedsMore) {
    const auto bytes = framed("some payload");
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        PacketFramer framer;
        feed(framer, std::string_view(bytes).substr(0, length));
        EXPECT_EQ(framer.next(kNoLimit).status, FrameStatus::need_more) << length;
        EXPECT_EQ(framer.buffered_bytes(), length);
    }
}

TEST(PacketFramer, GivesTheSamePacketsHoweverTheReadsAreCut) {
    std::mt19937 random(1);  // NOLINT: repeatable
    std::vector<std::string> packets;
    std::string bytes;
    std::uint8_t sequence = 0;
    for (int i = 0; i < 600; ++i) {
        const auto length = random() % (i % 50 == 0 ? 3000 : 60);
        std::string payload;
        for (std::size_t j = 0; j < length; ++j) {
            payload += static_cast<char>(random());
        }
        bytes += framed(payload, sequence);
        packets.push_back(payload);
    }
    for (const std::size_t chunk : {1u, 3u, 64u, 1000u, 100'000u}) {
        PacketFramer framer(256);
        EXPECT_EQ(unframe(framer, bytes, chunk), packets) << chunk;
        (void)framer.space();
        EXPECT_LE(framer.capacity_bytes(), 4u * 256u);
    }
}

TEST(PacketFramer, JoinsThePartsOfALongPacketAndGivesTheMemoryBack) {
    std::string payload(2 * kMaxFramePayloadBytes + 5, 'a');
    payload[kMaxFramePayloadBytes - 1] = 'b';
    payload[kMaxFramePayloadBytes] = 'c';
    payload.back() = 'd';
    std::uint8_t sequence = 0;
    auto bytes = framed(payload, sequence);
    bytes += framed("next", sequence);
    PacketFramer framer;
    const auto packets = unframe(framer, bytes, 100'000);
    ASSERT_EQ(packets.size(), 2u);
    EXPECT_TRUE(packets[0] == payload);
    EXPECT_EQ(packets[1], "next");
    EXPECT_EQ(framer.sequence(), 4);
    (void)framer.space();
    EXPECT_EQ(framer.capacity_bytes(), 256u * 1024u);
}

TEST(PacketFramer, JoinsAPacketThatEndsWithAnEmptyPart) {
    const std::string payload(kMaxFramePayloadBytes, 'a');
    PacketFramer framer;
    const auto packets = unframe(framer, framed(payload), 1u << 20);
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_TRUE(packets[0] == payload);
}

TEST(PacketFramer, RefusesAPacketAboveTheLimitByItsHeaderAlone) {
    PacketFramer framer;
    feed(framer, std::string_view("\x01\x04\0\0", 4));
    EXPECT_EQ(framer.next(1024).status, FrameStatus::too_large);
    EXPECT_EQ(framer.next(1025).status, FrameStatus::need_more);
    EXPECT_EQ(framer.capacity_bytes(), 256u * 1024u);
}

TEST(PacketFramer, RefusesALaterPartAboveTheLimit) {
    const auto bytes = framed(std::string(kMaxFramePayloadBytes + 10, 'a'));
    PacketFramer framer;
    std::string_view rest = bytes;
    FrameStatus status = FrameStatus::need_more;
    while (!rest.empty() && status == FrameStatus::need_more) {
        rest.remove_prefix(feed(framer, rest));
        status = framer.next(kMaxFramePayloadBytes + 9).status;
    }
    EXPECT_EQ(status, FrameStatus::too_large);
}

TEST(PacketFramer, GrowsByWhatArrivedAndNotByWhatAHeaderClaims) {
    PacketFramer framer;
    feed(framer, std::string_view("\xf0\xff\xff\0abc", 7));
    EXPECT_EQ(framer.next(kNoLimit).status, FrameStatus::need_more);
    (void)framer.space();
    EXPECT_EQ(framer.capacity_bytes(), 256u * 1024u);
}

TEST(PacketFramer, NoticesAFrameOutOfOrder) {
    PacketFramer framer;
    feed(framer, std::string_view("\1\0\0\1x", 5));
    EXPECT_EQ(framer.next(kNoLimit).status, FrameStatus::out_of_order);
}

TEST(PacketFramer, AcceptsAnErrorPacketWithAnyNumber) {
    PacketFramer framer;
    framer.set_sequence(1);
    feed(framer, std::string_view("\3\0\0\0\xff\x01\x02", 7));
    const Frame frame = framer.next(kNoLimit);
    EXPECT_EQ(frame.status, FrameStatus::packet);
    EXPECT_EQ(frame.payload.size(), 3u);
}

TEST(PacketFramer, ACommandStartsTheNumbersAnew) {
    PacketFramer framer;
    framer.set_sequence(9);
    framer.set_sequence(0);
    EXPECT_EQ(unframe(framer, framed("x"), 1).size(), 1u);
    EXPECT_EQ(framer.sequence(), 1);
}

}  // namespace
}  // namespace doppel::wire
