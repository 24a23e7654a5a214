// SPDX-License-Identifier: Apache-2.0
#include "plan/checks.hpp"

#include "plan/checks/checks_list.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::plan {
namespace {

using Check = void (*)(const Facts&, const statement::AlterStatement&, std::vector<Finding>&);

constexpr Check kBeforeNative[] = {
    checks::server_is_supported,
    checks::server_is_writable,
    checks::table_exists,
    checks::table_is_not_the_servers,
    checks::privileges_for_native,
    checks::statement_is_online_change,
    checks::statement_modifiers,
};

constexpr Check kBeforeCopy[] = {
    checks::binlog_tells_all,
    checks::binlog_keeps_commit_order,
    checks::binlog_filters,
    checks::packet_size,
    checks::disk_space,
    checks::connection_limit,
    checks::privileges_for_copy,
    checks::table_is_innodb,
    checks::table_has_key,
    checks::table_has_no_triggers,
    checks::table_has_no_foreign_keys,
    checks::foreign_keys_are_seen,
    checks::statement_adds_no_foreign_key,
    checks::statement_keeps_innodb,
    checks::names_are_free,
};

template <std::size_t N>
std::vector<Finding> run(
    const Check (&list)[N], const Facts& facts, const statement::AlterStatement& statement
) {
    std::vector<Finding> findings;
    for (const Check check : list) {
        check(facts, statement, findings);
    }
    return findings;
}

}  // namespace

std::vector<Finding> before_native(const Facts& facts, const statement::AlterStatement& statement) {
    return run(kBeforeNative, facts, statement);
}

std::vector<Finding> before_copy(const Facts& facts, const statement::AlterStatement& statement) {
    return run(kBeforeCopy, facts, statement);
}

bool refused(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.level == Finding::Level::refusal;
    });
}

Finding migration_running(const mysql::TableName& table, std::optional<std::uint64_t> holder) {
    const std::string who =
        holder ? fmt::format(" (connection {} holds its lock)", *holder) : std::string();
    return {
        "migration-running",
        Finding::Level::refusal,
        fmt::format("another migration of table {} is running{}", table.str(), who),
        "wait for it or stop it"};
}

Finding no_shared_key(
    const mysql::TableName& table, const std::vector<schema::RejectedIndex>& rejected
) {
    std::string reasons;
    for (const schema::RejectedIndex& index : rejected) {
        reasons +=
            fmt::format("{}index `{}`: {}", reasons.empty() ? "" : "; ", index.index, index.reason);
    }
    return {
        "no-shared-key",
        Finding::Level::refusal,
        fmt::format(
            "table {} and its new definition share no key by which rows can be followed: {}",
            table.str(),
            reasons.empty() ? "there is no unique index" : reasons
        ),
        "keep a PRIMARY KEY or a unique index on columns that are NOT NULL, and change it in a "
        "migration "
        "of its own"};
}

Finding not_verifiable(const mysql::TableName& table, const std::string& reason) {
    return {
        "not-verifiable",
        Finding::Level::refusal,
        fmt::format("table {} cannot be compared with its copy: {}", table.str(), reason),
        "migrate without the comparison: --verify=off"};
}

Finding no_temporary_tables(const Facts& facts, const std::vector<std::string>& columns) {
    const Privileges& privileges = facts.privileges;
    return {
        "missing-privileges",
        Finding::Level::refusal,
        fmt::format(
            "account {} lacks CREATE TEMPORARY TABLES on schema {}, which comparing table {} with "
            "its copy takes, since the statement converts column(s) {}",
            privileges.quoted_account(),
            facts.table.schema,
            facts.table.str(),
            fmt::join(columns, ", ")
        ),
        fmt::format(
            "GRANT CREATE TEMPORARY TABLES ON {}.* TO {}, or migrate without the comparison: "
            "--verify=off",
            privileges.quoted_schema(facts.table.schema),
            privileges.quoted_account()
        )};
}

}  // namespace doppel::plan
