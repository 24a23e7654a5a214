// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "statement/alter_statement.hpp"
#include "statement/clause_list.hpp"
#include "statement/lexer.hpp"

#include <cstddef>
#include <vector>

namespace doppel::statement {

struct ClauseList {
    std::vector<ListItem>
        items;  ///< clauses and commas in turn; a clause may directly follow another
    std::vector<Clause> clauses;  ///< one for each clause of `items`, more for `ADD (a INT, b INT)`
};

/// Takes the tokens [begin, end) apart into clauses (MySQL manual, "ALTER TABLE Statement";
/// sql/sql_yacc.yy, alter_list; MariaDB's additions likewise). Requires begin < end, no top-level
/// `;`. What no rule knows becomes ClauseKind::other.
[[nodiscard]] base::Result<ClauseList> parse_clauses(
    const TokenList& list, std::size_t begin, std::size_t end
);

}  // namespace doppel::statement
