// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "throttle/beat_log.hpp"
#include "throttle/controller.hpp"
#include "throttle/gate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace doppel::throttle {

/// A replica that applies, one after the other, what a copy under the controller and an application
/// write. Time passes in steps of 5 ms; beats, looks and steps of the controller are as far apart
/// as in a run.
class SimulatedReplica final {
public:
    struct Rates {
        double copy = 4;             ///< seconds of the replica that a second of full copying costs
        double application = 0;      ///< .. and a second of the application's writes
        double chunk_seconds = 0.1;  ///< of the copy's time
        double limit_seconds = 1;
    };

    explicit SimulatedReplica(Rates rates)
        : rates_(rates), gate_([this] { return now_; }), beats_(0) {}

    void set_application(double rate) { rates_.application = rate; }
    void set_running(bool running) { running_ = running; }
    void set_readable(bool readable) { readable_ = readable; }

    void run(double seconds) {
        const auto until =
            now_ +
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
        while (now_ < until) {
            step();
        }
    }

    // What was seen since the last `forget`
    void forget() {
        lag_max_ = 0;
        shares_.clear();
        copied_ = 0;
        flips_ = 0;
    }
    [[nodiscard]] double lag_max() const { return lag_max_; }
    /// Seconds of full copying.
    [[nodiscard]] double copied() const { return copied_; }
    /// Changes between standing still and at least half of the speed, either way.
    [[nodiscard]] unsigned flips() const { return flips_; }
    [[nodiscard]] double share() const { return controller_.copy_share(); }
    [[nodiscard]] const Controller& controller() const { return controller_; }
    [[nodiscard]] double share_deviation() const {
        double sum = 0;
        double squares = 0;
        for (const double share : shares_) {
            sum += share;
            squares += share * share;
        }
        const double count = std::max<double>(1, static_cast<double>(shares_.size()));
        return std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count)));
    }
    /// How far behind it really is.
    [[nodiscard]] double lag() const {
        const auto oldest = queue_.empty() ? now_ : queue_.front().written_at;
        return std::chrono::duration<double>(now_ - oldest).count();
    }

private:
    static constexpr double kStep = 0.005;

    struct Work {
        Clock::time_point written_at;
        double seconds;
        std::uint64_t beat;  ///< shown once it is applied; 0: none
    };

    void step() {
        now_ += std::chrono::microseconds(5'000);
        ++steps_;
        write();
        apply();
        if (steps_ % 20 == 0 && readable_) {
            shown_ = applied_;
        }
        if (steps_ % 10 == 0) {
            steer();
        }
        lag_max_ = std::max(lag_max_, lag());
    }

    void write() {
        queue_.push_back({now_, rates_.application * kStep, 0});
        if (steps_ % 20 == 0) {
            queue_.push_back({now_, 0, beats_.begin(now_)});
            beats_.acknowledged(now_);
        }
        if (chunk_left_ > 0) {
            chunk_left_ -= kStep;
            copied_ += kStep;
            if (chunk_left_ <= 0) {  // it is committed, and sent, at its end
                queue_.push_back({now_, rates_.chunk_seconds * rates_.copy, 0});
                gate_.worked(
                    0, std::chrono::microseconds(static_cast<int>(rates_.chunk_seconds * 1e6))
                );
            }
        } else if (gate_.pause(0, 1).count() == 0) {
            chunk_left_ = rates_.chunk_seconds;
        }
    }

    void apply() {
        double left = running_ ? kStep : 0;
        while (!queue_.empty() && (left > 0 || (running_ && queue_.front().seconds <= 0))) {
            Work& work = queue_.front();
            const double done = std::min(left, work.seconds);
            work.seconds -= done;
            left -= done;
            if (work.seconds > 1e-12) {
                break;
            }
            applied_ = std::max(applied_, work.beat);
            queue_.pop_front();
        }
    }

    void steer() {
        Pressure pressure;
        pressure.name = "replica";
        pressure.cause = "replica-lag";
        pressure.kind = Pressure::Kind::lag;
        const auto newest = shown_ == 0 ? std::nullopt : std::optional(shown_);
        pressure.level =
            std::chrono::duration<double>(beats_.lag(newest, now_)).count() / rates_.limit_seconds;
        pressure.scale = rates_.limit_seconds;
        const double before = controller_.copy_share();
        controller_.step(now_, {pressure});
        gate_.set_share(controller_.copy_share());
        shares_.push_back(controller_.copy_share());
        const double share = controller_.copy_share();
        if ((before < 0.01 && share > 0.5) || (before > 0.5 && share < 0.01)) {
            ++flips_;
        }
    }

    Rates rates_;
    Clock::time_point now_{std::chrono::hours(1)};
    std::uint64_t steps_ = 0;
    Controller controller_;
    ShareGate gate_;
    BeatLog beats_;
    std::deque<Work> queue_;
    std::uint64_t applied_ = 0;
    std::uint64_t shown_ = 0;
    double chunk_left_ = 0;
    bool running_ = true;
    bool readable_ = true;
    double lag_max_ = 0;
    double copied_ = 0;
    unsigned flips_ = 0;
    std::vector<double> shares_;
};

}  // namespace doppel::throttle
