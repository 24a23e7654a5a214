// SPDX-License-Identifier: Apache-2.0
#include "plan/checks/checks_list.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace doppel::plan::checks {
namespace {

std::string list_names(const std::vector<schema::ForeignKey>& keys, bool children) {
    std::vector<std::string> names;
    for (const schema::ForeignKey& key : keys) {
        names.push_back(children ? fmt::format("{} of {}", key.name, key.child.str()) : key.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void table_has_no_foreign_keys(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (!facts.source) {
        return;
    }
    // Cascades of foreign keys change rows without a trace in the binary log before MySQL 9.6.
    if (!facts.source->foreign_keys.empty()) {
        findings.push_back(
            {"foreign-keys",
             Finding::Level::refusal,
             fmt::format(
                 "table {} has foreign keys ({}); their cascades cannot be followed",
                 facts.table.str(),
                 list_names(facts.source->foreign_keys, false)
             ),
             "drop the foreign keys first, or run the ALTER on the server directly"}
        );
    }
    if (!facts.source->referenced_by.empty()) {
        findings.push_back(
            {"referenced-by-foreign-keys",
             Finding::Level::refusal,
             fmt::format(
                 "foreign keys refer to table {} ({}); they would follow the old table",
                 facts.table.str(),
                 list_names(facts.source->referenced_by, true)
             ),
             "drop the foreign keys first, or run the ALTER on the server directly"}
        );
    }
}

void foreign_keys_are_seen(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (!facts.source || facts.source->is_view || facts.privileges.has_global("SELECT")) {
        return;
    }
    findings.push_back(
        {"foreign-keys-unseen",
         Finding::Level::warning,
         fmt::format(
             "foreign keys that refer to table {} from tables this account may not see cannot be "
             "found; they would follow the old table",
             facts.table.str()
         ),
         fmt::format(
             "make sure there are none, or GRANT SELECT ON *.* TO {}",
             facts.privileges.quoted_account()
         )}
    );
}

void statement_adds_no_foreign_key(
    const Facts& facts, const AlterStatement& statement, Findings& findings
) {
    const mysql::ServerVersion& version = facts.server.version;
    const bool inline_counts =
        version.is_mariadb() ? version.at_least(10, 5) : version.at_least(9, 0);
    for (const statement::Clause& clause : statement.clauses) {
        const bool adds = clause.kind == statement::ClauseKind::add_foreign_key ||
                          (clause.inline_references && inline_counts);
        if (adds) {
            findings.push_back(
                {"adds-foreign-key",
                 Finding::Level::refusal,
                 fmt::format("'{}' adds a foreign key", clause.text),
                 "make the other changes first, then add the foreign key on the server directly"}
            );
        }
    }
}

}  // namespace doppel::plan::checks
