// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "statement/token_cursor.hpp"

#include <optional>
#include <string>

namespace doppel::statement {

/// Reads one table option with its value and returns its name in upper case; without a match the
/// cursor stays. An option is one of MySQL's or MariaDB's own, or any `name = value`, which
/// MariaDB's engines define (MariaDB manual, "Engine-defined New Table/Field/Index Attributes").
[[nodiscard]] std::optional<std::string> read_table_option(TokenCursor& cursor);

}  // namespace doppel::statement
