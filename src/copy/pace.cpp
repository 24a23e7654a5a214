// SPDX-License-Identifier: Apache-2.0
#include "copy/pace.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace doppel::copy {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr double kAveragedOver = 1.0;  // seconds
/// Fewer than one in so many say nothing: a session of ours may have just ended.
constexpr unsigned kRareShare = 5;
/// Before so many are known nothing is said about how many run always.
constexpr unsigned kRunningLeast = 10;
constexpr std::uint64_t kRestarted = 1'000;
constexpr unsigned kRunningKept = 600;

}  // namespace

void Pace::average(Clock::time_point now, const ServerLoad& load) {
    const double seconds = std::max(Seconds(now - *last_seen_).count(), 1e-3);
    // Those of ours that the server has yet to count make it too few for a moment; after a restart
    // it counts from 0 again.
    if (load.statements + kRestarted < most_statements_) {
        most_statements_ = load.statements;
    }
    const auto statements = std::max(load.statements, most_statements_) - most_statements_;
    most_statements_ += statements;
    const double rate = static_cast<double>(statements) / seconds;
    const double share = 1.0 - std::exp(-seconds / kAveragedOver);
    statements_per_second_ += share * (rate - statements_per_second_);
    if (load.running) {
        count_running(*load.running, share);
    }
}

void Pace::count_running(unsigned running, double share) {
    running = std::min(running, static_cast<unsigned>(running_seen_.size() - 1));
    ++running_seen_[running];
    unsigned all = std::accumulate(running_seen_.begin(), running_seen_.end(), 0U);
    if (all >= kRunningKept) {
        for (unsigned& count : running_seen_) {
            count /= 2;
        }
        all = std::accumulate(running_seen_.begin(), running_seen_.end(), 0U);
    }
    if (all < kRunningLeast) {
        return;
    }
    // What runs all the time is no work: the server counts the connections of replicas as well.
    unsigned always = 0;
    for (unsigned below = running_seen_[0]; kRareShare * below < all && always < running;
         below += running_seen_[always]) {
        ++always;
    }
    running_ += share * (static_cast<double>(running - always) - running_);
}

bool Pace::see(Clock::time_point now, const ServerLoad& load) {
    if (last_seen_) {
        average(now, load);
    }
    const bool first = !last_seen_;
    last_seen_ = now;
    if (first) {
        most_statements_ = load.statements;
    }
    ++seen_;
    if (first) {
        return false;
    }
    const bool before = gentle_;
    const double most = std::max(statements_per_second_ / kBusyStatements, running_ / kBusyRunning);
    if (most > 1) {
        gentle_ = true;
        calm_since_.reset();
    } else if (most > 0.5 && gentle_ && seen_ > 2) {
        calm_since_.reset();
    } else if (gentle_) {
        // At the beginning nothing has to calm down.
        calm_since_ = seen_ == 2 ? now - kCalm : calm_since_.value_or(now);
        gentle_ = now - *calm_since_ < kCalm;
    }
    return gentle_ != before;
}

std::chrono::milliseconds Pace::chunk_time() const {
    const auto most = std::min(limits_.chunk_time, cap_.value_or(limits_.chunk_time));
    return gentle_ ? std::min(kGentleTime, most) : most;
}

std::size_t Pace::rows_max() const {
    if (limits_.row_bytes == 0) {
        return limits_.rows_max;
    }
    const std::size_t fitting = (gentle_ ? kGentleBytes : kFullBytes) / limits_.row_bytes;
    return std::min(std::max(fitting, kRowsLeast), limits_.rows_max);
}

std::size_t Pace::rows_min() const {
    constexpr std::size_t kFewest = 10;
    constexpr std::size_t kEnough = 500;
    const std::size_t fitting =
        limits_.row_bytes == 0 ? kRowsLeast : kLeastBytes / limits_.row_bytes;
    return std::min(std::clamp(fitting, kFewest, kEnough), rows_max());
}

}  // namespace doppel::copy
