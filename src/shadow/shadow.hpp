// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "mysql/server_version.hpp"
#include "schema/table_definition.hpp"
#include "shadow/auto_increment.hpp"
#include "sql/session.hpp"
#include "statement/alter_statement.hpp"

#include <string>
#include <utility>
#include <vector>

namespace doppel::shadow {

/// What `create` made.
struct Shadow {
    schema::TableDefinition definition;
    /// What will differ from a native ALTER after cut-over, in sentences for the operator, e.g. a
    /// CHECK constraint's name that must change.
    std::vector<std::string> differences;
    /// CHECK constraints that have another name on the shadow: shadow's name, source's name.
    std::vector<std::pair<std::string, std::string>> check_names;
    CounterRule counter;  ///< to be settled at cut-over
};

/// Creates an empty table with the source's definition in its schema and applies the statement's
/// clauses to it by ALGORITHM=COPY, so that it has no INSTANT row versions. The session should
/// have the server's default sql_mode and time zone: they judge the clauses as a native ALTER
/// would. AUTO_INCREMENT is what the source has now unless the statement sets it.
///
/// Throws Error(usage) with the server's words when it refuses the clauses, Error(refused) when the
/// name is taken, Error(interrupted) when the connection is lost: the table may then exist or not.
/// In all other cases of failure nothing is left behind.
[[nodiscard]] Shadow create(
    sql::Session& session,
    const schema::TableDefinition& source,
    const mysql::TableName& shadow,
    const statement::AlterStatement& statement,
    const mysql::ServerVersion& version
);

/// What `create` made in an earlier run, as it is now. `differences` and `check_names` are not
/// told.
[[nodiscard]] Shadow find(
    sql::Session& session,
    const schema::TableDefinition& source,
    const mysql::TableName& shadow,
    const statement::AlterStatement& statement,
    const mysql::ServerVersion& version
);

/// Drops a table of ours; no error when it does not exist.
void drop(sql::Session& session, const mysql::TableName& table);

}  // namespace doppel::shadow
