// SPDX-License-Identifier: Apache-2.0
#include "statement/alter_statement.hpp"

#include <algorithm>

namespace doppel::statement {

std::vector<ColumnRename> AlterStatement::column_renames() const {
    std::vector<ColumnRename> renames;
    for (const Clause& clause : clauses) {
        const bool may_rename =
            clause.kind == ClauseKind::change_column || clause.kind == ClauseKind::rename_column;
        if (may_rename && clause.column != clause.new_name) {
            renames.push_back({clause.column, clause.new_name});
        }
    }
    return renames;
}

bool AlterStatement::has(ClauseKind kind) const {
    return std::any_of(clauses.begin(), clauses.end(), [kind](const Clause& clause) {
        return clause.kind == kind;
    });
}

}  // namespace doppel::statement
