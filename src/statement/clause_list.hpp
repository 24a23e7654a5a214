// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "statement/alter_statement.hpp"
#include "statement/lexer.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace doppel::statement {

/// What the top level of a clause list consists of, as the range of tokens [begin, end).
struct ListItem {
    bool comma = false;                   ///< a comma between clauses; else a clause
    ClauseKind kind = ClauseKind::other;  ///< of a clause
    bool needs_comma =
        true;  ///< false for a clause that the grammar lets follow another without comma
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// The items as written, from the first kept to the last kept one, without ALGORITHM and LOCK
/// clauses and one comma for each. Fails when the rest would not be a list any more on a server
/// that skips one of the executable comments. Requires items that alternate as the parser leaves
/// them.
[[nodiscard]] base::Result<std::string> text_without_algorithm_and_lock(
    const TokenList& list, const std::vector<ListItem>& items
);

}  // namespace doppel::statement
