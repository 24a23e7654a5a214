// SPDX-License-Identifier: Apache-2.0
#include "plan/checks.hpp"

#include "plan/checks/checks_list.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace doppel::plan {
namespace {

struct Check {
    const char* name;
    const char* passed;
    void (*run)(const Facts&, const statement::AlterStatement&, std::vector<Finding>&);
};

constexpr Check kBeforeNative[] = {
    {"server-version", "the server's version is supported", checks::server_is_supported},
    {"server-writable", "the server takes writes", checks::server_is_writable},
    {"table-exists", "the table exists", checks::table_exists},
    {"not-a-system-table", "the table is not the server's own", checks::table_is_not_the_servers},
    {"privileges-native",
     "the account may change the table by the server's own ALTER",
     checks::privileges_for_native},
    {"online-change",
     "no clause is one that only the server itself can carry out",
     checks::statement_is_online_change},
    {"modifiers", "the statement asks for no ALGORITHM or LOCK", checks::statement_modifiers},
};

constexpr Check kBeforeCopy[] = {
    {"binlog", "the binary log has all changes, row by row", checks::binlog_tells_all},
    {"commit-order",
     "commits become visible in the order of the binary log",
     checks::binlog_keeps_commit_order},
    {"binlog-filters", "no filter keeps changes out of the binary log", checks::binlog_filters},
    {"max-allowed-packet", "max_allowed_packet is large enough", checks::packet_size},
    {"disk-space", "nothing shows that the disk is too full", checks::disk_space},
    {"connections",
     "the account may have as many connections as it takes",
     checks::connection_limit},
    {"privileges-copy", "the account has the privileges for a copy", checks::privileges_for_copy},
    {"innodb", "the table is an InnoDB table", checks::table_is_innodb},
    {"key", "the table has a key by which rows can be followed", checks::table_has_key},
    {"triggers", "the table has no triggers", checks::table_has_no_triggers},
    {"foreign-keys",
     "no foreign key that the account may see leads to or from the table",
     checks::table_has_no_foreign_keys},
    {"foreign-keys-seen", "the account may see all foreign keys", checks::foreign_keys_are_seen},
    {"adds-no-foreign-key",
     "the statement adds no foreign key",
     checks::statement_adds_no_foreign_key},
    {"keeps-innodb", "the new table is an InnoDB table", checks::statement_keeps_innodb},
    {"names", "the names of the migration's tables are free", checks::names_are_free},
};

template <std::size_t N>
std::vector<Judged> judge(
    const Check (&list)[N], const Facts& facts, const statement::AlterStatement& statement
) {
    std::vector<Judged> all;
    for (const Check& check : list) {
        Judged judged{check.name, check.passed, {}};
        check.run(facts, statement, judged.findings);
        all.push_back(std::move(judged));
    }
    return all;
}

std::vector<Finding> findings_of(std::vector<Judged> all) {
    std::vector<Finding> findings;
    for (Judged& judged : all) {
        std::move(judged.findings.begin(), judged.findings.end(), std::back_inserter(findings));
    }
    return findings;
}

}  // namespace

std::vector<Judged> judge_before_native(
    const Facts& facts, const statement::AlterStatement& statement
) {
    return judge(kBeforeNative, facts, statement);
}

std::vector<Judged> judge_before_copy(
    const Facts& facts, const statement::AlterStatement& statement
) {
    return judge(kBeforeCopy, facts, statement);
}

std::vector<Finding> before_native(const Facts& facts, const statement::AlterStatement& statement) {
    return findings_of(judge_before_native(facts, statement));
}

std::vector<Finding> before_copy(const Facts& facts, const statement::AlterStatement& statement) {
    return findings_of(judge_before_copy(facts, statement));
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
