// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "doppel/log.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/gate.hpp"
#include "replay/batch_turn.hpp"
#include "replay/judge.hpp"
#include "sql/async_session.hpp"
#include "sql/conflict_count.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace doppel::replay {

struct ReplayContext {
    const mysql::TablePair& tables;
    const misfit::NewSchema& schema;
    protocol::Coordinator& coordinator;
    async::Event& changed;
    protocol::Gate& gate;  ///< asked before each batch
    Logger logger;
    std::chrono::milliseconds reconnect_limit;
    /// Returns when the feed has delivered everything that was committed before the call.
    std::function<async::awaitable<void>()> pass_fence;
    const bool& stopping;
};

/// Writes of a replay session's own row in the state table, in the binlog each time they are run;
/// as part of every batch they make the batch a fence.
struct ReplayMarks {
    std::string rows_missing;  ///< notes that rows were deleted alone, and are not inserted yet
    std::string rows_there;    ///< notes that this is not so any more
};

/// Reconciles batches as the coordinator gives them out.
///
/// A duplicate on a unique index of the shadow usually means that another row there is stale: the
/// value moved, and the other row's key is pending or its event on the way. Then the deletes are
/// committed without the inserts of the refused keys, which wait for another turn: rows that are
/// missing for a while cannot stand in anybody's way, so any cycle of moved values resolves itself.
/// Whether a key that is refused, for a duplicate or another reason, violates the new schema is for
/// the Judge to say.
class Replayer final {
public:
    Replayer(ReplayContext context, sql::AsyncSession& session, ReplayMarks marks);

    /// Runs until `stopping` or `pause`.
    async::awaitable<void> run();

    /// No new batch is begun; returns when the one under way has ended.
    async::awaitable<void> pause();
    void resume();

    /// Reconciles all that is pending and may be, on `session`, which holds the tables under LOCK
    /// TABLES .. WRITE: statement by statement, since a transaction's start would release the
    /// locks. False when something is left, as it was refused; requires `pause`.
    async::awaitable<bool> drain_locked(
        sql::AsyncSession& session, std::chrono::steady_clock::time_point deadline
    );

    /// No key is refused at present.
    [[nodiscard]] bool settled() const { return judge_.contest().empty(); }
    /// Requires `!settled()`: Error(data_misfit) that tells of a refused key.
    [[nodiscard]] Error refusal() const { return judge_.futile(); }

private:
    async::awaitable<void> reconcile(protocol::Batch batch);
    void settle(const std::vector<mysql::Key>& keys);
    /// Hands the batch back; true when none of its keys was reconciled though it was tried.
    bool finish(const protocol::Batch& batch, const BatchTurn& turn);
    async::awaitable<std::optional<Error>> attempt(const protocol::Batch& batch, bool insert);
    async::awaitable<std::optional<Error>> attempt_locked(
        sql::AsyncSession& session, const protocol::Batch& batch
    );
    /// Lost connections and conflicts, after which the keys are to be tried again. Throws all else.
    async::awaitable<void> get_over(const Error& error);
    async::awaitable<void> look();
    void run_transaction(sql::Session& session, const protocol::Batch& batch, bool insert) const;
    /// The mark for a transaction after which the rows of `keys` are there, or not.
    [[nodiscard]] const std::string& mark(const std::vector<mysql::Key>& keys, bool there) const;
    void note_missing(const std::vector<mysql::Key>& keys);
    void complete_locked(protocol::Batch batch);
    std::optional<protocol::Batch> next_locked(std::vector<protocol::Batch>& waiting);
    /// Tries what was refused before and what else there is; true if it is worth another turn.
    async::awaitable<bool> turn_locked(
        sql::AsyncSession& session,
        std::chrono::steady_clock::time_point deadline,
        std::vector<protocol::Batch>& refused
    );
    void give_back(const std::vector<protocol::Batch>& batches);

    ReplayContext context_;
    sql::ConflictCount conflicts_;
    sql::AsyncSession& session_;
    ReplayMarks marks_;
    std::set<mysql::Key> missing_;  ///< deleted alone, or so it may be, and not inserted again
    Judge judge_;
    bool paused_ = false;
    bool busy_ = false;
};

}  // namespace doppel::replay
