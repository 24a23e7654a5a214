// SPDX-License-Identifier: Apache-2.0
#include "dry_run/executor.hpp"

#include "base/fault_point.hpp"
#include "dry_run/definitions.hpp"
#include "dry_run/helpers.hpp"
#include "dry_run/table_lock.hpp"
#include "index/deferred_indexes.hpp"
#include "migration/auxiliary_names.hpp"
#include "migration/index_choice.hpp"
#include "migration/verification.hpp"
#include "native/native.hpp"
#include "plan/checks.hpp"
#include "plan/shadow_checks.hpp"
#include "shadow/check_names.hpp"
#include "sql/primary.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using Level = DryRunCheck::Level;

/// MySQL manual, "Online DDL Operations": total row versions of a table.
constexpr unsigned kRowVersionsMax = 64;

bool only_read_only(const std::vector<Finding>& findings) {
    return std::all_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.level != Finding::Level::refusal || finding.id == "read-only" ||
               finding.id == "missing-privileges";
    });
}

using Checks = std::vector<shadow::WrittenCheck>;

/// The names of `after`, which has the same constraints, for those of `before`.
std::vector<shadow::CheckRename> pair_up(const Checks& before, Checks after) {
    std::vector<shadow::CheckRename> renames;
    for (const shadow::WrittenCheck& check : before) {
        const auto same = std::find_if(after.begin(), after.end(), [&](const auto& other) {
            return other.definition == check.definition;
        });
        if (same != after.end()) {
            renames.push_back({check.name, same->name, false});
            after.erase(same);
        }
    }
    return renames;
}

const char* method_name(native::Method method) {
    switch (method) {
        case native::Method::instant:
            return "instant";
        case native::Method::inplace:
            return "inplace";
        default:
            return "shadow";
    }
}

const char* depth_name(DryRunOptions::Depth depth) {
    switch (depth) {
        case DryRunOptions::Depth::offline:
            return "offline";
        case DryRunOptions::Depth::full:
            return "full";
        case DryRunOptions::Depth::sample:
            break;
    }
    return "sample";
}

}  // namespace

Executor::Executor(
    std::string text,
    migration::AlterRequest request,
    ConnectionOptions connection,
    const MigrationOptions& migration,
    const DryRunOptions& options,
    const Logger& logger
)
    : text_(std::move(text)),
      request_(std::move(request)),
      connection_(std::move(connection)),
      migration_(migration),
      options_(options),
      logger_(logger) {}

DryRunReport Executor::run() {
    connect();
    try {
        return look();
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted || error.code() == Errc::stopped) {
            throw;
        }
        const auto lock = as_table_lock(*session_, request_.table, error);
        if (lock) {
            throw Error(*lock);
        }
        throw;
    }
}

DryRunReport Executor::look() {
    read_plan();
    around_ = look_around(
        *session_,
        connection_,
        plan_->facts,
        migration_,
        text_,
        *activity_,
        StopSignals::require_running
    );
    report_.replicas = around_.replicas;
    if (around_.earlier.kind == migration::Verdict::Kind::resume) {
        plan_->try_native = false;  // it goes on with its copy
    }
    const bool has_table = can_be_looked_at();
    if (has_table) {
        decide();
    }
    judge();
    if (has_table) {
        look_at_rows();
        estimate();
    }
    report_.steps =
        steps_of(report_, *plan_, migration_, target_ ? target_->late_build : std::string());
    report_.advice = advice_on(report_, *plan_, around_);
    if (workshop_) {
        workshop_->remove_all();
    }
    return std::move(report_);
}

bool Executor::can_be_looked_at() const {
    return plan_->facts.source && !plan_->facts.source->is_view &&
           only_read_only(plan_->before_native) && !plan_->facts.server.version.is_mariadb() &&
           !around_.made_before;
}

void Executor::connect() {
    try {
        connection_ = sql::find_primary(connection_);
    } catch (const Error& error) {
        no_primary_ = error;
        connection_ = sql::find_primary_or_any(connection_);
    }
    connection_.read_timeout = migration_.silence_limit;
    sql::SessionSettings settings;
    settings.program_name = "doppel dry run";
    settings.statement_timeout = migration_.silence_limit;
    settings.activity = activity_;
    settings.statements = {
        "SET SESSION lock_wait_timeout = 2",
        fmt::format("SET SESSION max_execution_time = {}", options_.statement_limit.count())};
    session_ = sql::connect(connection_, settings);
}

