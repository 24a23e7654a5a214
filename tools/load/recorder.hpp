// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/load/histogram.hpp"
#include "tools/load/pacer.hpp"
#include "tools/load/stall.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::load {

/// In microseconds.
struct Quantiles {
    std::uint64_t p50 = 0;
    std::uint64_t p95 = 0;
    std::uint64_t p99 = 0;
    std::uint64_t max = 0;
};

struct Counts {
    std::uint64_t commits = 0;
    std::uint64_t errors =
        0;  ///< transactions given up for anything but a deadlock or a lock timeout
    std::uint64_t deadlocks = 0;           ///< error 1213; the transaction was tried again
    std::uint64_t lock_wait_timeouts = 0;  ///< error 1205; the transaction was tried again
    std::uint64_t twin_mismatches = 0;     ///< statements that changed one table but not its twin
};

/// What happened in `from`..`to`. Latency counts from when a transaction was due, service time from
/// when a thread began it; both end with the commit and include retries.
struct Interval {
    Instant from{0};
    Instant to{0};
    Counts counts;
    Quantiles latency;
    Quantiles service;
    Stall stall;  ///< the longest that ended in it or lasted at its end

    [[nodiscard]] double commits_per_second() const;
};

/// The longest statement or transaction and when it began.
struct Longest {
    std::string what;
    Instant start{0};
    Instant length{0};
};

struct Totals {
    Interval whole;
    Stall stall;
    Longest statement;
    Longest transaction;
    std::uint64_t seconds_without_commit = 0;  ///< whole seconds since the start
    std::vector<std::string> first_errors;
};

/// Collects what the threads of a run report. Thread-safe.
class Recorder final {
public:
    static constexpr std::size_t kErrorsKept = 10;

    void started(Instant due);
    void committed(Instant due, Instant start, Instant now);
    /// True for the first few errors, which are worth printing.
    bool failed(Instant due, const std::string& message);
    void deadlocked();
    void lock_wait_timed_out();
    void twin_mismatched();
    void statement_done(std::string_view what, Instant start, Instant end);

    /// What happened since the last call.
    [[nodiscard]] Interval take_interval(Instant now);
    [[nodiscard]] Totals totals(Instant now) const;

private:
    struct Window {
        Counts counts;
        Histogram latency;
        Histogram service;
        [[nodiscard]] Interval summarise(Instant from, Instant to) const;
    };
    template <class Change>
    void count(Change change);

    mutable std::mutex mutex_;
    Window window_;
    Window whole_;
    Instant window_start_{0};
    StallDetector stalls_;
    StallDetector window_stalls_;
    Longest statement_;
    Longest transaction_;
    std::vector<std::uint32_t> commits_by_second_;
    std::vector<std::string> first_errors_;
};

}  // namespace doppel::load
