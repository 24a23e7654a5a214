// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "throttle/signal.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace doppel::throttle {

/// A number that is read again and again. What cannot be read for longer than the grace, or could
/// not be read even once, counts as over its limit. Pure.
class Measure final {
public:
    explicit Measure(Clock::time_point now) : last_good_(now) {}

    void read(Clock::time_point now, double value);
    void failed(std::string why) { problem_ = std::move(why); }
    /// Forgets what was read: another thing is measured from now on.
    void reset(Clock::time_point now) { *this = Measure(now); }

    [[nodiscard]] std::optional<double> value() const noexcept { return value_; }
    /// Of the last values, over about a second: single peaks say little.
    [[nodiscard]] double average() const noexcept { return average_; }
    /// The last two values were at `limit` or over it.
    [[nodiscard]] bool is_twice_over(double limit) const;
    /// For how long it could not be read, if the last try failed and that is longer than `grace`,
    /// or it never could. One that is under way fails by a limit of its own.
    [[nodiscard]] std::optional<Clock::duration> missing(
        Clock::time_point now, std::chrono::milliseconds grace
    ) const;
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    Clock::time_point last_good_;
    std::optional<double> value_;
    std::optional<double> before_;
    double average_ = 0;
    std::string problem_;
};

/// The gate before a signal was read for the first time. It has a name of its own, since it says
/// nothing about how much the signal lets through later.
[[nodiscard]] Pressure not_read_yet(const std::string& name, const std::string& what);

/// What a measure says about its limits; fails closed. `is_over` are the words for a value at its
/// limit: "Threads_running is {value}, --max-load is {limit}".
struct Judgement {
    std::string name;
    std::string cause;
    std::string what;         ///< "Threads_running"
    std::string unit;         ///< "" or "ms"
    std::string soft_option;  ///< "--max-load"
    std::string hard_option;
    std::optional<double> soft;
    std::optional<double> hard;
};
[[nodiscard]] Pressure judge(
    const Judgement& judgement,
    const Measure& measure,
    Clock::time_point now,
    std::chrono::milliseconds grace
);

}  // namespace doppel::throttle
