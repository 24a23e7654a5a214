// SPDX-License-Identifier: Apache-2.0
// Keys of changed rows of the migrated table, from row events in memory.
#include "bench/micro/dump.hpp"
#include "bench/micro/tables.hpp"
#include "binlog/transaction_reader.hpp"

#include <string>

#include <benchmark/benchmark.h>

namespace doppel::bench {
namespace {

using binlog::EventType;

constexpr std::size_t kRows = 4'000;
constexpr std::uint64_t kTableId = 101;

/// Takes keys and forgets them.
class KeySink final : public binlog::EventHandler {
public:
    explicit KeySink(const SampleTable& table)
        : shape_(table.pair().shape), ordinals_(table.ordinals()) {}

    binlog::TableInterest on_table_map(const binlog::TableMap&) override {
        return binlog::TableInterest::keys(0, shape_, ordinals_);
    }
    void on_rows(const binlog::RowsView& rows) override {
        keys_ += rows.keys.size();
        benchmark::DoNotOptimize(rows.keys[0].data());
    }
    void on_query(const binlog::QueryView&) override {}
    void on_transaction_end(const binlog::StreamPosition&) override {}
    void on_unknown(binlog::EventType, bool) override {}

    [[nodiscard]] std::size_t keys() const noexcept { return keys_; }

private:
    mysql::KeyShape shape_;
    std::vector<std::size_t> ordinals_;
    std::size_t keys_ = 0;
};

/// A transaction that changes kRows rows, in events of about 8 KiB.
void extract(benchmark::State& state, const SampleTable& table, EventType type) {
    const std::size_t images = type == EventType::update_rows ? 2 : 1;
    const std::size_t rows_in_event =
        std::max<std::size_t>(1, 8'192 / (images * table.row_bytes()));
    Dump dump;
    dump.begin();
    dump.add(EventType::table_map, table.table_map(kTableId, "t"));
    for (std::size_t i = 0; i < kRows; i += rows_in_event) {
        const auto count = std::min(rows_in_event, kRows - i);
        dump.add(type, table.rows(type, kTableId, static_cast<std::uint32_t>(i), count));
    }
    dump.commit();
    KeySink sink(table);
    binlog::TransactionReader reader(sink, mysql::GtidSet());
    std::size_t failures = 0;
    for (auto _ : state) {
        for (const auto& event : dump.events()) {
            failures += reader.feed(event).has_value() ? 1U : 0U;
        }
    }
    const auto rows = static_cast<std::int64_t>(kRows) * state.iterations();
    if (failures != 0 || sink.keys() != static_cast<std::size_t>(rows)) {
        state.SkipWithError("not every row gave its key");
    }
    state.SetItemsProcessed(rows);
    state.SetBytesProcessed(static_cast<std::int64_t>(dump.bytes()) * state.iterations());
}

#define DOPPEL_EXTRACT(name, table)                                                          \
    BENCHMARK_CAPTURE(extract, name##_insert, SampleTable::table(), EventType::write_rows);  \
    BENCHMARK_CAPTURE(extract, name##_update, SampleTable::table(), EventType::update_rows); \
    BENCHMARK_CAPTURE(extract, name##_delete, SampleTable::table(), EventType::delete_rows)

DOPPEL_EXTRACT(int_narrow, narrow);
DOPPEL_EXTRACT(int_sysbench, sysbench);
DOPPEL_EXTRACT(int_wide, wide);
DOPPEL_EXTRACT(int_varchar, composite);
DOPPEL_EXTRACT(binary16, binary);

}  // namespace
}  // namespace doppel::bench
