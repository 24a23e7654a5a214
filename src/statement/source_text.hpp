// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string_view>

namespace doppel::statement {

/// What the server's lexer skips between words.
[[nodiscard]] constexpr bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Length of the UTF-8 sequence at `text[at]` (Unicode 15, table 3-7), 0 when it is malformed.
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t at);

/// "`what` at offset 12, near "..": `advice`." as a failure at `offset`, which is at most the size.
[[nodiscard]] base::Failure failure_at(
    std::string_view text, std::size_t offset, std::string_view what, std::string_view advice
);

}  // namespace doppel::statement
