// SPDX-License-Identifier: Apache-2.0
// The statements that reconcile a batch.
#include "bench/micro/tables.hpp"
#include "mysql/reconcile_statement.hpp"

#include <vector>

#include <benchmark/benchmark.h>

namespace doppel::bench {
namespace {

constexpr std::uint32_t kKeys = 1'000;

/// Both halves, DELETE and INSERT .. SELECT.
void render_batch(benchmark::State& state, const SampleTable& table) {
    const auto tables = table.pair();
    std::vector<mysql::Key> keys;
    for (std::uint32_t i = 0; i < kKeys; ++i) {
        keys.push_back(table.key(i * 1'000));
    }
    std::size_t bytes = 0;
    for (auto _ : state) {
        bytes += mysql::delete_statement(tables, keys, std::nullopt).size();
        bytes += mysql::insert_statement(tables, keys, std::nullopt).size();
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(kKeys) * state.iterations());
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

BENCHMARK_CAPTURE(render_batch, int, SampleTable::narrow());
BENCHMARK_CAPTURE(render_batch, int_varchar, SampleTable::composite());
BENCHMARK_CAPTURE(render_batch, binary16, SampleTable::binary());

}  // namespace
}  // namespace doppel::bench
