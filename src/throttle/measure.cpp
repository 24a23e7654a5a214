// SPDX-License-Identifier: Apache-2.0
#include "throttle/measure.hpp"

#include "throttle/settings.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace doppel::throttle {

void Measure::read(Clock::time_point now, double value) {
    const double seconds = std::chrono::duration<double>(now - last_good_).count();
    const double weight = value_ ? 1 - std::exp(-seconds) : 1;
    average_ += weight * (value - average_);
    before_ = value_;
    value_ = value;
    last_good_ = now;
    problem_.clear();
}

bool Measure::is_twice_over(double limit) const {
    return value_ && before_ && *value_ >= limit && *before_ >= limit;
}

std::optional<Clock::duration> Measure::missing(
    Clock::time_point now, std::chrono::milliseconds grace
) const {
    const auto since = now - last_good_;
    const bool missed = !value_ || (!problem_.empty() && since > grace);
    return missed ? std::optional(since) : std::nullopt;
}

Pressure not_read_yet(const std::string& name, const std::string& what) {
    Pressure pressure;
    pressure.name = name + " (starting)";
    pressure.cause = "starting";
    pressure.level = 1;
    pressure.reason = what + " has not been read yet";
    return pressure;
}

Pressure judge(
    const Judgement& judgement,
    const Measure& measure,
    Clock::time_point now,
    std::chrono::milliseconds grace
) {
    Pressure pressure;
    pressure.name = judgement.name;
    pressure.cause = judgement.cause;
    pressure.kind = Pressure::Kind::level;
    if (!measure.value() && measure.problem().empty()) {
        return not_read_yet(judgement.name, judgement.what);
    }
    if (const auto missing = measure.missing(now, grace)) {
        pressure.level = 2;
        pressure.reason = fmt::format(
            "{} could not be read for {}: {}",
            judgement.what,
            seconds_text(std::chrono::duration<double>(*missing).count()),
            measure.problem()
        );
        return pressure;
    }
    pressure.critical = judgement.hard && measure.is_twice_over(*judgement.hard);
    if (judgement.soft) {
        // The newest value alone stops; on the way there the average slows down.
        pressure.level =
            std::max(
                measure.average(), *measure.value() < *judgement.soft ? 0.0 : *measure.value()
            ) /
            *judgement.soft;
    }
    const bool hard = pressure.critical || !judgement.soft;
    pressure.reason = fmt::format(
        "{} is {}{}, {} is {}{}",
        judgement.what,
        number_text(*measure.value()),
        judgement.unit,
        hard ? judgement.hard_option : judgement.soft_option,
        number_text(hard ? judgement.hard.value_or(0) : *judgement.soft),
        judgement.unit
    );
    return pressure;
}

}  // namespace doppel::throttle
