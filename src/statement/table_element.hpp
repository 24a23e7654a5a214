// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "statement/alter_statement.hpp"
#include "statement/token_cursor.hpp"

#include <string_view>

namespace doppel::statement {

/// What an expected name is called in messages.
inline constexpr std::string_view kColumnName = "a column name";
inline constexpr std::string_view kIndexName = "an index name";
inline constexpr std::string_view kConstraintName = "a constraint name";

/// Reads the head of what ADD may define and a list of columns may hold: a column, an index or a
/// constraint, up to and with its name. Sets `clause.column`. What is left is the definition.
[[nodiscard]] ClauseKind read_table_element(TokenCursor& cursor, Clause& clause);

/// The same where only a column may stand, whatever its name.
[[nodiscard]] ClauseKind read_column_element(TokenCursor& cursor, Clause& clause);

/// INDEX or KEY.
bool accept_index_word(TokenCursor& cursor);

}  // namespace doppel::statement
