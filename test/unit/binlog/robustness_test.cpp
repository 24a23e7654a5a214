// SPDX-License-Identifier: Apache-2.0
// Damaged input: a clean failure or a decoded event, never a crash or a hang.
#include "unit/binlog/sample_tables.hpp"

#include <random>

#include <gtest/gtest.h>

namespace doppel::binlog {
namespace {

using namespace test;  // NOLINT: the helpers of this test

void set_size(std::string& event, std::size_t size) {
    for (std::size_t i = 0; i < 4; ++i) {
        event[9 + i] = static_cast<char>((size >> (8 * i)) & 0xff);
    }
}

/// The events of a sample without checksums, so that damage reaches the decoders.
std::vector<std::string> unprotected(const std::string& sample) {
    std::vector<std::string> events;
    const auto bytes = read_sample(sample);
    for (const auto raw : split_events(bytes)) {
        std::string event(raw);
        const auto parsed = parse_event(raw, std::nullopt);
        if (parsed.ok() && parsed->type() == EventType::format_description) {
            event[event.size() - kChecksumBytes - 1] = 0;
        } else if (parsed.ok() && parsed->body.size() + kEventHeaderBytes < raw.size()) {
            event.resize(event.size() - kChecksumBytes);
            set_size(event, event.size());
        }
        events.push_back(std::move(event));
    }
    return events;
}

class Damage : public testing::TestWithParam<std::string> {
protected:
    /// Feeds until the first failure; the number of events that were read.
    std::size_t feed(const std::vector<std::string>& events, std::size_t count) {
        RecordingHandler handler;
        handler.wanted = sample_tables();
        handler.marker_table = "m";
        TransactionReader reader(handler, mysql::GtidSet());
        for (std::size_t i = 0; i < count; ++i) {
            if (reader.feed(events[i])) {
                return i;
            }
        }
        return count;
    }
};

TEST_P(Damage, UndamagedEventsAreRead) {
    const auto events = unprotected(GetParam());
    ASSERT_GT(events.size(), 5U);
    EXPECT_EQ(feed(events, events.size()), events.size());
}

TEST_P(Damage, EveryPrefixOfAFileIsRead) {
    const auto sample = read_sample(GetParam());
    const auto events = split_events(sample);
    RecordingHandler handler;
    handler.wanted = sample_tables();
    TransactionReader reader(handler, mysql::GtidSet());
    for (const auto event : events) {
        // A shorter event than its header says is refused before it can change anything.
        for (std::size_t size = 0; size < event.size(); ++size) {
            EXPECT_FALSE(parse_event(event.substr(0, size), std::nullopt).ok());
        }
        EXPECT_FALSE(reader.feed(event).has_value());
    }
}

TEST_P(Damage, ShortenedEventsFailOrAreRead) {
    const auto events = unprotected(GetParam());
    // What an event means depends on its transaction at most.
    std::vector<std::string> before;
    for (const auto& whole : events) {
        const auto type = parse_header(whole)->type;
        if (type == EventType::gtid || type == EventType::gtid_tagged ||
            type == EventType::mariadb_gtid) {
            before.clear();
        }
        for (std::size_t size = kEventHeaderBytes; size < whole.size(); ++size) {
            before.push_back(whole.substr(0, size));
            set_size(before.back(), size);
            (void)feed(before, before.size());
            before.pop_back();
        }
        before.push_back(whole);
        EXPECT_EQ(feed(before, before.size()), before.size());
    }
}

TEST_P(Damage, ChangedBytesFailOrAreRead) {
    const auto events = unprotected(GetParam());
    std::mt19937 random(20240229);
    for (int round = 0; round < 300; ++round) {
        auto damaged = events;
        auto& event = damaged[random() % damaged.size()];
        const std::size_t at = random() % event.size();
        event[at] = static_cast<char>(random() & 0xff);
        (void)feed(damaged, damaged.size());
    }
}

TEST_P(Damage, ChangedBytesOfProtectedEventsAreNoticed) {
    const auto sample = read_sample(GetParam());
    const auto views = split_events(sample);
    std::mt19937 random(42);
    for (int round = 0; round < 1'000; ++round) {
        const auto& view = views[random() % views.size()];
        std::string event(view);
        const std::size_t at = random() % event.size();
        event[at] = static_cast<char>(event[at] ^ (1 << (random() % 8)));
        const auto parsed = parse_event(event, Checksum::crc32);
        const bool in_use_flag = at == 17;
        const bool algorithm = at + 1 + kChecksumBytes == event.size();
        EXPECT_TRUE(!parsed.ok() || in_use_flag || algorithm || event[4] == 15)
            << GetParam() << " " << at;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Samples,
    Damage,
    testing::Values("full.binlog", "images.binlog", "compressed.binlog", "mariadb.binlog")
);

}  // namespace
}  // namespace doppel::binlog