void Executor::read_plan() {
    plan::Facts facts =
        plan::read_facts(*session_, request_.table, migration::auxiliary_names(request_.table));
    facts.copy_sessions = migration_.threads;
    plan_ = plan::make_plan(std::move(facts), request_.statement, migration_);
    request_.table = plan_->source;
    plan_->names = migration::auxiliary_names(plan_->source);
    report_.table = plan_->source.str();
    report_.server = plan_->facts.server.version.str();
    report_.at_replica = plan_->facts.server.read_only || plan_->facts.server.super_read_only;
    report_.depth = depth_name(options_.depth);
    report_.statement =
        "ALTER TABLE " + plan_->source.quoted() + " " + request_.statement.clauses_text;
}

std::string Executor::open_workshop() {
    if (options_.depth == DryRunOptions::Depth::offline) {
        return "--dry-run=offline makes no table";
    }
    if (report_.at_replica) {
        return "the server is read-only";
    }
    workshop_ = std::make_unique<Workshop>(connection_, logger_, plan_->source);
    return workshop_->open();
}

void Executor::decide() {
    const std::string why_not = open_workshop();
    if (!why_not.empty()) {
        decide_by_guess(why_not);
        return;
    }
    // CREATE TABLE .. LIKE leaves foreign keys out, so the clone could not drop them.
    if (!plan_->facts.source->foreign_keys.empty() &&
        (request_.statement.has(statement::ClauseKind::drop_foreign_key) ||
         request_.statement.has(statement::ClauseKind::drop_constraint))) {
        decide_by_guess("a clone has no foreign keys that could be dropped");
        return;
    }
    scratch_ = true;
    try {
        decide_on_clone();
        make_target();
    } catch (const Error& error) {
        const bool denied = error.code() == Errc::refused ||
                            (error.code() == Errc::failed && error.server_errno() != 0);
        if (!denied || target_) {
            throw;
        }
        workshop_->remove_all();
        scratch_ = false;
        decide_by_guess(fmt::format("no scratch table could be made: {}", error.what()));
    }
}

std::string Executor::why_copied() const {
    return around_.earlier.kind == migration::Verdict::Kind::resume
               ? "an earlier run has begun the copy"
               : "--no-native";
}

void Executor::decide_by_guess(const std::string& why) {
    const schema::TableDefinition& source = *plan_->facts.source;
    report_.decision = guess(source, request_.statement, plan_->facts.server.version);
    if (!plan_->try_native) {
        report_.decision = {"shadow", true, why_copied()};
    }
    native_ = report_.decision.method != "shadow";
    report_.depth = "offline";
    report_.notes.push_back(fmt::format(
        "the server was not asked with an empty clone ({}). So it is not known whether it accepts "
        "the statement, whether it can make the change itself, what the new definition is, and "
        "whether the rows fit it; sizes and times are those of a copy of the table as it is",
        why
    ));
    assume_unchanged();
}

statement::AlterStatement Executor::statement_for_clone() {
    statement::AlterStatement statement = request_.statement;
    const auto before = shadow::written_checks(plan_->facts.source->create_text);
    if (before.empty()) {
        return statement;
    }
    const auto shown =
        workshop_->session().query("SHOW CREATE TABLE " + workshop_->quiet().quoted());
    const auto renames =
        pair_up(before, shadow::written_checks(shown.rows.at(0).at(1).value_or("")));
    auto text = shadow::rename_in_clauses(statement.clauses_text, renames);
    if (text) {
        statement.clauses_text = *std::move(text);
    }
    return statement;
}

void Executor::decide_on_clone() {
    if (!plan_->try_native) {
        report_.decision = {"shadow", true, why_copied()};
        return;
    }
    const native::Outcome outcome = try_on_clone();
    native_ = outcome.method != native::Method::not_possible;
    report_.decision.method = method_name(outcome.method);
    report_.decision.certain = true;
    report_.decision.reason =
        native_ ? "an empty clone of the table was changed so" : outcome.reason;
    if (outcome.method == native::Method::instant &&
        around_.row_versions.value_or(0) >= kRowVersionsMax) {
        native_ = false;
        report_.decision = {
            "shadow", false, "the table has had as many INSTANT changes as the server allows"};
    }
}

native::Outcome Executor::try_on_clone() {
    workshop_->clone();
    schema::TableDefinition clone = *plan_->facts.source;
    clone.name = workshop_->quiet();
    native::Options options;
    options.attempts = 1;
    native::Environment environment;
    environment.connect = []() -> std::unique_ptr<sql::Session> {
        throw Error(Errc::interrupted, "the connection was lost; nothing was changed");
    };
    environment.pause = [](std::chrono::milliseconds) { return !StopSignals::requested(); };
    environment.logger = logger_;
    native::Outcome outcome = native::attempt(
        workshop_->session(),
        clone,
        statement_for_clone(),
        plan_->facts.server.version,
        options,
        environment
    );
    workshop_->drop_quiet();
    workshop_->session().execute("SET SESSION lock_wait_timeout = 2");
    return outcome;
}

