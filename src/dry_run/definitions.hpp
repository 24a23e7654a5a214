// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "mysql/server_version.hpp"
#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"
#include "statement/alter_statement.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doppel::dry_run {

/// What becomes of the definition, for people. All pure.

/// The lines in which two texts differ, with three lines around, as `diff -u` prints them. Empty
/// when they are equal.
[[nodiscard]] std::string unified_diff(
    std::string_view before,
    std::string_view after,
    std::string_view name_before,
    std::string_view name_after
);

/// The text of SHOW CREATE TABLE of a scratch table as the source will show it: with the source's
/// name, without the AUTO_INCREMENT value, with the CHECK constraints' own names.
[[nodiscard]] std::string as_source(
    const schema::TableDefinition& scratch,
    const std::string& source_table,
    const std::vector<std::pair<std::string, std::string>>& check_names
);

/// Where the values of each column come from; dropped ones last.
[[nodiscard]] std::vector<DryRunColumn> describe_columns(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const schema::ColumnMap& columns
);

/// What becomes of each index. `late`: names of those that are built after the copy.
[[nodiscard]] std::vector<DryRunIndex> describe_indexes(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const std::vector<std::string>& late
);

/// How the server would make the change, by the tables of its manual ("Online DDL Operations"),
/// where it cannot be asked.
[[nodiscard]] DryRunDecision guess(
    const schema::TableDefinition& source,
    const statement::AlterStatement& statement,
    const mysql::ServerVersion& version
);

}  // namespace doppel::dry_run
