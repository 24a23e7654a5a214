// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/throttle.hpp"

#include <string>

namespace doppel::cli {

/// "held back to 35 %: replica db2:3306 is 0.42s behind, --max-lag is 1s", "on hold: ..", or empty.
[[nodiscard]] std::string format_throttle(double copy_share, const std::string& reason);
/// "held back for 12.3s (replica-lag 10.1s, window 2.2s)", or empty.
[[nodiscard]] std::string format_held(const ThrottleState& state);
/// "db2:3306 0.1s, db3:3306 cannot be read (why)", or empty.
[[nodiscard]] std::string format_replicas(const ThrottleState& state);

}  // namespace doppel::cli
