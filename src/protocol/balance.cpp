// SPDX-License-Identifier: Apache-2.0
#include "protocol/balance.hpp"

#include <algorithm>
#include <cmath>

namespace doppel::protocol {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr double kAveragedOver = 1.0;  // seconds
/// It is not slower than this; it is held up.
constexpr double kRateLeast = 100;

}  // namespace

Balance::Balance(Limits limits) : limits_(limits) {
    limits_.replayers_min = std::min(limits_.replayers_min, limits_.replayers_max);
    replayers_ = limits_.replayers_min;
}

void Balance::average(Clock::time_point now, std::uint64_t reconciled) {
    const double seconds = std::max(Seconds(now - *last_seen_).count(), 1e-3);
    const auto done = static_cast<double>(reconciled - std::min(last_reconciled_, reconciled));
    const double share = 1.0 - std::exp(-seconds / kAveragedOver);
    rate_ = std::max(rate_ + share * (done / seconds - rate_), kRateLeast);
}

void Balance::judge(Clock::time_point now, const State& state) {
    const std::size_t waiting = state.waiting;
    const auto keys = static_cast<double>(waiting);
    if (state.feed_waits) {
        feed_waited_ = now;
    }
    if (feed_waited_ && now - *feed_waited_ < kPatience) {
        behind_ = true;  // it waits now and then where few keys may be pending
    } else if (!behind_) {
        // What two batches take is no lag, however slow the batches are.
        behind_ = waiting > 2 * limits_.batch_keys && keys > rate_ * Seconds(kBehindTime).count();
    } else {
        behind_ = waiting > limits_.batch_keys && keys > rate_ * Seconds(kCaughtUpTime).count();
    }
}

void Balance::begin_span(Clock::time_point now, std::size_t waiting) {
    span_began_ = now;
    span_waiting_ = waiting;
}

void Balance::push(Clock::time_point now, std::size_t waiting) {
    if (waiting <= span_waiting_ - span_waiting_ / 10) {
        begin_span(now, waiting);
        return;
    }
    if (now - span_began_ < kPatience) {
        return;
    }
    begin_span(now, waiting);
    if (replayers_ < limits_.replayers_max) {
        ++replayers_;
    } else {
        copy_share_ = std::max(copy_share_ / 2, kCopyFloor);
    }
}

void Balance::ease(Clock::time_point now) {
    if (now - span_began_ < kEase) {
        return;
    }
    span_began_ = now;
    if (copy_share_ < 1) {
        copy_share_ = std::min(copy_share_ * 2, 1.0);
    } else if (replayers_ > limits_.replayers_min) {
        --replayers_;
    }
}

bool Balance::see(Clock::time_point now, const State& state) {
    const auto [waiting, reconciled, feed_waits] = state;
    if (!last_seen_) {
        begin_span(now, waiting);
    } else if (std::min(waiting, last_waiting_) >= limits_.batch_keys) {
        average(now, reconciled);  // a time in which there was little to do says nothing
    }
    last_waiting_ = waiting;
    last_seen_ = now;
    last_reconciled_ = reconciled;
    const unsigned replayers_before = replayers_;
    const double share_before = copy_share_;
    const bool behind_before = behind_;
    judge(now, state);
    if (behind_ && !behind_before) {
        begin_span(now, waiting);
    }
    if (behind_) {
        push(now, waiting);
    } else {
        ease(now);
    }
    if (hurrying_) {
        const std::size_t batches = waiting / std::max<std::size_t>(limits_.batch_keys, 1);
        const std::size_t wanted = std::clamp<std::size_t>(batches, 1, limits_.replayers_max);
        replayers_ = std::max(replayers_, static_cast<unsigned>(wanted));
    }
    return replayers_ != replayers_before || copy_share_ != share_before;
}

std::chrono::milliseconds Balance::rest(std::chrono::milliseconds worked) const {
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
        Seconds(worked) * (1 / copy_share_ - 1)
    );
    return std::min(rest, kRestMax);
}

}  // namespace doppel::protocol
