// SPDX-License-Identifier: Apache-2.0
#include "plan/planner.hpp"

#include "plan/checks.hpp"
#include "schema/key_choice.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::plan {
namespace {

void append_findings(std::string& text, const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
        const bool refusal = finding.level == Finding::Level::refusal;
        text += fmt::format(
            "  {} [{}] {}\n", refusal ? "refused" : "warning", finding.id, finding.message
        );
        if (!finding.hint.empty()) {
            text += fmt::format("    {}\n", finding.hint);
        }
    }
}

std::string describe_size(const schema::TableDefinition& table) {
    constexpr double kMebibyte = 1024.0 * 1024.0;
    return fmt::format(
        "about {} rows, {:.1f} MiB of data, {:.1f} MiB of indexes",
        table.rows_estimated,
        static_cast<double>(table.data_bytes) / kMebibyte,
        static_cast<double>(table.index_bytes) / kMebibyte
    );
}

std::string describe_copy(const Plan& plan) {
    std::string text = fmt::format(
        "copy the rows into `{}` by key `{}` while following the binary log,\n"
        "     then rename `{}` to `{}` and `{}` to `{}`\n",
        plan.names.shadow,
        plan.key_index,
        plan.source.table,
        plan.names.old_table,
        plan.names.shadow,
        plan.source.table
    );
    return text;
}

}  // namespace

bool Plan::native_allowed() const {
    return try_native && !refused(before_native);
}

bool Plan::copy_allowed() const {
    return !refused(before_native) && !refused(before_copy);
}

Plan make_plan(Facts facts, statement::AlterStatement statement, const MigrationOptions& options) {
    Plan plan;
    plan.source = facts.source ? facts.source->name : facts.table;
    plan.names = facts.names;
    plan.try_native = options.try_native;
    plan.before_native = before_native(facts, statement);
    plan.before_copy = before_copy(facts, statement);
    if (facts.source && !facts.source->is_view) {
        const schema::KeyCandidates candidates = schema::key_candidates(*facts.source);
        plan.key_index = candidates.indexes.empty() ? "" : candidates.indexes.front()->name;
    }
    plan.facts = std::move(facts);
    plan.statement = std::move(statement);
    return plan;
}

std::string describe(const Plan& plan) {
    std::string text = fmt::format("table {}", plan.source.str());
    if (plan.facts.source) {
        text += ": " + describe_size(*plan.facts.source);
    }
    text += fmt::format("\nchange {}\n", plan.statement.clauses_text);
    append_findings(text, plan.before_native);
    if (refused(plan.before_native)) {
        return text + "nothing will be done\n";
    }
    unsigned step = 1;
    if (plan.try_native) {
        text += fmt::format(
            "  {}. try the server's own instant or metadata-only change; done if it accepts\n",
            step++
        );
    }
    append_findings(text, plan.before_copy);
    if (plan.copy_allowed()) {
        text += fmt::format("  {}. {}", step, describe_copy(plan));
    } else {
        text += fmt::format("  {}. no copy: see above\n", step);
    }
    return text;
}

}  // namespace doppel::plan
