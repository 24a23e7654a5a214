// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/task_group.hpp"
#include "replay/batch_turn.hpp"
#include "replay/batch_writer.hpp"
#include "replay/helper.hpp"
#include "replay/judge.hpp"
#include "replay/replay_context.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace doppel::replay {

/// Reconciles batches as the coordinator gives them out.
///
/// A duplicate on a unique index of the shadow usually means that another row there is stale: the
/// value moved, and the other row's key is pending or its event on the way. Then the deletes are
/// committed without the inserts of the refused keys, which wait for another turn: rows that are
/// missing for a while cannot stand in anybody's way, so any cycle of moved values resolves itself.
/// Whether a key that is refused, for a duplicate or another reason, violates the new schema is for
/// the Judge to say.
///
/// All this happens on one session, the lead's. Others help while nothing is refused and the
/// Balance wants them to. No two batches have a key in common, so it makes no difference who
/// reconciles which; a batch of a helper's that is refused goes to the lead.
class Replayer final {
public:
    /// The first of `sessions` is the lead's, which must be open; the others are opened when they
    /// are needed. A mark for each.
    Replayer(
        ReplayContext context,
        const std::vector<std::unique_ptr<sql::AsyncSession>>& sessions,
        const std::vector<ReplayMarks>& marks
    );
    Replayer(const Replayer&) = delete;
    Replayer& operator=(const Replayer&) = delete;

    /// Runs in tasks of `tasks`, until `stopping`.
    void spawn(async::TaskGroup& tasks);

    /// No new batch is begun; returns when those under way have ended.
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
    async::awaitable<void> lead();
    /// The one place where batches are taken, the cut-over's aside. `number`: 0 is the lead.
    std::optional<protocol::Batch> take(unsigned number);
    [[nodiscard]] bool may_work(unsigned number) const;
    /// By the throttle: until who has this number may take a batch; zero: now.
    [[nodiscard]] std::chrono::milliseconds held_back(unsigned number);
    [[nodiscard]] bool busy() const;
    HelperHooks hooks(unsigned number);

    async::awaitable<void> reconcile(protocol::Batch batch);
    void settle(const std::vector<mysql::Key>& keys);
    /// Hands the batch back; true when none of its keys was reconciled though it was tried.
    bool finish(const protocol::Batch& batch, const BatchTurn& turn);
    async::awaitable<std::optional<Error>> attempt(const protocol::Batch& batch, bool insert);
    async::awaitable<std::optional<Error>> attempt_locked(
        sql::AsyncSession& session, const protocol::Batch& batch
    );
    async::awaitable<void> look();
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
    ReplayMarks marks_;             ///< the lead's, and those of the cut-over
    std::set<mysql::Key> missing_;  ///< deleted alone, or so it may be, and not inserted again
    BatchWriter writer_;            ///< on the lead's session
    Judge judge_;
    std::vector<std::unique_ptr<Helper>> helpers_;
    std::vector<protocol::Batch> handed_over_;  ///< by helpers
    bool paused_ = false;
    bool lead_busy_ = false;
};

}  // namespace doppel::replay
