// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "dry_run/executor.hpp"
#include "native/metadata_only.hpp"
#include "schema/alter_sql.hpp"
#include "throttle/daily_window.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::dry_run {
namespace {

using mysql::TableName;
using statement::Clause;
using statement::ClauseKind;

constexpr double kLong = 3'600;

bool is_added_index(const Clause& clause) {
    return clause.kind == ClauseKind::add_index;
}

bool has_word(const Clause& clause, std::string_view words) {
    return base::to_lower_ascii(clause.text).find(words) != std::string::npos;
}

void advise_on_clauses(
    const DryRunReport& report, const plan::Plan& plan, std::vector<std::string>& advice
) {
    const auto& clauses = plan.statement.clauses;
    const bool copies = report.decision.method == "shadow";
    std::vector<std::string> quick;
    for (const Clause& clause : clauses) {
        statement::AlterStatement alone;
        alone.clauses = {clause};
        if (plan.facts.source && copies && clauses.size() > 1 &&
            (clause.kind == ClauseKind::add_column || clause.kind == ClauseKind::drop_column ||
             clause.kind == ClauseKind::rename_column ||
             !native::needs_more_than_metadata(*plan.facts.source, alone))) {
            quick.push_back(clause.text);
        }
        const bool tightens = (clause.kind == ClauseKind::modify_column ||
                               clause.kind == ClauseKind::change_column) &&
                              has_word(clause, "not null");
        const auto* column = plan.facts.source ? plan.facts.source->column(clause.column) : nullptr;
        if (tightens && column != nullptr && column->nullable) {
            advice.push_back(fmt::format(
                "`{}` becomes NOT NULL: give rows with NULL a value first (UPDATE in small steps), "
                "and see to it that the application writes no NULL from now on",
                clause.column
            ));
        }
    }
    if (!quick.empty() && quick.size() < clauses.size()) {
        advice.push_back(fmt::format(
            "the server could make these in a moment if they came alone, so a statement of their "
            "own brings them sooner: {}",
            fmt::join(quick, ", ")
        ));
    }
    const auto indexes = std::count_if(clauses.begin(), clauses.end(), is_added_index);
    if (copies && indexes > 0 && static_cast<std::size_t>(indexes) < clauses.size()) {
        advice.emplace_back(
            "the new index(es) come with the copy here; in a statement of their own they would "
            "take a copy once more, so keep them together"
        );
    }
}

void advise_on_indexes(const DryRunReport& report, std::vector<std::string>& advice) {
    for (const DryRunIndex& index : report.indexes) {
        if (!index.remark.empty()) {
            advice.push_back(fmt::format(
                "index `{}` {}: {}",
                index.name,
                index.change == "added" ? "is perhaps not needed" : "could be dropped with it",
                index.remark
            ));
        }
    }
}

void advise_on_load(
    const DryRunReport& report, const Surroundings& around, std::vector<std::string>& advice
) {
    if (!report.estimate || report.decision.method != "shadow") {
        return;
    }
    const DryRunEstimate& told = *report.estimate;
    if (told.busy && told.total_seconds.expected > 60 &&
        told.total_seconds.expected > 1.5 * told.idle_seconds.expected) {
        advice.push_back(fmt::format(
            "at an hour when nobody uses the server it takes about {:.0f} s instead of {:.0f} s",
            told.idle_seconds.expected,
            told.total_seconds.expected
        ));
    }
    if (told.total_seconds.expected > kLong) {
        advice.emplace_back(
            "it takes hours: run it where the session is not lost (tmux, a job); after any end the "
            "same command goes on"
        );
        const double keeps = number(around.variables, "binlog_expire_logs_seconds", 2'592'000);
        if (keeps > 0 && keeps < told.total_seconds.high) {
            advice.push_back(fmt::format(
                "binary logs are kept for {:.0f} s, less than it may take: raise "
                "binlog_expire_logs_seconds, so that a run that was interrupted can go on",
                keeps
            ));
        }
    }
    if (!around.transactions.empty() && around.transactions.front().seconds > 10) {
        advice.emplace_back(
            "there are long transactions on the table now; the swap finds its moment only between "
            "them"
        );
    }
    const bool fits_memory =
        told.disk_bytes.expected < number(around.variables, "innodb_buffer_pool_size", 0);
    if (!fits_memory && told.rows > 0) {
        advice.emplace_back(
            "the new table is larger than the buffer pool: the copy then reads and writes the disk "
            "all the time, and takes longer than the part that a probe sees"
        );
    }
}

void add_step(std::vector<DryRunStep>& steps, std::string what, std::string sql = {}) {
    steps.push_back({std::move(what), std::move(sql)});
}

std::string within(const std::optional<DailyWindow>& window) {
    return window ? fmt::format(", within {} of each day", throttle::window_text(*window)) : "";
}

/// What the swap is told to wait for.
void add_waits(const ThrottleOptions& options, std::vector<DryRunStep>& steps) {
    if (options.postpone_cutover) {
        add_step(steps, "the swap waits for doppel cutover (--postpone-cutover)");
    } else if (!options.postpone_file.empty()) {
        add_step(
            steps,
            fmt::format(
                "the swap waits while there is a file {}, or for doppel cutover",
                options.postpone_file
            )
        );
    }
    if (options.cutover_window) {
        add_step(
            steps,
            fmt::format(
                "the swap waits for its --cutover-window, {}",
                throttle::window_text(*options.cutover_window)
            )
        );
    }
}

}  // namespace

