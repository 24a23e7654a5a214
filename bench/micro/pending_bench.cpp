// SPDX-License-Identifier: Apache-2.0
// What a delivered key costs until it is reconciled.
#include "bench/micro/tables.hpp"
#include "protocol/coordinator.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace doppel::bench {
namespace {

constexpr std::uint32_t kKeys = 100'000;

std::vector<std::string> keys_of(const SampleTable& table, std::uint32_t count) {
    std::vector<std::string> keys;
    for (std::uint32_t i = 0; i < count; ++i) {
        keys.push_back(table.key(i).bytes);
    }
    std::shuffle(keys.begin(), keys.end(), std::mt19937(7));
    return keys;
}

void fence(protocol::Coordinator& coordinator) {
    coordinator.acknowledge_fence(coordinator.issue_fence());
}

void copy_all(protocol::Coordinator& coordinator) {
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    fence(coordinator);
    coordinator.close_chunk(chunk);
}

std::size_t reconcile_all(protocol::Coordinator& coordinator) {
    std::size_t count = 0;
    while (const auto batch = coordinator.take_batch()) {
        count += batch->keys.size();
        coordinator.complete(*batch);
    }
    return count;
}

/// Every key once: delivered, taken, finished.
void deliver_and_reconcile(benchmark::State& state, const SampleTable& table) {
    const auto keys = keys_of(table, kKeys);
    protocol::Coordinator coordinator(table.pair().shape.exactly_comparable(), {});
    copy_all(coordinator);
    for (auto _ : state) {
        for (const auto& key : keys) {
            coordinator.deliver(key);
        }
        fence(coordinator);
        if (reconcile_all(coordinator) != keys.size()) {
            state.SkipWithError("keys were lost");
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(keys.size()) * state.iterations());
}

/// 1,000 keys that are changed a hundred times each before they are reconciled.
void deliver_hot_keys(benchmark::State& state, const SampleTable& table) {
    const auto keys = keys_of(table, 1'000);
    protocol::Coordinator coordinator(table.pair().shape.exactly_comparable(), {});
    copy_all(coordinator);
    for (auto _ : state) {
        for (int round = 0; round < 100; ++round) {
            for (const auto& key : keys) {
                coordinator.deliver(key);
            }
        }
        // The first round fences the keys, the second what came again.
        fence(coordinator);
        std::size_t count = 0;
        while (const auto taken = reconcile_all(coordinator)) {
            count += taken;
            fence(coordinator);
        }
        if (count > 2 * keys.size() || coordinator.pending() != 0) {
            state.SkipWithError("hot keys are reconciled more often than needed");
        }
    }
    state.SetItemsProcessed(100 * static_cast<std::int64_t>(keys.size()) * state.iterations());
}

/// The copy has not come there yet: the key is forgotten.
void deliver_beyond_the_frontier(benchmark::State& state, const SampleTable& table) {
    const auto keys = keys_of(table, kKeys);
    protocol::Coordinator coordinator(true, {});
    coordinator.open_chunk(coordinator.add_chunk(table.key(0)));
    for (auto _ : state) {
        for (const auto& key : keys) {
            coordinator.deliver(key);
        }
    }
    if (coordinator.pending() > 1) {
        state.SkipWithError("keys were kept");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(keys.size()) * state.iterations());
}

BENCHMARK_CAPTURE(deliver_and_reconcile, int, SampleTable::narrow());
BENCHMARK_CAPTURE(deliver_and_reconcile, int_varchar, SampleTable::composite());
BENCHMARK_CAPTURE(deliver_and_reconcile, binary16, SampleTable::binary());
BENCHMARK_CAPTURE(deliver_hot_keys, int, SampleTable::narrow());
BENCHMARK_CAPTURE(deliver_hot_keys, int_varchar, SampleTable::composite());
BENCHMARK_CAPTURE(deliver_beyond_the_frontier, int, SampleTable::narrow());

}  // namespace
}  // namespace doppel::bench
