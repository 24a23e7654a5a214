// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace doppel::schema {

/// Why the rows that the ALTER makes depend on the time zone of the session that copies them: a
/// TIMESTAMP becomes another type or the other way round, an expression reads one, a new column
/// takes the present time. Nothing when they do not. Errs on the side of a reason. Pure.
[[nodiscard]] std::optional<std::string> zone_dependence(
    const TableDefinition& source, const TableDefinition& shadow, const ColumnMap& columns
);

/// True when sessions with `@@time_zone` and `@@system_time_zone` like these are in UTC. Pure.
[[nodiscard]] bool is_utc(std::string_view time_zone, std::string_view system_time_zone);

}  // namespace doppel::schema
