// SPDX-License-Identifier: Apache-2.0
#include "migration/verification.hpp"

#include "plan/checks.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace doppel::migration {
namespace {

constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kCompareTime{100};

verify::VerifierLimits limits_of(const MigrationOptions& options) {
    verify::VerifierLimits limits;
    limits.rows_max = options.chunk_rows_max;
    // The copy has longer ones while nobody else uses the server; the comparison does not look.
    limits.time_target = std::min(options.chunk_time_target, kCompareTime);
    limits.reconnect_limit = options.reconnect_limit;
    return limits;
}

std::vector<std::string> converted_columns(const verify::Subject& subject) {
    std::vector<std::string> names;
    for (const verify::ComparedColumn& column : subject.columns) {
        if (column.comparison.converted) {
            names.push_back(column.source);
        }
    }
    return names;
}

}  // namespace

ComparisonPlan plan_comparison(
    const plan::Facts& facts,
    const schema::TableDefinition& shadow,
    const schema::ColumnMap& columns,
    const schema::KeyChoice& key,
    const mysql::TablePair& tables
) {
    ComparisonPlan result;
    auto subject =
        verify::make_subject(tables, key.shadow_index, *facts.source, shadow, columns.pairs);
    if (!subject) {
        result.refusal = plan::not_verifiable(tables.source, subject.failure().message);
    } else if (subject->converts() &&
               !facts.privileges.has_on_schema("CREATE TEMPORARY TABLES", tables.source.schema)) {
        result.refusal = plan::no_temporary_tables(facts, converted_columns(*subject));
    } else {
        result.subject = std::move(subject).value();
    }
    return result;
}

Verification::Verification(
    const std::optional<verify::Subject>& subject,
    const MigrationOptions& options,
    SessionFactory& sessions,
    Observer& observer,
    const Logger& logger,
    VerificationHooks hooks
)
    : changed_(hooks.changed), stopping_(hooks.stopping) {
    if (!subject) {
        return;
    }
    session_ = sessions.verifier();
    verify::VerifierContext context{
        *subject,
        hooks.coordinator,
        hooks.changed,
        touched_,
        logger,
        limits_of(options),
        std::move(hooks.pass_fence),
        std::move(hooks.catch_up),
        [&observer](const Differences& differences) { observer.on_event(differences); },
        hooks.stopping,
        &hooks.gate};
    verifier_.emplace(std::move(context), *session_);
}

void Verification::spawn(async::TaskGroup& tasks) {
    if (verifier_) {
        tasks.spawn(verifier_->run());
    }
}

async::awaitable<void> Verification::finish() {
    while (verifier_ && !verifier_->finished() && !stopping_) {
        co_await changed_.wait(kLook);
    }
}

async::awaitable<bool> Verification::settle_locked(sql::AsyncSession& session) {
    if (!verifier_) {
        co_return true;
    }
    co_return co_await verifier_->settle_locked(session);
}

void Verification::add_to(Progress& progress) const {
    if (verifier_) {
        progress.rows_verified = verifier_->rows();
        progress.differences = verifier_->differences();
        progress.repairs = verifier_->repairs();
    }
}

}  // namespace doppel::migration
