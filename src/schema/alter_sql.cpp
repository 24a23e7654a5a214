// SPDX-License-Identifier: Apache-2.0
#include "schema/alter_sql.hpp"

#include "statement/lexer.hpp"

namespace doppel::schema {
namespace {

// PARTITION BY and REMOVE PARTITIONING are not members of the comma-separated list of clauses.
bool begins_with_partition_clause(std::string_view clauses) {
    const auto tokens = statement::tokenize(clauses);
    if (!tokens || tokens->tokens.empty()) {
        return false;
    }
    return tokens->is_word(0, "PARTITION") || tokens->is_word(0, "REMOVE");
}

}  // namespace

std::string alter_sql(
    const mysql::TableName& table,
    std::string_view modifiers,
    const statement::AlterStatement& statement
) {
    std::string sql = "ALTER TABLE " + table.quoted();
    if (!modifiers.empty()) {
        sql += ' ';
        sql += modifiers;
    }
    if (statement.clauses_text.empty()) {
        return sql;
    }
    if (!modifiers.empty() && !begins_with_partition_clause(statement.clauses_text)) {
        sql += ',';
    }
    sql += ' ';
    sql += statement.clauses_text;
    return sql;
}

}  // namespace doppel::schema
