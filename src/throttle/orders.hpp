// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/throttle.hpp"
#include "throttle/signal.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace doppel::throttle {

/// What people want of a run, as it is now: the options that it began with, and what it was told
/// since. Outlives changes of the server.
struct Orders {
    ThrottleOptions options;
    std::optional<Clock::time_point> paused_since;
    bool cutover_now = false;                       ///< whatever --postpone-cutover says
    std::function<void(std::string reason)> abort;  ///< ends the run; set by who owns it
};

/// `doppel pause`, --throttle-flag-file and --window: what is seen without asking anybody.
class LocalSignals final : public Signal {
public:
    explicit LocalSignals(const Orders& orders) : orders_(orders) {}
    void report(Clock::time_point now, std::vector<Pressure>& pressures) const override;

private:
    const Orders& orders_;
};

/// Why the tables are not to be swapped yet, with the cause as in ThrottleState; nothing: they may.
/// `held`: what holds copying back, if that stands still.
struct Hindrance {
    std::string cause;
    std::string reason;
};
[[nodiscard]] std::optional<Hindrance> hinders_cutover(
    const Orders& orders,
    const std::optional<Pressure>& held,
    bool postpone_file_exists,
    std::chrono::system_clock::time_point now
);

[[nodiscard]] bool file_exists(const std::string& path);

}  // namespace doppel::throttle
