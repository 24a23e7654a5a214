// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace doppel::base {

/// ASCII only: keywords, variable values and column names as the server's ASCII part compares them.
[[nodiscard]] std::string to_lower_ascii(std::string_view text);
[[nodiscard]] bool equals_ignore_case(std::string_view a, std::string_view b);
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace doppel::base
