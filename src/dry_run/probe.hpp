// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "dry_run/sampler.hpp"
#include "estimate/duration.hpp"
#include "mysql/table_pair.hpp"
#include "verify/subject.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace doppel::dry_run {

/// What a probe does as the run would.
struct ProbePlan {
    const mysql::TablePair& tables;                 ///< with the probe's table as the shadow
    const std::optional<verify::Subject>& subject;  ///< of the same tables
    std::string drop_indexes;                       ///< of the late ones; empty: none
    std::string build_indexes;                      ///< the same
    bool utc = false;
    unsigned workers = 4;
    std::size_t chunk_rows = 10'000;
    std::size_t chunk_rows_max = 20'000;
    std::chrono::milliseconds chunk_time{100};
    double rows_max = 1e6;  ///< that are copied at most
};

struct ProbeResult {
    estimate::Probed measured;
    double table_bytes = 0;  ///< of the copied rows with their indexes; 0: not known
    std::string problem;     ///< why there is nothing
};

/// Copies pieces from all over the table into the probe's table, which must exist and be empty,
/// with as many sessions as the run would use, and a comparison beside, until its time is up; then
/// builds the indexes that the run would build late. Rows that are refused are left out.
[[nodiscard]] ProbeResult run_probe(
    const ConnectionOptions& connection,
    const ProbePlan& plan,
    const Sample& places,
    std::chrono::milliseconds time,
    const std::function<void()>& require_running
);

}  // namespace doppel::dry_run
