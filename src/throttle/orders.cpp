// SPDX-License-Identifier: Apache-2.0
#include "throttle/orders.hpp"

#include "throttle/daily_window.hpp"
#include "throttle/settings.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace doppel::throttle {
namespace {

Pressure closed(const char* cause, std::string reason) {
    Pressure pressure;
    pressure.name = cause;
    pressure.cause = cause;
    pressure.reason = std::move(reason);
    pressure.level = 1;
    return pressure;
}

}  // namespace

bool file_exists(const std::string& path) {
    std::error_code error;
    const bool exists = std::filesystem::exists(path, error);
    // A file that cannot be looked at may be there.
    return exists || error;
}

void LocalSignals::report(Clock::time_point now, std::vector<Pressure>& pressures) const {
    const ThrottleOptions& options = orders_.options;
    if (orders_.paused_since) {
        const std::chrono::duration<double> time = now - *orders_.paused_since;
        pressures.push_back(closed(
            "paused",
            fmt::format(
                "paused by doppel pause for {}; doppel resume ends it", seconds_text(time.count())
            )
        ));
    }
    if (!options.flag_file.empty() && file_exists(options.flag_file)) {
        pressures.push_back(
            closed("flag-file", fmt::format("the file {} exists", options.flag_file))
        );
    }
    if (options.window && !is_open(*options.window, std::chrono::system_clock::now())) {
        Pressure window =
            closed("window", "copying waits for its --window " + window_text(*options.window));
        window.of_writes = true;
        pressures.push_back(std::move(window));
    }
}

std::optional<Hindrance> hinders_cutover(
    const Orders& orders,
    const std::optional<Pressure>& held,
    bool postpone_file_exists,
    std::chrono::system_clock::time_point now
) {
    const ThrottleOptions& options = orders.options;
    if (!orders.cutover_now && options.postpone_cutover) {
        return Hindrance{"postponed", "the swap is postponed until doppel cutover"};
    }
    if (!orders.cutover_now && postpone_file_exists) {
        return Hindrance{
            "postponed",
            fmt::format(
                "the swap is postponed while the file {} exists, or until doppel cutover",
                options.postpone_file
            )};
    }
    if (options.cutover_window && !is_open(*options.cutover_window, now)) {
        return Hindrance{
            "cutover-window",
            "the swap waits for its --cutover-window " + window_text(*options.cutover_window)};
    }
    // The window of copying is no reason not to end what was copied in it.
    if (held && held->cause != "window") {
        return Hindrance{held->cause, "the swap waits: " + held->reason};
    }
    return std::nullopt;
}

}  // namespace doppel::throttle
