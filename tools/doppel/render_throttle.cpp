// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/render_throttle.hpp"

#include "tools/doppel/console.hpp"
#include "tools/doppel/render_text.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace doppel::cli {

namespace {

constexpr double kHardlyHeld = 0.05;  // seconds
constexpr double kStands = 0.005;

}  // namespace

std::string format_throttle(double copy_share, const std::string& reason) {
    if (reason.empty()) {
        return "";
    }
    if (copy_share < kStands) {
        return fmt::format("on hold: {}", printable(reason));
    }
    return fmt::format("held back to {:.0f} %: {}", 100 * copy_share, printable(reason));
}

std::string format_held(const ThrottleState& state) {
    double sum = 0;
    std::string list;
    for (const HeldTime& held : state.held) {
        if (held.seconds >= kHardlyHeld) {
            sum += held.seconds;
            list += fmt::format(
                "{}{} {}",
                list.empty() ? "" : ", ",
                printable(held.cause),
                format_seconds(held.seconds)
            );
        }
    }
    return list.empty() ? list : fmt::format("held back for {} ({})", format_seconds(sum), list);
}

std::string format_replicas(const ThrottleState& state) {
    std::string list;
    for (const ReplicaState& replica : state.replicas) {
        list += fmt::format("{}{} ", list.empty() ? "" : ", ", printable(replica.address));
        if (replica.problem.empty()) {
            list += fmt::format("{:.1f}s", replica.lag_seconds);
        } else {
            list += fmt::format(
                "cannot be read{} ({})",
                replica.counts ? "" : " and does not count",
                printable(replica.problem)
            );
        }
    }
    return list;
}

}  // namespace doppel::cli
