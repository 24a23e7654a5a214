// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/table_definition.hpp"
#include "statement/alter_statement.hpp"

#include <optional>
#include <string>

namespace doppel::native {

/// Why `ALGORITHM=INPLACE` could rebuild or scan the table, or nothing when every clause only
/// changes metadata by the tables of the MySQL manual, "Online DDL Operations". Errs on the side of
/// a reason: INPLACE itself does not refuse rebuilds, so this list is what protects the
/// application.
[[nodiscard]] std::optional<std::string> needs_more_than_metadata(
    const schema::TableDefinition& source, const statement::AlterStatement& statement
);

}  // namespace doppel::native
