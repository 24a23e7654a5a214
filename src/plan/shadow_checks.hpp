// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/progress.hpp"
#include "plan/facts.hpp"
#include "schema/column_map.hpp"
#include "schema/key_choice.hpp"
#include "schema/table_definition.hpp"
#include "sql/session.hpp"

#include <optional>

namespace doppel::plan {

/// What can only be judged once the shadow shows the definition that the server makes of the
/// statement. The facts must have a source.

/// The key that source and shadow share; keys with a TIMESTAMP only where sessions in UTC make the
/// same rows as those of the server's default time zone.
[[nodiscard]] schema::KeyDecision choose_key(
    const Facts& facts, const schema::TableDefinition& shadow, const schema::ColumnMap& columns
);

/// Throws Error(data_misfit) when a new column has no value for rows that exist, and there are
/// some.
void require_values(sql::Session& session, const Facts& facts, const schema::ColumnMap& columns);

/// Refuses that a column which allows NULL gets AUTO_INCREMENT. The server would number each NULL
/// anew whenever its row is reconciled, so that a row had one number now and another one then.
[[nodiscard]] std::optional<Finding> numbers_for_null(
    const Facts& facts, const schema::TableDefinition& shadow, const schema::ColumnMap& columns
);

}  // namespace doppel::plan
