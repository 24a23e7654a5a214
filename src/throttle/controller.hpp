// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "throttle/signal.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace doppel::throttle {

/// The share of speed that one signal leaves. Two factors: a brake that follows the level at once,
/// and a memory of what share the server or its replicas bear, which grows slowly while there is
/// room and shrinks while the brake is on. The slow growth is what keeps a lag under its limit:
/// what a replica has not applied yet shows up in its lag only when it gets to it. Pure.
class Steering final {
public:
    /// `scale`: Pressure::scale.
    Steering(Pressure::Kind kind, double scale);

    void step(double level, std::chrono::duration<double> time);
    [[nodiscard]] double share() const noexcept { return brake_ * memory_; }

private:
    Pressure::Kind kind_;
    double brake_ = 1;
    double memory_;
    double growth_;
};

/// Joins all signals into the shares of copying and replay. Signals in, shares out; pure.
///
/// Replay is slowed down only where a lag is over its limit, copying has stood still because of it
/// for kPatience, and it grows all the same; and never below kReplayLeast, since the feed must not
/// fall behind the server's binary logs.
class Controller final {
public:
    static constexpr double kReplayLeast = 0.1;
    static constexpr std::chrono::seconds kPatience{2};
    /// A hard limit that is only to make copying pause is over so long after its last breach.
    static constexpr std::chrono::seconds kCalm{1};

    /// Called about ten times a second.
    void step(Clock::time_point now, const std::vector<Pressure>& pressures);

    [[nodiscard]] double copy_share() const noexcept { return copy_share_; }
    /// Of what only reads. Its levels are those of copying, without what is about writes.
    [[nodiscard]] double read_share() const noexcept { return read_share_; }
    [[nodiscard]] double replay_share() const noexcept { return replay_share_; }
    /// What leaves the smallest share; nothing while that is (nearly) all.
    [[nodiscard]] const std::optional<Pressure>& strongest() const noexcept { return strongest_; }
    /// The same of what only reads.
    [[nodiscard]] const std::optional<Pressure>& strongest_on_reads() const noexcept {
        return strongest_on_reads_;
    }
    /// The first signal that is over its hard limit.
    [[nodiscard]] const std::optional<Pressure>& critical() const noexcept { return critical_; }

private:
    struct State {
        explicit State(const Pressure& pressure) : steering(pressure.kind, pressure.scale) {}
        Steering steering;
        std::optional<Clock::time_point> critical_at;
        bool seen = true;
    };
    double share_of(Clock::time_point now, const Pressure& pressure, double seconds);
    void steer_replay(Clock::time_point now, double worst_lag, double seconds);

    std::map<std::string, State> states_;  ///< by Pressure::name
    double copy_share_ = 1;
    double read_share_ = 1;
    double replay_share_ = 1;
    std::optional<Pressure> strongest_;
    std::optional<Pressure> strongest_on_reads_;
    std::optional<Pressure> critical_;
    std::optional<Clock::time_point> last_;
    std::optional<Clock::time_point> stands_since_;  ///< copying, because of a lag
    double lag_before_ = 0;                          ///< the highest level a second ago
    Clock::time_point lag_before_at_;
    bool lag_grows_ = false;
};

}  // namespace doppel::throttle
