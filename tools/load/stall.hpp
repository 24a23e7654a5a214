// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/load/pacer.hpp"

#include <optional>
#include <set>

namespace doppel::load {

/// A time in which no transaction was committed although one was due.
struct Stall {
    Instant start{0};
    Instant length{0};
    [[nodiscard]] Instant end() const { return start + length; }
};

/// Finds the longest stall of a run over all threads. A stall starts with the last commit, or when
/// the oldest transaction that waits fell due if that is later; it ends with the next commit. A
/// transaction that fails does not end a stall: what was due is still not done. Times may go
/// back by the little that threads need to report; a stall is never negative. Not thread-safe.
class StallDetector final {
public:
    /// A transaction that was due at `due` is started.
    void started(Instant due) { waiting_.insert(due); }
    void committed(Instant due, Instant now);
    /// The transaction is given up.
    void failed(Instant due);

    /// The longest stall up to `now`, one that still lasts included.
    [[nodiscard]] Stall longest(Instant now) const;
    /// From here on only stalls count that last or are still to come.
    void forget() { longest_ = {}; }

private:
    [[nodiscard]] std::optional<Stall> current(Instant now) const;

    std::multiset<Instant> waiting_;
    std::optional<Instant> failed_due_;  ///< the oldest one given up since the last commit
    Instant last_commit_{0};
    Stall longest_;
};

}  // namespace doppel::load
