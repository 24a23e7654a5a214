// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/throttle.hpp"
#include "throttle/signal.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace doppel::throttle {

/// Adds up for how long work was held back, for what. Pure.
class HeldTimes final {
public:
    /// Since the last call `lost` (0..1) of the time was lost for `cause`; empty: none was.
    void note(Clock::time_point now, double lost, const std::string& cause);
    /// The time since the last call does not count.
    void skip(Clock::time_point now) { last_ = now; }
    /// The longest first.
    [[nodiscard]] std::vector<HeldTime> list() const;

private:
    std::optional<Clock::time_point> last_;
    std::map<std::string, double> seconds_;
};

}  // namespace doppel::throttle
