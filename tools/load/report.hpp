// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/load/recorder.hpp"

#include <cstdint>
#include <string>

namespace doppel::load {

/// Wall-clock time of the start of a run, in milliseconds since 1970 (UTC), so that what `load` saw
/// can be laid beside the logs of others.
struct Epoch {
    std::int64_t start_ms = 0;
    [[nodiscard]] std::int64_t at_ms(Instant instant) const;
};

/// One line without a newline for the terminal.
[[nodiscard]] std::string interval_text(
    const Interval& interval, std::uint64_t backlog, const Epoch& epoch
);
/// The same as a JSON object: "type": "interval", "time_ms" (end of the interval), "elapsed_s",
/// "tps", "commits", "latency_us" and "service_us" ({p50, p95, p99, max}), "errors", "deadlocks",
/// "lock_wait_timeouts", "twin_mismatches", "backlog" (due, but taken by no thread), "stall_ms"
/// (the longest time without a commit although one was due that ended in it or lasted at its end).
[[nodiscard]] std::string interval_json(
    const Interval& interval, std::uint64_t backlog, const Epoch& epoch
);

/// Several lines, with a newline at the end.
[[nodiscard]] std::string summary_text(
    const Totals& totals, std::uint64_t backlog, const Epoch& epoch
);
/// "type": "summary", the keys of an interval but "stall_ms", "start_ms", "longest_stall"
/// ({length_ms, start_ms, end_ms}), "longest_statement" and "longest_transaction" ({what,
/// length_ms, start_ms}), "seconds_without_commit", "first_errors".
[[nodiscard]] std::string summary_json(
    const Totals& totals, std::uint64_t backlog, const Epoch& epoch
);

}  // namespace doppel::load
