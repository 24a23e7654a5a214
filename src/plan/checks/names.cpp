// SPDX-License-Identifier: Apache-2.0
#include "plan/checks/checks_list.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace doppel::plan::checks {
namespace {

const ExistingTable* find(const Facts& facts, const std::string& name) {
    const auto found =
        std::find_if(facts.existing.begin(), facts.existing.end(), [&](const ExistingTable& table) {
            return schema::same_identifier(table.name, name);
        });
    return found == facts.existing.end() ? nullptr : &*found;
}

void refuse_foreign(Findings& findings, const Facts& facts, const std::string& name) {
    findings.push_back(
        {"name-taken",
         Finding::Level::refusal,
         fmt::format(
             "table {}.{} exists and is not of an earlier run; the migration needs the name",
             facts.table.schema,
             name
         ),
         "rename or drop it"}
    );
}

void refuse_leftover(Findings& findings, const Facts& facts, bool shadow_exists) {
    const mysql::TableName state{facts.table.schema, facts.names.state};
    const mysql::TableName shadow{facts.table.schema, facts.names.shadow};
    const std::string what = shadow_exists ? shadow.str() + " and " + state.str() : state.str();
    const std::string drop =
        shadow_exists ? shadow.quoted() + ", " + state.quoted() : state.quoted();
    findings.push_back(
        {"leftover",
         Finding::Level::refusal,
         fmt::format("an earlier run that did not end left {} behind", what),
         fmt::format("DROP TABLE {} to begin anew", drop)}
    );
}

}  // namespace

void names_are_free(const Facts& facts, const AlterStatement&, Findings& findings) {
    const ExistingTable* shadow = find(facts, facts.names.shadow);
    const ExistingTable* state = find(facts, facts.names.state);
    const std::string& mark = facts.names.state_comment_prefix;
    const bool state_is_ours =
        state != nullptr && !mark.empty() && state->comment.substr(0, mark.size()) == mark;
    if (facts.goes_on) {
        // They are as they should be.
    } else if (state_is_ours) {
        refuse_leftover(findings, facts, shadow != nullptr);
    } else {
        if (state != nullptr) {
            refuse_foreign(findings, facts, state->name);
        }
        if (shadow != nullptr) {
            refuse_foreign(findings, facts, shadow->name);
        }
    }
    if (const ExistingTable* old_table = find(facts, facts.names.old_table)) {
        findings.push_back(
            {"old-table-exists",
             Finding::Level::refusal,
             fmt::format(
                 "table {}.{} exists; the present table is to be kept under that name",
                 facts.table.schema,
                 old_table->name
             ),
             "if it is the old table of an earlier migration and no longer needed, drop it; else "
             "rename "
             "it"}
        );
    }
}

}  // namespace doppel::plan::checks
