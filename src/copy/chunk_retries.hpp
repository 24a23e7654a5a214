// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace doppel::copy {

/// How often one chunk, or one statement that may be run again, may meet a conflict (a deadlock, a
/// lock timeout, somebody's KILL QUERY) before the run ends.
class ChunkRetries final {
public:
    static constexpr unsigned kConflictsMax = 1'000;

    /// Counts a conflict; whether the chunk may be tried again.
    [[nodiscard]] bool allows_another() { return ++conflicts_ <= kConflictsMax; }
    /// How long to wait before the next try: 5 ms at first, doubling up to 1 s.
    [[nodiscard]] std::chrono::milliseconds pause() const;

private:
    unsigned conflicts_ = 0;
};

}  // namespace doppel::copy
