// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::cli {

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `name` was probably meant to be, or empty. A candidate that `name` begins is
/// taken as well, so that abbreviations find what they stand for.
[[nodiscard]] std::string nearest_name(
    std::string_view name, const std::vector<std::string>& candidates
);

}  // namespace doppel::cli
