// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace doppel::base {

/// Upper-case hexadecimal, two digits a byte, as MySQL's HEX() prints it.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// The bytes of hexadecimal text in either case; nothing when it has an odd length or another
/// digit.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace doppel::base
