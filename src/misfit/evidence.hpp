// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace doppel::misfit {

/// Whether something that was seen on the server is there to stay. An application that moves a
/// unique value between rows by two transactions makes a duplicate for a moment; one look cannot
/// tell that from data that violates the new schema. Pure: times are given.
///
/// Real is what every look has seen, the looks spread over a time in which the feed brought no
/// change of the rows: they are the same rows all the time. Rows that are changed all the time need
/// many more looks over a longer time, since each may have met them in a bad moment.
class Evidence final {
public:
    using Clock = std::chrono::steady_clock;
    struct Limits {
        std::chrono::milliseconds quiet_time;
        unsigned quiet_looks = 3;
        std::chrono::milliseconds busy_time;
        unsigned busy_looks = 40;
    };

    explicit Evidence(Limits limits) : limits_(limits) {}

    /// A look at `now` has seen it. `changes`: how often the feed had brought the rows before.
    void seen(Clock::time_point now, std::uint64_t changes);

    /// Enough looks, provided that `stands`.
    [[nodiscard]] bool ripe() const { return quiet_enough() || busy_enough(); }
    /// It is real. `changes` as of a moment when the feed had passed the last look.
    [[nodiscard]] bool stands(std::uint64_t changes) const;
    [[nodiscard]] unsigned looks() const noexcept { return looks_; }

private:
    [[nodiscard]] bool quiet_enough() const;
    [[nodiscard]] bool busy_enough() const;

    Limits limits_;
    unsigned looks_ = 0;
    Clock::time_point first_;
    Clock::time_point last_;
    // Since the rows were last seen to change.
    unsigned quiet_looks_ = 0;
    Clock::time_point quiet_since_;
    std::uint64_t quiet_changes_ = 0;
};

}  // namespace doppel::misfit
