// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key_condition.hpp"
#include "mysql/table_pair.hpp"

#include <cstddef>
#include <string>

namespace doppel::copy {

/// Copies a range: a plain, strict INSERT .. SELECT. In READ COMMITTED it reads the source without
/// row locks (MySQL manual, "Locks Set by Different SQL Statements in InnoDB").
[[nodiscard]] std::string copy_statement(
    const mysql::TablePair& tables, const mysql::KeyRange& range
);

/// Empties a range of the shadow: for a chunk whose commit may or may not have happened.
/// `rows_max`: at most so many rows; nothing: all.
[[nodiscard]] std::string clear_statement(
    const mysql::TablePair& tables,
    const mysql::KeyRange& range,
    std::optional<std::size_t> rows_max = std::nullopt
);

/// Selects the keys of a range, in their order.
[[nodiscard]] std::string keys_statement(
    const mysql::TablePair& tables, const mysql::KeyRange& range
);

/// Selects the key `rows` rows above `lower`, so that a chunk from `lower` to it has `rows` rows.
/// No row: fewer are left. Reads the index from `lower` on only, never from the start of the table.
[[nodiscard]] std::string boundary_statement(
    const mysql::TablePair& tables, const std::optional<mysql::Key>& lower, std::size_t rows
);

}  // namespace doppel::copy
