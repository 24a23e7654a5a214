// SPDX-License-Identifier: Apache-2.0
#include "throttle/controller.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace doppel::throttle {
namespace {

/// A share beyond this is all.
constexpr double kAll = 0.99;
/// Where nothing is known yet what is copied in the meantime must not be too much.
constexpr double kFirstMemory = 0.2;
constexpr double kFirstMemoryOfLong = 0.4;  // for a limit of more than two seconds
constexpr double kLeastMemory = 0.02;
/// Doubles in a second, or as many as the limit of a lag has: a larger one shows that much later.
constexpr double kGrowth = 0.69;
constexpr double kShrinkage = 2.0;
constexpr double kReplayShrinkage = 0.7;
/// Two steps that are farther apart than this say nothing about the time between.
constexpr double kStepMax = 1.0;

struct Knees {
    double free = 0;     ///< up to here nothing is held back
    double stopped = 0;  ///< from here on all is
};

Knees knees_of(Pressure::Kind kind) {
    switch (kind) {
        case Pressure::Kind::lag:
            return {0.4, 0.8};
        case Pressure::Kind::level:
            return {0.7, 1.0};
        case Pressure::Kind::gate:
            break;
    }
    return {1.0, 1.0};
}

}  // namespace

Steering::Steering(Pressure::Kind kind, double scale)
    : kind_(kind),
      memory_(
          kind != Pressure::Kind::lag ? 1.0
          : scale > 2                 ? kFirstMemoryOfLong
                                      : kFirstMemory
      ),
      growth_(kGrowth / std::max(scale, 1.0)) {}

void Steering::step(double level, std::chrono::duration<double> time) {
    if (kind_ == Pressure::Kind::gate) {
        brake_ = level < 1 ? 1 : 0;
        return;
    }
    const Knees knees = knees_of(kind_);
    brake_ = std::clamp((knees.stopped - level) / (knees.stopped - knees.free), 0.0, 1.0);
    const double rate =
        level < knees.free ? growth_ * (1 - level / knees.free) : -kShrinkage * (1 - brake_);
    memory_ = std::clamp(memory_ * std::exp(rate * time.count()), kLeastMemory, 1.0);
}

double Controller::share_of(Clock::time_point now, const Pressure& pressure, double seconds) {
    const auto found = states_.try_emplace(pressure.name, pressure).first;
    State& state = found->second;
    state.seen = true;
    state.steering.step(pressure.level, std::chrono::duration<double>(seconds));
    if (pressure.critical) {
        state.critical_at = now;
        if (!critical_) {
            critical_ = pressure;
        }
    }
    const bool calm = !state.critical_at || now - *state.critical_at >= kCalm;
    return calm ? state.steering.share() : 0;
}

void Controller::step(Clock::time_point now, const std::vector<Pressure>& pressures) {
    const double seconds =
        last_ ? std::min(std::chrono::duration<double>(now - *last_).count(), kStepMax) : 0;
    last_ = now;
    for (auto& [name, state] : states_) {
        state.seen = false;
    }
    copy_share_ = 1;
    read_share_ = 1;
    critical_.reset();
    const Pressure* strongest = nullptr;
    const Pressure* strongest_on_reads = nullptr;
    double worst_lag = 0;
    for (const Pressure& pressure : pressures) {
        const double share = share_of(now, pressure, seconds);
        if (share < copy_share_) {
            copy_share_ = share;
            strongest = &pressure;
        }
        if (share < read_share_ && !pressure.of_writes) {
            read_share_ = share;
            strongest_on_reads = &pressure;
        }
        if (pressure.kind == Pressure::Kind::lag) {
            worst_lag = std::max(worst_lag, pressure.level);
        }
    }
    std::erase_if(states_, [](const auto& entry) { return !entry.second.seen; });
    strongest_.reset();
    if (strongest != nullptr && copy_share_ < kAll) {
        strongest_ = *strongest;
    }
    strongest_on_reads_.reset();
    if (strongest_on_reads != nullptr && read_share_ < kAll) {
        strongest_on_reads_ = *strongest_on_reads;
    }
    steer_replay(now, worst_lag, seconds);
}

void Controller::steer_replay(Clock::time_point now, double worst_lag, double seconds) {
    if (now - lag_before_at_ >= std::chrono::seconds(1)) {
        lag_grows_ = worst_lag > lag_before_;
        lag_before_ = worst_lag;
        lag_before_at_ = now;
    }
    if (worst_lag < 1 || copy_share_ > 0) {
        stands_since_.reset();
    } else if (!stands_since_) {
        stands_since_ = now;
    }
    const bool slows = stands_since_ && now - *stands_since_ >= kPatience && lag_grows_;
    const double rate = slows ? -kReplayShrinkage : kGrowth;
    replay_share_ = std::clamp(replay_share_ * std::exp(rate * seconds), kReplayLeast, 1.0);
}

}  // namespace doppel::throttle
