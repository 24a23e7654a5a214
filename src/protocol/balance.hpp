// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace doppel::protocol {

/// Weighs replay against the copy: how many sessions reconcile, and what share of their time the
/// copiers may work. Pure: times are given.
///
/// Replay is *behind* from the moment when more keys wait than it reconciles in kBehindTime, or the
/// feed waits for it, until they are fewer than it reconciles in kCaughtUpTime. While it is behind,
/// one thing is true of every span of kPatience: the number of waiting keys fell by a tenth, or a
/// lever moved. There are two levers, and while replay is behind they move one way only: first one
/// more session reconciles, when all do the copy's share halves, down to kCopyFloor. So
///
/// - replay: after finitely many spans either the keys have become few, or everything is given to
///   replay that can be given, and stays so until they are few. If the server reconciles more keys
///   a second then than arrive, that is after a finite time.
/// - copy: its share never falls below kCopyFloor, so it takes at most 1 / kCopyFloor times as long
///   as copiers that never rest (see `rest`), whatever replay does.
///
/// docs/consistency.md, claim 17.
class Balance final {
public:
    using Clock = std::chrono::steady_clock;

    struct Limits {
        unsigned replayers_max = 1;
        unsigned replayers_min = 1;      ///< where it is more than the most, the most counts
        std::size_t batch_keys = 1'000;  ///< of a full batch
    };

    static constexpr std::chrono::milliseconds kBehindTime{500};
    static constexpr std::chrono::milliseconds kCaughtUpTime{100};
    static constexpr std::chrono::milliseconds kPatience{500};
    /// Between two steps back of a lever.
    static constexpr std::chrono::milliseconds kEase{500};
    static constexpr double kCopyFloor = 1.0 / 8;
    /// Before replay has reconciled anything; keys a second.
    static constexpr double kRateAssumed = 10'000;
    /// Longest rest; a chunk that takes longer than an eighth of it is not held up any longer.
    static constexpr std::chrono::milliseconds kRestMax{4'000};

    explicit Balance(Limits limits);

    struct State {
        std::size_t waiting = 0;       ///< keys to be reconciled that are in no batch
        std::uint64_t reconciled = 0;  ///< keys, so far
        bool feed_waits = false;       ///< until fewer keys are pending
    };
    /// Several times a second. True when something that it decides has changed.
    bool see(Clock::time_point now, const State& state);
    /// The cut-over waits for replay: from now on there are as many sessions as there are full
    /// batches for.
    void hurry() noexcept { hurrying_ = true; }

    /// Sessions that may reconcile, replayers_min..replayers_max.
    [[nodiscard]] unsigned replayers() const noexcept { return replayers_; }
    /// kCopyFloor..1.
    [[nodiscard]] double copy_share() const noexcept { return copy_share_; }
    /// How long a copier does nothing after a chunk that took `worked`.
    [[nodiscard]] std::chrono::milliseconds rest(std::chrono::milliseconds worked) const;
    [[nodiscard]] bool behind() const noexcept { return behind_; }

private:
    void average(Clock::time_point now, std::uint64_t reconciled);
    void judge(Clock::time_point now, const State& state);
    /// The number of waiting keys is watched anew from `now` on.
    void begin_span(Clock::time_point now, std::size_t waiting);
    void push(Clock::time_point now, std::size_t waiting);
    void ease(Clock::time_point now);

    Limits limits_;
    unsigned replayers_;
    double copy_share_ = 1;
    bool behind_ = false;
    bool hurrying_ = false;
    double rate_ = kRateAssumed;
    std::optional<Clock::time_point> last_seen_;
    std::size_t last_waiting_ = 0;
    std::uint64_t last_reconciled_ = 0;
    std::optional<Clock::time_point> feed_waited_;
    Clock::time_point span_began_;
    std::size_t span_waiting_ = 0;  ///< when the span began
};

}  // namespace doppel::protocol
