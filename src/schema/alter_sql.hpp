// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "statement/alter_statement.hpp"

#include <string>
#include <string_view>

namespace doppel::schema {

/// "ALTER TABLE `s`.`t` ALGORITHM=COPY, ADD COLUMN .." with the modifiers before the clauses:
/// behind them the grammar has no place for modifiers once a partition clause follows (sql_yacc.yy,
/// alter_table_actions). `modifiers` may be empty.
[[nodiscard]] std::string alter_sql(
    const mysql::TableName& table,
    std::string_view modifiers,
    const statement::AlterStatement& statement
);

}  // namespace doppel::schema
