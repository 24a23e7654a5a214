// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "doppel/throttle.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace doppel::throttle {

/// "22:00-06:00", "22:00-06:00 Europe/Berlin", "01:00-24:00 UTC" or "08:30-12:00 +02:00". Both ends
/// the same are refused; the whole day is 00:00-24:00.
[[nodiscard]] base::Result<DailyWindow> parse_window(std::string_view text);
/// When it opens: "22:00", "22:00 Europe/Berlin".
[[nodiscard]] std::string opening_text(const DailyWindow& window);
/// What parse_window reads.
[[nodiscard]] std::string window_text(const DailyWindow& window);

/// Whether the moment lies in the window, by the clock of its zone: when clocks are set forward or
/// back, so is the window.
[[nodiscard]] bool is_open(const DailyWindow& window, std::chrono::system_clock::time_point at);

}  // namespace doppel::throttle
