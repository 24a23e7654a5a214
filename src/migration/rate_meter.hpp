// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <utility>

namespace doppel::migration {

/// The rate of a counter over the last ten seconds. Pure; the caller tells the time.
class RateMeter final {
public:
    using Clock = std::chrono::steady_clock;

    void record(Clock::time_point now, std::uint64_t count) {
        samples_.emplace_back(now, count);
        while (samples_.size() > 2 && now - samples_.front().first > kWindow) {
            samples_.pop_front();
        }
    }
    /// Per second; 0 before there are two samples.
    [[nodiscard]] double per_second() const {
        if (samples_.size() < 2) {
            return 0;
        }
        const auto& [first_time, first] = samples_.front();
        const auto& [last_time, last] = samples_.back();
        const double seconds = std::chrono::duration<double>(last_time - first_time).count();
        return seconds > 0 ? static_cast<double>(last - first) / seconds : 0;
    }

private:
    static constexpr std::chrono::seconds kWindow{10};
    std::deque<std::pair<Clock::time_point, std::uint64_t>> samples_;
};

}  // namespace doppel::migration
