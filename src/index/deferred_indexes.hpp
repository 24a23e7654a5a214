// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "schema/table_definition.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace doppel::index {

/// Names of the table's indexes that can be built after the copy as well as during it, in the order
/// of its SHOW CREATE TABLE: no unique ones, which judge the rows, and none that the table needs
/// meanwhile, for a foreign key or its AUTO_INCREMENT column. Only plain columns: an index over an
/// expression or a virtual column cannot always be built beside writes (MySQL manual, "Online DDL
/// Operations"). Pure.
[[nodiscard]] std::vector<std::string> deferrable(const schema::TableDefinition& table);

/// Leaves the indexes out of an empty table.
[[nodiscard]] std::string drop_statement(
    const mysql::TableName& table, const std::vector<std::string>& names
);

/// Builds them as `create_text`, the SHOW CREATE TABLE of the table that has them, writes them; all
/// in one pass over the table, in place and beside reads and writes. Empty when one is not found
/// there. Pure.
[[nodiscard]] std::string build_statement(
    const mysql::TableName& table,
    std::string_view create_text,
    const std::vector<std::string>& names
);

}  // namespace doppel::index
