// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace doppel::cli {

using WallClock = std::function<std::chrono::system_clock::time_point()>;

/// "2026-01-31T23:59:59.123Z", always UTC.
[[nodiscard]] std::string format_timestamp(std::chrono::system_clock::time_point time);

}  // namespace doppel::cli
