// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/progress.hpp"
#include "plan/facts.hpp"
#include "statement/alter_statement.hpp"

#include <vector>

/// The checks one by one; checks.cpp says which run when. Each is pure, appends what it finds and
/// does not rely on another one having passed.
namespace doppel::plan::checks {

using Findings = std::vector<Finding>;
using statement::AlterStatement;

void server_is_supported(const Facts& facts, const AlterStatement& statement, Findings& findings);
void server_is_writable(const Facts& facts, const AlterStatement& statement, Findings& findings);
void binlog_tells_all(const Facts& facts, const AlterStatement& statement, Findings& findings);
void binlog_keeps_commit_order(
    const Facts& facts, const AlterStatement& statement, Findings& findings
);
void binlog_filters(const Facts& facts, const AlterStatement& statement, Findings& findings);
void packet_size(const Facts& facts, const AlterStatement& statement, Findings& findings);

void disk_space(const Facts& facts, const AlterStatement& statement, Findings& findings);
void connection_limit(const Facts& facts, const AlterStatement& statement, Findings& findings);

void privileges_for_native(const Facts& facts, const AlterStatement& statement, Findings& findings);
void privileges_for_copy(const Facts& facts, const AlterStatement& statement, Findings& findings);

void table_exists(const Facts& facts, const AlterStatement& statement, Findings& findings);
void table_is_not_the_servers(
    const Facts& facts, const AlterStatement& statement, Findings& findings
);
void table_is_innodb(const Facts& facts, const AlterStatement& statement, Findings& findings);
void table_has_key(const Facts& facts, const AlterStatement& statement, Findings& findings);
void table_has_no_triggers(const Facts& facts, const AlterStatement& statement, Findings& findings);
void table_has_no_foreign_keys(
    const Facts& facts, const AlterStatement& statement, Findings& findings
);
void foreign_keys_are_seen(const Facts& facts, const AlterStatement& statement, Findings& findings);

void statement_is_online_change(
    const Facts& facts, const AlterStatement& statement, Findings& findings
);
void statement_adds_no_foreign_key(
    const Facts& facts, const AlterStatement& statement, Findings& findings
);
void statement_keeps_innodb(
    const Facts& facts, const AlterStatement& statement, Findings& findings
);
void statement_modifiers(const Facts& facts, const AlterStatement& statement, Findings& findings);

void names_are_free(const Facts& facts, const AlterStatement& statement, Findings& findings);

}  // namespace doppel::plan::checks
