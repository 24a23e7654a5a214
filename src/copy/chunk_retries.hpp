// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/failure_kind.hpp"

#include <chrono>

namespace doppel::copy {

/// How often one chunk may fail before the run ends. Conflicts (deadlocks, lock timeouts) say
/// nothing about the data, so they never use up what is allowed for duplicates.
class ChunkRetries final {
public:
    /// Between two duplicates replay has caught up with the feed, so that a duplicate is either
    /// real or was made anew by the application in that moment. Rows that the application keeps
    /// moving around can be unlucky several times, hardly this often.
    static constexpr unsigned kDuplicatesMax = 12;
    static constexpr unsigned kConflictsMax = 1'000;

    /// Counts a failure of the statement; whether the chunk may be tried again. Only conflicts and
    /// duplicates may: the other kinds would fail again or need a new connection first.
    [[nodiscard]] bool allows(sql::FailureKind kind);
    /// How long to wait before the next try: 5 ms at first, doubling up to 1 s.
    [[nodiscard]] std::chrono::milliseconds pause() const;

private:
    unsigned conflicts_ = 0;
    unsigned duplicates_ = 0;
};

}  // namespace doppel::copy
