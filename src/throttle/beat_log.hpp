// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "throttle/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace doppel::throttle {

/// When each heartbeat of the run was begun, by this process's own steady clock. A beat is a number
/// in the state table; the newest that a replica shows tells how far it is behind, whatever the
/// clocks of the servers say and whatever they think of their own lag. Pure.
class BeatLog final {
public:
    using Duration = Clock::duration;

    /// `used`: the highest number in the state table, by an earlier run; a replica that shows one
    /// up to it shows nothing of this run.
    explicit BeatLog(std::uint64_t used) : used_(used), first_(used + 1), next_(used + 1) {}

    /// The number of the beat that is written now.
    std::uint64_t begin(Clock::time_point now);
    /// The server acknowledged the newest beat.
    void acknowledged(Clock::time_point now) { acknowledged_at_ = now; }

    /// Whether that is the number of a beat of this run.
    [[nodiscard]] bool has_begun(std::uint64_t number) const noexcept {
        return number > used_ && number < next_;
    }
    /// How far a server is behind that shows `newest`, at most: nothing of what the primary
    /// committed before that time is missing there.
    [[nodiscard]] Duration lag(std::optional<std::uint64_t> newest, Clock::time_point now) const;
    /// Since the last beat that was acknowledged, or the first that was not.
    [[nodiscard]] Duration silence(Clock::time_point now) const;
    [[nodiscard]] bool empty() const noexcept { return begun_.empty(); }

private:
    /// An hour of ten a second; who is farther behind is so by an hour at least.
    static constexpr std::size_t kKept = 36'000;

    std::uint64_t used_;
    std::uint64_t first_;  ///< number of begun_.front()
    std::uint64_t next_;
    std::deque<Clock::time_point> begun_;
    std::optional<Clock::time_point> acknowledged_at_;
    Clock::time_point started_at_;
};

}  // namespace doppel::throttle
