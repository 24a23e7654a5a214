// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace doppel::load {

/// Time since the start of a run.
using Instant = std::chrono::nanoseconds;

/// Hands out the transactions of a run. Arrivals follow the clock, not the server (open loop): when
/// the server stalls, transactions fall due all the same, and are handed out at once afterwards.
/// Thread-safe.
class Pacer final {
public:
    /// `transactions_per_second`: 0 means as many as the server takes; not negative.
    explicit Pacer(double transactions_per_second) : rate_(transactions_per_second) {}

    /// When the next transaction is due; nothing for "now". Each one is handed out once.
    [[nodiscard]] std::optional<Instant> next();
    /// Transactions that are due at `now` and were not handed out; 0 without a rate.
    [[nodiscard]] std::uint64_t backlog(Instant now) const;

private:
    double rate_;
    std::atomic<std::uint64_t> handed_out_{0};
};

}  // namespace doppel::load
