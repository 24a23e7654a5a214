// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>

namespace doppel::sql {

/// What the sessions of a run tell each other: that one of them waited in vain for the server.
/// Where a network has fallen silent every connection has, and each would find it out for itself,
/// one after the other. So those that had no answer since are given up when they are used next,
/// which costs no more than a reconnect. May be used by several threads.
class Silence final {
public:
    using Clock = std::chrono::steady_clock;

    void noticed() noexcept { noticed_ = Clock::now(); }
    /// The server was at work, not silent.
    void withdraw() noexcept { noticed_ = Clock::time_point::min(); }
    /// A connection whose last answer came then.
    [[nodiscard]] bool suspects(Clock::time_point last_answer) const noexcept {
        return last_answer < noticed_.load();
    }

private:
    std::atomic<Clock::time_point> noticed_{Clock::time_point::min()};
};

}  // namespace doppel::sql
