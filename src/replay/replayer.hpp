// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "doppel/log.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/coordinator.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace doppel::replay {

struct ReplayContext {
    const mysql::TablePair& tables;
    protocol::Coordinator& coordinator;
    async::Event& changed;
    Logger logger;
    std::chrono::milliseconds reconnect_limit;
    /// Returns when the feed has delivered everything that was committed before the call.
    std::function<async::awaitable<void>()> pass_fence;
    const bool& stopping;
};

/// Reconciles batches as the coordinator gives them out.
///
/// A duplicate on a unique index of the shadow usually means that another row there is stale: the
/// value moved, and the other row's key is pending or its event on the way. Then only the deletes
/// are committed and the keys wait for another turn: rows that are missing for a while cannot stand
/// in anybody's way, so any cycle of moved values resolves itself. A key that still meets a
/// duplicate when the feed has passed fence after fence violates the new schema.
class Replayer final {
public:
    /// `fence_statement`: a write of this session's own row, in the binlog each time it is run; as
    /// part of every batch it makes the batch a fence.
    Replayer(ReplayContext context, sql::AsyncSession& session, std::string fence_statement);

    /// Runs until `stopping` or `pause`.
    async::awaitable<void> run();

    /// No new batch is begun; returns when the one under way has ended.
    async::awaitable<void> pause();
    void resume();

    /// Reconciles all that is pending and may be, on `session`, which holds the tables under LOCK
    /// TABLES .. WRITE: statement by statement, since a transaction's start would release the
    /// locks. False when something is left (a duplicate); requires `pause`.
    async::awaitable<bool> drain_locked(
        sql::AsyncSession& session, std::chrono::steady_clock::time_point deadline
    );

private:
    async::awaitable<void> reconcile(protocol::Batch batch);
    async::awaitable<void> recover(protocol::Batch batch, Error error);
    /// One key at a time, each in its own transaction; returns those that met a duplicate.
    async::awaitable<std::vector<mysql::Key>> reconcile_one_by_one(const protocol::Batch& batch);
    [[noreturn]] void throw_final(const Error& error) const;
    void count_duplicate(const mysql::Key& key, const Error& error);
    void run_transaction(sql::Session& session, const protocol::Batch& batch, bool insert) const;

    ReplayContext context_;
    sql::AsyncSession& session_;
    std::string fence_statement_;
    std::unordered_map<mysql::Key, unsigned> duplicates_;
    bool paused_ = false;
    bool busy_ = false;
};

}  // namespace doppel::replay