std::vector<DryRunStep> steps_of(
    const DryRunReport& report,
    const plan::Plan& plan,
    const MigrationOptions& options,
    const std::string& index_statement
) {
    std::vector<DryRunStep> steps;
    const TableName& table = plan.source;
    const auto sibling = [&](const std::string& name) { return TableName{table.schema, name}; };
    const std::string& method = report.decision.method;
    if (method.empty()) {
        return steps;
    }
    if (plan.try_native) {
        add_step(
            steps,
            "the server's own instant change is tried",
            schema::alter_sql(table, "ALGORITHM=INSTANT", plan.statement)
        );
    }
    if (method == "inplace") {
        add_step(
            steps,
            "the server's own change of metadata is made",
            schema::alter_sql(table, "ALGORITHM=INPLACE, LOCK=NONE", plan.statement)
        );
    }
    if (method != "shadow") {
        return steps;
    }
    const TableName shadow = sibling(plan.names.shadow);
    add_step(steps, fmt::format("the state table {} is made", sibling(plan.names.state).str()));
    add_step(
        steps,
        "the shadow table is made",
        fmt::format("CREATE TABLE {} LIKE {}", shadow.quoted(), table.quoted())
    );
    add_step(
        steps,
        "and changed while it is empty",
        schema::alter_sql(shadow, "ALGORITHM=COPY", plan.statement)
    );
    std::vector<std::string> from;
    std::vector<std::string> to;
    for (const DryRunColumn& column : report.columns) {
        if (!column.source.empty() && !column.target.empty()) {
            from.push_back(column.source);
            to.push_back(column.target);
        }
    }
    add_step(
        steps,
        fmt::format(
            "rows are copied along the key `{}`{}, while the binary log is followed; changed rows "
            "are deleted and read anew",
            report.key,
            within(options.throttle.window)
        ),
        to.empty() ? std::string()
                   : fmt::format(
                         "INSERT INTO {} ({}) SELECT {} FROM {} FORCE INDEX ({}) WHERE ..",
                         shadow.quoted(),
                         mysql::quote_identifiers(to),
                         mysql::quote_identifiers(from),
                         table.quoted(),
                         mysql::quote_identifier(report.key)
                     )
    );
    if (!index_statement.empty()) {
        add_step(steps, "indexes that were left out are built at once", index_statement);
    }
    if (options.verify) {
        add_step(steps, "every row is compared with its copy, behind the copy");
    }
    add_waits(options.throttle, steps);
    add_step(
        steps,
        "the tables are locked, the last changes come over, and they are swapped",
        fmt::format(
            "RENAME TABLE {} TO {}, {} TO {}",
            table.quoted(),
            sibling(plan.names.old_table).quoted(),
            shadow.quoted(),
            table.quoted()
        )
    );
    add_step(
        steps,
        options.drop_old ? "the former table and the state table are dropped"
                         : fmt::format(
                               "the state table is dropped; the former table stays as {}",
                               sibling(plan.names.old_table).str()
                           )
    );
    return steps;
}

std::vector<std::string> advice_on(
    const DryRunReport& report, const plan::Plan& plan, const Surroundings& around
) {
    std::vector<std::string> advice;
    advise_on_clauses(report, plan, advice);
    advise_on_indexes(report, advice);
    advise_on_load(report, around, advice);
    if (!report.fit.misfits.empty()) {
        advice.emplace_back(
            "mend the rows that do not fit before the run: it would end with exit code 5 when it "
            "meets them, with the table untouched"
        );
    }
    return advice;
}

}  // namespace doppel::dry_run
