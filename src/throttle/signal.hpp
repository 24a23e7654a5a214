// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace doppel::throttle {

using Clock = std::chrono::steady_clock;

/// What a signal says at a moment.
struct Pressure {
    /// How a value below its limit is answered.
    enum class Kind {
        lag,    ///< from 40 % of the limit on copying slows down, at 80 % it stands still: what is
                ///< under way adds to a lag for some time after
        level,  ///< from 70 % on, at 100 %
        gate,   ///< not at all: open or closed
    };
    std::string name;    ///< of the signal, one for each: "replica db2:3306"
    std::string cause;   ///< ThrottleState::cause
    std::string reason;  ///< in words, with the number
    Kind kind = Kind::gate;
    double level = 0;        ///< value / soft limit; from 1 on it is over the limit
    double scale = 1;        ///< lag: the limit in seconds, since a lag is late by its own length
    bool critical = false;   ///< over the hard limit
    bool of_writes = false;  ///< reading may go on: the comparison of the tables
};

/// Something that copying is held back for.
class Signal {
public:
    virtual ~Signal() = default;
    /// Appends what it says now, if it has anything to say.
    virtual void report(Clock::time_point now, std::vector<Pressure>& pressures) const = 0;
};

}  // namespace doppel::throttle
