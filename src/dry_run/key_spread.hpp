// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace doppel::dry_run {

/// SQL literals for the first column of a key that divide the span between two keys of a table into
/// `pieces` of about the same width, the lower end left out: places to look at without counting
/// rows. Numbers are divided as such, strings by their first bytes. Empty where a type has no such
/// measure, or the span is too narrow. Pure.
[[nodiscard]] std::vector<std::string> spread(
    const mysql::KeyShape& shape,
    const mysql::Key& first,
    const mysql::Key& last,
    std::size_t pieces
);

}  // namespace doppel::dry_run
