// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::base {

/// "500ms", "2s", "5m" or "1h". A number without a unit fails and the message says what to write.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A number of things: "20000", "20k" (thousand), "2M" (million), "1G". Suffixes in either case.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);

/// A number of bytes: "262144", "256k" (1024 bytes), "1M", "1G", as MySQL's own size options.
[[nodiscard]] Result<std::uint64_t> parse_byte_size(std::string_view text);

/// 1, on, true or 0, off, false in either case.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text);

/// What `parse_duration` reads, in the largest unit that loses nothing: 90000 ms is "90s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace doppel::base
