// SPDX-License-Identifier: Apache-2.0
//
// What was looked at, in the order of a run.
#include "checkpoint/record.hpp"
#include "dry_run/executor.hpp"
#include "migration/earlier_run.hpp"
#include "migration/source_guard.hpp"
#include "plan/checks.hpp"
#include "sql/server_identity.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using Level = DryRunCheck::Level;

/// What is about the server, not the table, is judged at a replica though the run would not be
/// there.
constexpr const char* kServerChecks[] = {
    "server-writable",
    "binlog",
    "commit-order",
    "binlog-filters",
    "privileges-native",
    "privileges-copy",
    "disk-space",
    "load-variables",
    "binlog-connection"};

/// What the server makes itself does not wait for these.
bool is_of_copy(const std::string& name) {
    return name == "copy-orders" || name == "swap-orders" || name == "prepared-xa" ||
           name == "binlog-connection";
}

bool is_of_server(const std::string& name) {
    return std::any_of(std::begin(kServerChecks), std::end(kServerChecks), [&](const char* check) {
        return name == check;
    });
}

}  // namespace

void Executor::note_check(DryRunCheck check) {
    if (check.level == Level::refusal && report_.at_replica && is_of_server(check.name)) {
        check.level = Level::warning;
        check.message += "; that is so of this server, and the run goes to the primary";
    }
    report_.checks.push_back(std::move(check));
}

void Executor::add_finding(const std::string& name, const Finding& finding) {
    const bool refusal = finding.level == Finding::Level::refusal;
    note_check(
        {name,
         finding.id,
         refusal ? Level::refusal : Level::warning,
         finding.message,
         finding.hint,
         true}
    );
}

bool Executor::is_cleared(const std::string& finding) const {
    const migration::Verdict& earlier = around_.earlier;
    return around_.made_before ||
           (finding == "old-table-exists" && earlier.kind == migration::Verdict::Kind::finish &&
            earlier.run->record.drop_old && earlier.run->old_table_is_source);
}

void Executor::note_findings(const std::vector<plan::Judged>& all, bool of_copy) {
    for (const plan::Judged& judged : all) {
        if (judged.findings.empty()) {
            note_check({judged.name, judged.name, Level::ok, judged.passed, {}, true});
        }
        for (const Finding& finding : judged.findings) {
            add_finding(judged.name, finding);
            report_.checks.back().applies = (!of_copy || !native_) && !is_cleared(finding.id);
        }
    }
}

void Executor::judge() {
    // Those of the shadow were found first; the order is that of a run.
    std::vector<DryRunCheck> of_shadow = std::move(report_.checks);
    report_.checks.clear();
    judge_hosts();
    note_findings(plan::judge_before_native(plan_->facts, request_.statement), false);
    if (!plan::refused(plan_->before_native) || report_.at_replica) {
        note_findings(plan::judge_before_copy(plan_->facts, request_.statement), true);
    }
    std::move(of_shadow.begin(), of_shadow.end(), std::back_inserter(report_.checks));
    judge_same_settings();
    for (DryRunCheck& check : judge_surroundings(around_, plan_->facts, migration_)) {
        check.applies = !native_ || !is_of_copy(check.name);
        note_check(std::move(check));
    }
    if (report_.at_replica) {
        report_.notes.push_back(fmt::format(
            "this server is read-only{}: what is told of rows, sizes and speed is so here; load, "
            "locks, replicas and the binary log are the primary's, and a run goes there",
            around_.received.source ? " and a replica of " + around_.received.source->address : ""
        ));
    }
}

void Executor::judge_hosts() {
    if (!no_primary_) {
        return;
    }
    const bool refused = no_primary_->code() == Errc::refused;
    note_check(
        {"hosts",
         refused ? "several-primaries" : "no-primary",
         refused ? Level::refusal : Level::warning,
         no_primary_->what(),
         refused ? "" : "the run goes to one that takes writes, and ends where there is none",
         true}
    );
}

void Executor::judge_same_settings() {
    if (around_.earlier.kind != migration::Verdict::Kind::resume || report_.at_replica ||
        refused_now() || !target_ || !target_->key) {
        return;
    }
    checkpoint::Record now;
    // Of a new definition that is only guessed nothing is known.
    now.key_index = scratch_ ? target_->key->index : around_.earlier.run->record.key_index;
    std::optional<Finding> problem;
    try {
        migration::SourceGuard guard(*plan_->facts.source, plan_->facts.server.version);
        guard.note(*session_);
        now.settings = guard.settings();
        now.order_set_at = guard.order_set_at();
        problem =
            migration::settings_problem(*around_.earlier.run, now, sql::read_identity(*session_));
    } catch (const Error& error) {
        if (error.code() != Errc::refused) {
            throw;
        }
        problem = Finding{"earlier-run", Finding::Level::refusal, error.what(), {}};
    }
    if (problem) {
        around_.earlier.kind = migration::Verdict::Kind::refuse;
        around_.earlier.finding = std::move(problem);
    }
}

bool Executor::refused_now() const {
    return std::any_of(report_.checks.begin(), report_.checks.end(), [](const DryRunCheck& check) {
        return check.level == Level::refusal && check.applies;
    });
}

}  // namespace doppel::dry_run
