// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "plan/checks/checks_list.hpp"
#include "schema/key_choice.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>

namespace doppel::plan::checks {
namespace {

std::string describe(const std::vector<schema::RejectedIndex>& rejected) {
    if (rejected.empty()) {
        return "it has no unique index";
    }
    std::string text;
    for (const schema::RejectedIndex& index : rejected) {
        text += text.empty() ? "" : "; ";
        text += fmt::format("index `{}`: {}", index.index, index.reason);
    }
    return text;
}

}  // namespace

void table_exists(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (!facts.source) {
        findings.push_back(
            {"no-table",
             Finding::Level::refusal,
             fmt::format(
                 "table {} does not exist, or the account may not see it", facts.table.str()
             ),
             "check the name and the schema"}
        );
    } else if (facts.source->is_view) {
        findings.push_back(
            {"not-a-table",
             Finding::Level::refusal,
             fmt::format("{} is a view, not a base table", facts.table.str()),
             "change the table below it, or use ALTER VIEW"}
        );
    }
}

void table_is_not_the_servers(const Facts& facts, const AlterStatement&, Findings& findings) {
    for (const char* schema : {"mysql", "sys", "information_schema", "performance_schema"}) {
        if (base::equals_ignore_case(facts.table.schema, schema)) {
            findings.push_back(
                {"system-table",
                 Finding::Level::refusal,
                 fmt::format("{} belongs to the server", facts.table.str()),
                 "leave it as it is: the server changes its own tables when it is upgraded"}
            );
        }
    }
}

void table_is_innodb(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (facts.source && !facts.source->is_view &&
        !base::equals_ignore_case(facts.source->engine, "InnoDB")) {
        findings.push_back(
            {"not-innodb",
             Finding::Level::refusal,
             fmt::format(
                 "table {} is of engine {}; only InnoDB tables can be copied while they change",
                 facts.table.str(),
                 facts.source->engine
             ),
             "ALTER TABLE .. ENGINE=InnoDB first"}
        );
    }
}

void table_has_key(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (!facts.source || facts.source->is_view) {
        return;
    }
    const schema::KeyCandidates candidates = schema::key_candidates(*facts.source);
    if (candidates.indexes.empty()) {
        findings.push_back(
            {"no-usable-key",
             Finding::Level::refusal,
             fmt::format(
                 "table {} has no key by which rows can be followed: {}",
                 facts.table.str(),
                 describe(candidates.rejected)
             ),
             "give the table a PRIMARY KEY or a unique index on columns that are NOT NULL"}
        );
    }
}

void table_has_no_triggers(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (!facts.source || facts.source->triggers.empty()) {
        return;
    }
    std::vector<std::string> names;
    for (const schema::Trigger& trigger : facts.source->triggers) {
        names.push_back(trigger.name);
    }
    findings.push_back(
        {"triggers",
         Finding::Level::refusal,
         fmt::format(
             "table {} has triggers ({}), which would stay with the old table",
             facts.table.str(),
             fmt::join(names, ", ")
         ),
         "drop them for the time of the migration if the application can do without them"}
    );
}

}  // namespace doppel::plan::checks
