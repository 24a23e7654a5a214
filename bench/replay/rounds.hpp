// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/replay/bench_table.hpp"
#include "doppel/options.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace doppel::bench {

struct Round {
    std::string form;      ///< "upsert" or "delete"
    unsigned workers = 0;  ///< 0: the server alone, one session
    std::size_t batch_keys = 1'000;
    std::vector<std::string> settings;  ///< SET statements of each session
};

/// Keys a second, after every row of the source was changed: `keys` of them are reconciled. Throws
/// when the shadow does not equal the source afterwards, if all were.
[[nodiscard]] double run_round(
    BenchTable& table, const ConnectionOptions& connection, const Round& round, std::size_t keys
);

}  // namespace doppel::bench
