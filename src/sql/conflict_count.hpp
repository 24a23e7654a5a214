// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace doppel::sql {

/// Conflicts (lock waits that timed out, deadlocks, KILL QUERY) are tried again without a word. Who
/// meets nothing else for long must say so: somebody holds a lock, and the run does not get on.
class ConflictCount final {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kSilence{10};

    /// Counts one; true when it is time to say so: after ten seconds, then each time twice as long.
    [[nodiscard]] bool met(Clock::time_point now) {
        if (!since_) {
            since_ = now;
            say_after_ = kSilence;
        }
        ++count_;
        if (now - *since_ < say_after_) {
            return false;
        }
        say_after_ *= 2;
        return true;
    }
    /// Something went well.
    void over() {
        since_.reset();
        count_ = 0;
    }
    /// In a row.
    [[nodiscard]] unsigned count() const noexcept { return count_; }

private:
    std::optional<Clock::time_point> since_;
    std::chrono::seconds say_after_{kSilence};
    unsigned count_ = 0;
};

}  // namespace doppel::sql
