// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "doppel/throttle.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doppel::throttle {

/// Sets the field of ThrottleOptions that has the option's name, e.g. "max-lag", from text. The
/// command line and `doppel set` use it. "off" takes a limit away, an empty value does not; lists
/// of servers grow, "none" empties them. Fails with a sentence that says what to write; then
/// nothing is changed.
[[nodiscard]] base::Result<bool> apply_setting(
    ThrottleOptions& options, std::string_view name, std::string_view value
);

/// Why the limits cannot be meant so: a hard one is below the soft one of the same signal. Nothing
/// if they can.
[[nodiscard]] std::optional<std::string> limits_problem(const ThrottleOptions& options);

/// Every name and its present value as text, in the order of the help.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> list_settings(
    const ThrottleOptions& options
);

/// The names, separated by commas.
[[nodiscard]] std::string setting_names();
[[nodiscard]] bool is_setting(std::string_view name);

/// "0.82s", "12ms": for reasons.
[[nodiscard]] std::string seconds_text(double seconds);
/// At most two digits behind the point, without trailing zeros.
[[nodiscard]] std::string number_text(double number);

/// "host", "host:port", "[v6]:port"; the port is 0 where none is written.
[[nodiscard]] base::Result<ServerAddress> parse_address(std::string_view text);

}  // namespace doppel::throttle
