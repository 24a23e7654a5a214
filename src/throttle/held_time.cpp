// SPDX-License-Identifier: Apache-2.0
#include "throttle/held_time.hpp"

#include <algorithm>
#include <chrono>

namespace doppel::throttle {

void HeldTimes::note(Clock::time_point now, double lost, const std::string& cause) {
    if (last_ && lost > 0 && !cause.empty()) {
        seconds_[cause] += lost * std::chrono::duration<double>(now - *last_).count();
    }
    last_ = now;
}

std::vector<HeldTime> HeldTimes::list() const {
    std::vector<HeldTime> list;
    for (const auto& [cause, seconds] : seconds_) {
        list.push_back({cause, seconds});
    }
    std::sort(list.begin(), list.end(), [](const HeldTime& a, const HeldTime& b) {
        return a.seconds > b.seconds;
    });
    return list;
}

}  // namespace doppel::throttle
