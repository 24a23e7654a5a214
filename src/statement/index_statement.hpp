// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "statement/lexer.hpp"

#include <cstddef>
#include <string>

namespace doppel::statement {

/// A CREATE INDEX or DROP INDEX statement as the ALTER TABLE statement that does the same (MySQL
/// manual, "CREATE INDEX Statement": it is mapped to ALTER TABLE). Reads the tokens [0, end). Fails
/// on anything but the plain form.
[[nodiscard]] base::Result<std::string> alter_of_index_statement(
    const TokenList& list, std::size_t end
);

}  // namespace doppel::statement
