// SPDX-License-Identifier: Apache-2.0
#include "statement/table_element.hpp"

#include <string>
#include <utility>

namespace doppel::statement {
namespace {

ClauseKind index(TokenCursor& cursor, Clause& clause) {
    if (!accept_index_word(cursor)) {
        cursor.skip();  // UNIQUE, FULLTEXT, SPATIAL, VECTOR
        accept_index_word(cursor);
    }
    cursor.accept({"IF", "NOT", "EXISTS"});
    // Without a name of its own an index has that of its constraint (MySQL manual, "CREATE TABLE").
    if (cursor.is_name() && !cursor.is_word("USING")) {
        clause.column = cursor.expect_name(kIndexName);
    }
    return ClauseKind::add_index;
}

ClauseKind constraint(TokenCursor& cursor, Clause& clause) {
    std::string symbol;
    const bool constraint_word = cursor.accept({"CONSTRAINT"});
    if (constraint_word) {
        cursor.accept({"IF", "NOT", "EXISTS"});
        if (!cursor.is_any_word({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"})) {
            symbol = cursor.expect_name(kConstraintName);
        }
    }
    clause.column = symbol;
    if (cursor.accept({"PRIMARY"})) {
        cursor.expect("KEY");
        return ClauseKind::add_primary_key;
    }
    if (cursor.accept({"CHECK"})) {
        return ClauseKind::add_constraint_check;
    }
    if (cursor.is_word("UNIQUE")) {
        return index(cursor, clause);
    }
    if (!cursor.accept({"FOREIGN"})) {
        return ClauseKind::other;
    }
    cursor.expect("KEY");
    cursor.accept({"IF", "NOT", "EXISTS"});
    if (cursor.is_name()) {
        std::string name = cursor.expect_name(kIndexName);
        clause.column = symbol.empty() ? std::move(name) : symbol;
    }
    return ClauseKind::add_foreign_key;
}

}  // namespace

bool accept_index_word(TokenCursor& cursor) {
    return cursor.accept({"INDEX"}) || cursor.accept({"KEY"});
}

ClauseKind read_table_element(TokenCursor& cursor, Clause& clause) {
    if (cursor.is_any_word({"CONSTRAINT", "PRIMARY", "FOREIGN", "CHECK"})) {
        return constraint(cursor, clause);
    }
    const bool vector_index =
        cursor.is_word("VECTOR") && (cursor.is_word("INDEX", 1) || cursor.is_word("KEY", 1));
    if (vector_index || cursor.is_any_word({"UNIQUE", "INDEX", "KEY", "FULLTEXT", "SPATIAL"})) {
        return index(cursor, clause);
    }
    if (cursor.accept({"PERIOD", "FOR"}) || cursor.accept({"SYSTEM", "VERSIONING"})) {
        return ClauseKind::other;
    }
    return read_column_element(cursor, clause);
}

ClauseKind read_column_element(TokenCursor& cursor, Clause& clause) {
    clause.column = cursor.expect_name(kColumnName);
    return ClauseKind::add_column;
}

}  // namespace doppel::statement