void Executor::assume_unchanged() {
    Target target;
    target.shadow.definition = *plan_->facts.source;
    for (const schema::Column& column : plan_->facts.source->columns) {
        if (!column.is_generated()) {
            target.columns.pairs.push_back({column.name, column.name});
        }
    }
    target_ = std::move(target);
    choose_key();
    choose_late_indexes();
}

void Executor::make_target() {
    make_scratch_shadow();
    describe_target();
    choose_key();
    if (!native_) {
        judge_comparison();
        judge_numbers_for_null();
    }
    choose_late_indexes();
    for (std::string& difference : target_->shadow.differences) {
        report_.notes.push_back(std::move(difference));
    }
}

void Executor::make_scratch_shadow() {
    const schema::TableDefinition& source = *plan_->facts.source;
    Target target;
    workshop_->make(false, [&] {
        target.shadow = shadow::create(
            workshop_->session(),
            source,
            workshop_->quiet(),
            request_.statement,
            plan_->facts.server.version
        );
    });
    workshop_->mark(workshop_->session(), workshop_->quiet());
    base::fault_point("dry_run.made");
    auto columns = schema::map_columns(
        source, target.shadow.definition, request_.statement, plan_->facts.server.sql_mode
    );
    if (!columns) {
        throw Error(Errc::usage, columns.failure().message);
    }
    target.columns = *std::move(columns);
    target_ = std::move(target);
}

void Executor::judge_numbers_for_null() {
    const auto unnumbered =
        plan::numbers_for_null(plan_->facts, target_->shadow.definition, target_->columns);
    if (unnumbered) {
        add_finding("numbers-for-null", *unnumbered);
    }
}

mysql::TablePair Executor::tables_of(const schema::KeyChoice& key) const {
    return mysql::TablePair{
        plan_->source,
        target_->shadow.definition.name,
        {plan_->source.schema, plan_->names.state},
        key.index,
        key.shape,
        key.source_key,
        key.shadow_key,
        target_->columns.source_list(),
        target_->columns.shadow_list()};
}

void Executor::choose_key() {
    auto decision = plan::choose_key(plan_->facts, target_->shadow.definition, target_->columns);
    if (!decision.choice) {
        if (!native_) {
            add_finding("shared-key", plan::no_shared_key(plan_->source, decision.rejected));
        }
        return;
    }
    const schema::KeyChoice& key = *decision.choice;
    target_->tables = tables_of(key);
    report_.key = key.index;
    for (const mysql::KeyColumn& column : key.shape.columns()) {
        report_.key_columns.push_back(column.name);
    }
    if (scratch_ && !native_) {
        note_check(
            {"shared-key",
             "shared-key",
             Level::ok,
             fmt::format("the present and the new table share the key `{}`", key.index),
             {},
             true}
        );
    }
    target_->key = std::move(decision.choice);
}

void Executor::judge_comparison() {
    if (!migration_.verify || !target_->key) {
        return;
    }
    auto plan = migration::plan_comparison(
        plan_->facts, target_->shadow.definition, target_->columns, *target_->key, *target_->tables
    );
    if (plan.refusal) {
        add_finding("comparable", *plan.refusal);
        return;
    }
    subject_ = std::move(plan.subject);
    target_->converts = subject_->converts();
    note_check(
        {"comparable", "comparable", Level::ok, "every row can be compared with its copy", {}, true}
    );
}

void Executor::choose_late_indexes() {
    const schema::TableDefinition& definition = target_->shadow.definition;
    std::vector<std::string> names = index::deferrable(definition);
    if (target_->key) {
        std::erase(names, target_->key->shadow_index);
    }
    const std::uint64_t rows = plan_->facts.source->rows_estimated;
    const bool replicas = around_.has_replicas || migration::names_replicas(migration_.throttle);
    if (migration::builds_late(migration_.index_build, rows, replicas) && !names.empty() &&
        !native_) {
        const auto hold_up = migration::hold_up_by_build(rows, names.size(), migration_.throttle);
        if (replicas && hold_up) {
            note_check(
                {"index-build",
                 "holds-up-replicas",
                 Level::warning,
                 *hold_up,
                 migration::kHoldUpHint,
                 true}
            );
        }
        build_late(std::move(names));
    }
    report_.indexes = describe_indexes(*plan_->facts.source, definition, target_->late);
}

void Executor::build_late(std::vector<std::string> names) {
    const schema::TableDefinition& definition = target_->shadow.definition;
    target_->late_drop = index::drop_statement(definition.name, names);
    target_->late_build = index::build_statement(
        {plan_->source.schema, plan_->names.shadow}, definition.create_text, names
    );
    target_->late = std::move(names);
}

}  // namespace doppel::dry_run
