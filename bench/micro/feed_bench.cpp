// SPDX-License-Identifier: Apache-2.0
// What is read for nothing: changes of other tables, and our own rows in the shadow that come back.
#include "async/asio.hpp"
#include "async/event.hpp"
#include "bench/micro/dump.hpp"
#include "bench/micro/fake_server.hpp"
#include "bench/micro/tables.hpp"
#include "doppel/error.hpp"
#include "feed/stream.hpp"
#include "migration/feed_handler.hpp"
#include "protocol/coordinator.hpp"
#include "wire/packet.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <benchmark/benchmark.h>

namespace doppel::bench {
namespace {

using binlog::EventType;

constexpr std::uint64_t kDumpBytes = std::uint64_t{48} << 20;
constexpr std::uint64_t kTableId = 101;

/// How the server writes INSERT .. SELECT: events of about 8 KiB, a chunk in a transaction.
Dump bulk(std::string_view table_name) {
    const auto table = SampleTable::sysbench();
    const std::size_t rows = 8'192 / table.row_bytes();
    Dump dump;
    std::uint32_t next = 0;
    while (dump.bytes() < kDumpBytes) {
        dump.begin();
        dump.add(EventType::table_map, table.table_map(kTableId, table_name));
        for (int i = 0; i < 400; ++i) {
            const auto first = next;
            next += static_cast<std::uint32_t>(rows);
            dump.add(
                EventType::write_rows, table.rows(EventType::write_rows, kTableId, first, rows)
            );
        }
        dump.commit();
    }
    return dump;
}

/// Many small transactions: one updated row each.
Dump oltp(std::string_view table_name) {
    const auto table = SampleTable::sysbench();
    Dump dump;
    for (std::uint32_t i = 0; dump.bytes() < kDumpBytes; ++i) {
        dump.begin();
        dump.add(EventType::table_map, table.table_map(kTableId, table_name));
        dump.add(EventType::update_rows, table.rows(EventType::update_rows, kTableId, i, 1));
        dump.commit();
    }
    return dump;
}

/// The transactions of `bulk` with binlog_transaction_compression.
Dump compressed(std::string_view table_name, std::uint64_t& plain_bytes) {
    const auto table = SampleTable::sysbench();
    const std::size_t rows = 8'192 / table.row_bytes();
    Dump dump;
    std::uint32_t next = 0;
    plain_bytes = 0;
    while (plain_bytes < kDumpBytes) {
        std::vector<std::pair<EventType, std::string>> events;
        events.emplace_back(EventType::table_map, table.table_map(kTableId, table_name));
        for (int i = 0; i < 400; ++i) {
            const auto first = next;
            next += static_cast<std::uint32_t>(rows);
            auto body = table.rows(EventType::write_rows, kTableId, first, rows);
            plain_bytes += body.size();
            events.emplace_back(EventType::write_rows, std::move(body));
        }
        dump.add_compressed(events);
    }
    return dump;
}

/// The feed of a migration of shop.t whose copy has not begun.
class Migration final {
public:
    boost::asio::io_context context;

private:
    SampleTable table_ = SampleTable::sysbench();
    mysql::TablePair tables_ = table_.pair();
    std::vector<schema::Column> columns_ = table_.columns();
    protocol::Coordinator coordinator_{true, {}};
    async::Event changed_{context.get_executor()};

public:
    migration::FeedHandler handler{
        {tables_, table_.ordinals(), {}, columns_, 2'000'000, true, {}}, coordinator_, changed_};
};

/// The stream over a TCP connection, to its end. False when it did not end as expected.
bool read_all(Migration& migration, std::uint16_t port) {
    ConnectionOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.user = "u";
    feed::StreamOptions stream_options;
    stream_options.server_id = 7;
    feed::BinlogStream stream(
        migration.context.get_executor(),
        options,
        mysql::GtidSet(),
        stream_options,
        migration.handler,
        Logger()
    );
    std::string end;
    boost::asio::co_spawn(migration.context, stream.run(), [&](std::exception_ptr failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            end = error.what();
        }
    });
    migration.context.run();
    return end.find(FakeServer::kEnd) != std::string::npos;
}

void count(benchmark::State& state, const Dump& dump, std::uint64_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
    const auto events = static_cast<double>(dump.events().size());
    state.counters["events/s"] = benchmark::Counter(
        events * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate
    );
}

void through_socket(benchmark::State& state, const Dump& dump, std::uint64_t counted_bytes) {
    const FakeServer server(dump.packets());
    for (auto _ : state) {
        Migration migration;
        if (!read_all(migration, server.port())) {
            state.SkipWithError("the dump was not read to its end");
        }
    }
    count(state, dump, counted_bytes);
}

/// Without a socket: packets are copied to where a read would put them.
void through_memory(benchmark::State& state, const Dump& dump, std::uint64_t counted_bytes) {
    const std::string packets = dump.packets();
    for (auto _ : state) {
        Migration migration;
        wire::PacketFramer framer;
        framer.set_sequence(1);
        binlog::TransactionReader reader(migration.handler, mysql::GtidSet());
        for (std::size_t at = 0; at < packets.size();) {
            const auto space = framer.space();
            const std::size_t count = std::min(space.size, packets.size() - at);
            std::memcpy(space.data, packets.data() + at, count);
            framer.commit(count);
            at += count;
            for (auto frame = framer.next(binlog::kEventBytesMax);
                 frame.status == wire::FrameStatus::packet;
                 frame = framer.next(binlog::kEventBytesMax)) {
                if (const auto failure = reader.feed(frame.payload.substr(1))) {
                    state.SkipWithError(failure->message.c_str());
                    return;
                }
            }
        }
    }
    count(state, dump, counted_bytes);
}

void ForeignBulkFromSocket(benchmark::State& state) {
    const auto dump = bulk("other");
    through_socket(state, dump, dump.bytes());
}
void ForeignBulkFromMemory(benchmark::State& state) {
    const auto dump = bulk("other");
    through_memory(state, dump, dump.bytes());
}
void ForeignSmallTransactionsFromSocket(benchmark::State& state) {
    const auto dump = oltp("other");
    through_socket(state, dump, dump.bytes());
}
void ForeignSmallTransactionsFromMemory(benchmark::State& state) {
    const auto dump = oltp("other");
    through_memory(state, dump, dump.bytes());
}
/// Bytes are those after decompression.
void ForeignCompressedFromMemory(benchmark::State& state) {
    std::uint64_t bytes = 0;
    const auto dump = compressed("other", bytes);
    through_memory(state, dump, bytes);
}
void OurOwnChunksFromSocket(benchmark::State& state) {
    const auto dump = bulk("_t_new");
    through_socket(state, dump, dump.bytes());
}
/// Small transactions that change our table, ahead of the copy.
void OursSmallTransactionsFromSocket(benchmark::State& state) {
    const auto dump = oltp("t");
    through_socket(state, dump, dump.bytes());
}

BENCHMARK(ForeignBulkFromSocket)->Unit(benchmark::kMillisecond);
BENCHMARK(ForeignBulkFromMemory)->Unit(benchmark::kMillisecond);
BENCHMARK(ForeignSmallTransactionsFromSocket)->Unit(benchmark::kMillisecond);
BENCHMARK(ForeignSmallTransactionsFromMemory)->Unit(benchmark::kMillisecond);
BENCHMARK(ForeignCompressedFromMemory)->Unit(benchmark::kMillisecond);
BENCHMARK(OurOwnChunksFromSocket)->Unit(benchmark::kMillisecond);
BENCHMARK(OursSmallTransactionsFromSocket)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace doppel::bench
