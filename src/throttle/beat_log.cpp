// SPDX-License-Identifier: Apache-2.0
#include "throttle/beat_log.hpp"

#include <algorithm>

namespace doppel::throttle {

std::uint64_t BeatLog::begin(Clock::time_point now) {
    if (begun_.empty()) {
        started_at_ = now;
    }
    begun_.push_back(now);
    if (begun_.size() > kKept) {
        begun_.pop_front();
        ++first_;
    }
    return next_++;
}

BeatLog::Duration BeatLog::lag(std::optional<std::uint64_t> newest, Clock::time_point now) const {
    if (begun_.empty()) {
        return {};
    }
    // A number that was not written is no reason to trust a replica.
    const std::uint64_t shown = newest && has_begun(*newest) ? std::max(*newest, first_) : first_;
    return now - begun_[shown - first_];
}

BeatLog::Duration BeatLog::silence(Clock::time_point now) const {
    return begun_.empty() ? Duration{} : now - acknowledged_at_.value_or(started_at_);
}

}  // namespace doppel::throttle
