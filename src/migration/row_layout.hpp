// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/table_map.hpp"
#include "schema/table_definition.hpp"

#include <optional>
#include <string>
#include <vector>

namespace doppel::migration {

/// Whether row events with these columns can be of a table with the planned ones: their number,
/// types, signs and digits. What differs, or nothing. A type of either side that we do not know is
/// let pass: it is no key's. Pure.
[[nodiscard]] std::optional<std::string> layout_difference(
    const std::vector<schema::Column>& planned, const std::vector<binlog::Column>& columns
);

}  // namespace doppel::migration
