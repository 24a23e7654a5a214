// SPDX-License-Identifier: Apache-2.0
#include "plan/privileges.hpp"

#include "plan/checks/checks_list.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace doppel::plan::checks {
namespace {

using Names = std::vector<std::string_view>;

std::string join(const Names& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

// MySQL: granted roles only count when active.
std::string with_role_hint(std::string hint, const Privileges& privileges) {
    if (privileges.has_roles()) {
        hint += "; roles only count when they are active (SET DEFAULT ROLE)";
    }
    return hint;
}

void refuse_missing(
    Findings& findings,
    const Facts& facts,
    const Names& missing,
    const std::string& where,
    const std::string& object
) {
    if (missing.empty()) {
        return;
    }
    const std::string account = facts.privileges.quoted_account();
    const std::string list = join(missing);
    findings.push_back(
        {"missing-privileges",
         Finding::Level::refusal,
         fmt::format("account {} lacks {} {}", account, list, where),
         with_role_hint(
             fmt::format("GRANT {} ON {} TO {}", list, object, account), facts.privileges
         )}
    );
}

bool has_on_all(
    const Privileges& privileges,
    std::string_view privilege,
    const std::vector<std::string>& tables,
    const std::string& schema
) {
    return std::all_of(tables.begin(), tables.end(), [&](const std::string& table) {
        return privileges.has_on_table(privilege, {schema, table});
    });
}

}  // namespace

// MySQL manual, "ALTER TABLE Statement".
void privileges_for_native(const Facts& facts, const AlterStatement&, Findings& findings) {
    Names missing;
    for (const std::string_view privilege : {"ALTER", "CREATE", "INSERT"}) {
        if (!facts.privileges.has_on_table(privilege, facts.table)) {
            missing.push_back(privilege);
        }
    }
    refuse_missing(findings, facts, missing, "on table " + facts.table.str(), facts.table.quoted());
}

void privileges_for_copy(const Facts& facts, const AlterStatement&, Findings& findings) {
    const std::vector<std::string> tables{
        facts.table.table, facts.names.shadow, facts.names.old_table, facts.names.state};
    const std::string& schema = facts.table.schema;
    Names missing;
    for (const std::string_view privilege :
         {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX"}) {
        if (!has_on_all(facts.privileges, privilege, tables, schema)) {
            missing.push_back(privilege);
        }
    }
    if (!facts.privileges.has_on_schema("LOCK TABLES", schema)) {
        missing.push_back("LOCK TABLES");
    }
    // Without it triggers cannot be seen, and would be lost without a word.
    if (!facts.privileges.has_on_table("TRIGGER", facts.table)) {
        missing.push_back("TRIGGER");
    }
    refuse_missing(
        findings,
        facts,
        missing,
        fmt::format("on tables {} of schema {}", fmt::join(tables, ", "), schema),
        facts.privileges.quoted_schema(schema) + ".*"
    );
    Names missing_globally;
    for (const std::string_view privilege : {"REPLICATION SLAVE", "REPLICATION CLIENT"}) {
        if (!facts.privileges.has_global(privilege)) {
            missing_globally.push_back(privilege);
        }
    }
    refuse_missing(findings, facts, missing_globally, "on the server", "*.*");
}

}  // namespace doppel::plan::checks
