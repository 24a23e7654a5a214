// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/progress.hpp"
#include "migration/sessions.hpp"
#include "plan/facts.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/gate.hpp"
#include "schema/column_map.hpp"
#include "schema/key_choice.hpp"
#include "schema/table_definition.hpp"
#include "verify/subject.hpp"
#include "verify/touched_keys.hpp"
#include "verify/verifier.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace doppel::migration {

/// What is compared of a shadow that was made, or why it cannot be.
struct ComparisonPlan {
    std::optional<verify::Subject> subject;
    std::optional<Finding> refusal;
};
[[nodiscard]] ComparisonPlan plan_comparison(
    const plan::Facts& facts,
    const schema::TableDefinition& shadow,
    const schema::ColumnMap& columns,
    const schema::KeyChoice& key,
    const mysql::TablePair& tables
);

/// What a verification needs of the run that it belongs to.
struct VerificationHooks {
    protocol::Coordinator& coordinator;
    async::Event& changed;
    protocol::Gate& gate;
    std::function<async::awaitable<void>()> pass_fence;
    std::function<async::awaitable<void>()> catch_up;
    const bool& stopping;
};

/// The verifying part of a run with a session of its own; where nothing is to be verified, nothing
/// at all.
class Verification final {
public:
    /// `subject`: nothing with --verify=off. Must outlive this.
    Verification(
        const std::optional<verify::Subject>& subject,
        const MigrationOptions& options,
        SessionFactory& sessions,
        Observer& observer,
        const Logger& logger,
        VerificationHooks hooks
    );

    [[nodiscard]] bool wanted() const { return verifier_.has_value(); }
    /// nullptr when nothing is verified.
    [[nodiscard]] sql::AsyncSession* session() const { return session_.get(); }
    /// To be told about the keys that the feed delivers and others ask for.
    [[nodiscard]] verify::TouchedKeys& touched() { return touched_; }

    void spawn(async::TaskGroup& tasks);
    /// Returns when everything is verified, or after `stopping`.
    async::awaitable<void> finish();
    /// See verify::Verifier::settle_locked.
    async::awaitable<bool> settle_locked(sql::AsyncSession& session);
    void add_to(Progress& progress) const;

private:
    async::Event& changed_;
    const bool& stopping_;
    verify::TouchedKeys touched_;
    std::unique_ptr<sql::AsyncSession> session_;
    std::optional<verify::Verifier> verifier_;
};

}  // namespace doppel::migration
