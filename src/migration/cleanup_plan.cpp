// SPDX-License-Identifier: Apache-2.0
#include "migration/cleanup_plan.hpp"

#include <optional>
#include <string>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Kind = CleanupTable::Kind;
using schema::TableDefinition;
using Stage = Standing::Stage;

CleanupTable to_remove(Kind kind, const TableDefinition& table) {
    return {kind, table.name.str(), table.rows_estimated};
}

void keep(CleanupPlan& plan, const std::optional<TableDefinition>& table, std::string reason) {
    if (table) {
        plan.keep.push_back({table->name.str(), std::move(reason)});
    }
}

base::Failure unreadable(const Remains& remains, const std::string& problem) {
    std::string tables = remains.state->name.quoted();
    if (remains.shadow) {
        tables = remains.shadow->name.quoted() + ", " + tables;
    }
    return base::Failure{fmt::format(
        "{} is marked as the state table of a migration, but {}. So it is not known what belongs "
        "to "
        "the migration. Use the version of doppel that began it, or, if you are sure that they are "
        "not needed, DROP TABLE {}",
        remains.state->name.str(),
        problem,
        tables
    )};
}

base::Failure foreign_shadow(const TableDefinition& shadow) {
    return base::Failure{fmt::format(
        "{} is not defined as the migration made it, so it may be somebody else's. Rename it or "
        "drop it, then run again",
        shadow.name.str()
    )};
}

void plan_preparing(const Remains& remains, CleanupPlan& plan) {
    if (!remains.shadow) {
        return;
    }
    if (remains.shadow_has_rows || remains.shadow->is_view) {
        keep(
            plan,
            remains.shadow,
            "the migration ended before it copied a row, but this has rows or is a view: it is "
            "somebody else's"
        );
    } else {
        plan.remove.push_back(to_remove(Kind::shadow, *remains.shadow));
    }
}

std::optional<base::Failure> plan_running(
    const Remains& remains, const checkpoint::Record& record, CleanupPlan& plan
) {
    if (remains.shadow) {
        if (!is_recorded_shadow(*remains.shadow, record)) {
            return foreign_shadow(*remains.shadow);
        }
        plan.remove.push_back(to_remove(Kind::shadow, *remains.shadow));
    }
    keep(
        plan,
        remains.old_table,
        "the tables were not swapped as far as can be seen, so the migration did not make it"
    );
    return std::nullopt;
}

void plan_swapped(const Remains& remains, const Standing& standing, CleanupPlan& plan) {
    plan.swapped = true;
    keep(plan, remains.shadow, "the tables are swapped, so it was made by somebody since");
    if (!remains.old_table) {
        return;
    }
    if (!standing.record->drop_old) {
        keep(plan, remains.old_table, "it is the former table, which the migration was to keep");
    } else if (!standing.surely_swapped || !is_recorded_source(*remains.old_table, *standing.record)) {
        keep(
            plan,
            remains.old_table,
            "it has the former table's name, but is not defined as that was or cannot be told from "
            "another one"
        );
    } else {
        plan.remove.push_back(to_remove(Kind::old_table, *remains.old_table));
    }
}

}  // namespace

base::Result<CleanupPlan> plan_cleanup(const Remains& remains) {
    const Standing standing = judge_standing(remains);
    CleanupPlan plan;
    plan.table = remains.table.str();
    if (standing.record) {
        plan.statement = standing.record->statement;
        plan.host = standing.record->host;
        plan.process_id = standing.record->process_id;
        plan.began_at = standing.record->started_at;
    }
    switch (standing.stage) {
        case Stage::none:
            keep(plan, remains.shadow, "no state table marks it as a migration's");
            keep(plan, remains.state, "it does not bear the mark of a migration's state table");
            return plan;
        case Stage::unreadable:
            return unreadable(remains, standing.problem);
        case Stage::begun:
            keep(plan, remains.shadow, "the migration ended before it made a table of that name");
            break;
        case Stage::preparing:
            plan_preparing(remains, plan);
            break;
        case Stage::running:
            if (auto failure = plan_running(remains, *standing.record, plan)) {
                return *failure;
            }
            break;
        case Stage::swapped:
            plan_swapped(remains, standing, plan);
            break;
    }
    // It tells that the others are the migration's, so it goes last.
    plan.remove.push_back(to_remove(Kind::state, *remains.state));
    return plan;
}

}  // namespace doppel::migration
