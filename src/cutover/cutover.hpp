// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/asio.hpp"
#include "doppel/log.hpp"
#include "mysql/table_pair.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace doppel::cutover {

struct CutoverOptions {
    std::chrono::milliseconds lock_wait_timeout{1'000};
    /// How long the application may wait for the lock to be given back: drain and rename included.
    std::chrono::milliseconds lock_limit{3'000};
    std::chrono::milliseconds reconnect_limit{300'000};
};

/// What the cut-over needs from the rest of the migration. All are called on the io thread.
struct CutoverHooks {
    /// No reconcile transaction runs or begins from when this returns until `resume`: its locks on
    /// the shadow would keep LOCK TABLES waiting.
    std::function<async::awaitable<void>()> pause;
    /// The attempt came to nothing: replay goes on, and so does the feed if it was held.
    std::function<void()> resume;
    /// The lock is held, so every transaction on the source has committed and is visible: lets the
    /// feed deliver all of them and reconciles what is pending on `session`. False: not done by the
    /// deadline.
    std::function<async::awaitable<bool>(
        sql::AsyncSession& session, std::chrono::steady_clock::time_point deadline
    )>
        drain;
    /// Shadow and source are equal and locked: last changes to the shadow's metadata.
    std::function<void(sql::Session& session)> finish_shadow;
    /// From here on no event is delivered: those of the new table would be taken for the source's.
    std::function<void()> hold_feed;
};

struct Attempt {
    enum class Result {
        done,
        lock_timeout,  ///< somebody holds the table; nothing happened
        not_drained,   ///< the rest was too much for the time limit; nothing happened
        lost,          ///< the connection was lost before the RENAME; nothing happened
    };
    Result result = Result::lock_timeout;
    std::string reason;
    std::chrono::microseconds locked{0};  ///< how long the lock was held
};

/// Swaps the tables: LOCK TABLES, drain, RENAME, all on one connection, so that losing the
/// connection at any step leaves either the old table in place or the new one. MySQL allows RENAME
/// of tables under LOCK TABLES .. WRITE since 8.0.13 (manual, "RENAME TABLE Statement").
///
///     calm -> lock -> drain -> finish shadow -> hold feed -> rename -> unlock
///               '--------'------- any failure: unlock, nothing happened
class Cutover final {
public:
    Cutover(
        const mysql::TablePair& tables,
        mysql::TableName old_table,
        CutoverOptions options,
        CutoverHooks hooks,
        sql::AsyncSession& session,
        Logger logger
    );

    /// One attempt. Throws Error(interrupted) when the server stays away, and Error(failed) when it
    /// refuses; then `fate` tells whether the tables were swapped.
    async::awaitable<Attempt> attempt();

    enum class Fate { not_swapped, swapped, unknown };
    [[nodiscard]] Fate fate() const noexcept { return fate_; }

private:
    enum class Lock { granted, timeout, lost };

    async::awaitable<void> limit_waits();
    async::awaitable<Lock> lock();
    async::awaitable<Attempt> swap_locked();
    async::awaitable<void> rename();
    async::awaitable<void> unlock();
    /// The RENAME failed, or its answer was lost with the connection: looks, after connecting again
    /// if need be. True when it took effect.
    async::awaitable<bool> look(bool lost);

    const mysql::TablePair& tables_;
    mysql::TableName old_table_;
    CutoverOptions options_;
    CutoverHooks hooks_;
    sql::AsyncSession& session_;
    Logger logger_;
    Fate fate_ = Fate::not_swapped;
};

}  // namespace doppel::cutover
