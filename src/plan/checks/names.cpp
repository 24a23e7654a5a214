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

}  // namespace

void names_are_free(const Facts& facts, const AlterStatement&, Findings& findings) {
    const ExistingTable* shadow = find(facts, facts.names.shadow);
    const ExistingTable* state = find(facts, facts.names.state);
    const std::string& mark = facts.names.state_comment_prefix;
    const bool state_is_ours =
        state != nullptr && !mark.empty() && state->comment.substr(0, mark.size()) == mark;
    // A run that finds an earlier one's state decides what becomes of it and of its shadow.
    if (!state_is_ours) {
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
