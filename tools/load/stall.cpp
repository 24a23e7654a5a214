// SPDX-License-Identifier: Apache-2.0
#include "tools/load/stall.hpp"

#include <algorithm>

namespace doppel::load {

std::optional<Stall> StallDetector::current(Instant now) const {
    std::optional<Instant> oldest = failed_due_;
    if (!waiting_.empty()) {
        oldest = oldest ? std::min(*oldest, *waiting_.begin()) : *waiting_.begin();
    }
    if (!oldest) {
        return std::nullopt;
    }
    const Instant start = std::max(last_commit_, *oldest);
    return Stall{start, std::max(Instant{0}, now - start)};
}

void StallDetector::committed(Instant due, Instant now) {
    longest_ = longest(now);
    if (const auto position = waiting_.find(due); position != waiting_.end()) {
        waiting_.erase(position);
    }
    failed_due_.reset();
    last_commit_ = std::max(last_commit_, now);
}

void StallDetector::failed(Instant due) {
    if (const auto position = waiting_.find(due); position != waiting_.end()) {
        waiting_.erase(position);
    }
    failed_due_ = failed_due_ ? std::min(*failed_due_, due) : due;
}

Stall StallDetector::longest(Instant now) const {
    const auto stall = current(now);
    return stall && stall->length > longest_.length ? *stall : longest_;
}

}  // namespace doppel::load
