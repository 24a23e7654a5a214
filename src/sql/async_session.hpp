// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/worker.hpp"
#include "doppel/error.hpp"
#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "sql/server_identity.hpp"
#include "sql/session.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace doppel::sql {

/// A session with a thread of its own, for coroutines. After a lost connection `reconnect` gives a
/// new one, but not before the server has ended the old one: a statement whose answer was lost may
/// still be running, and nothing of it may happen after we looked. That is what the session's own
/// GET_LOCK name is for: the server releases it when it has rolled back and cleaned up the
/// connection (sql_class.cc, THD::cleanup), and it cannot be mistaken after a restart as a
/// connection id could.
///
/// Used by one coroutine at a time.
class AsyncSession final {
public:
    /// `lock_name`: unique among all sessions of all runs on the server, at most 64 characters.
    AsyncSession(
        ConnectionOptions options, SessionSettings settings, std::string lock_name, Logger logger
    );

    async::awaitable<void> open();

    /// Runs `work(Session&)` on the session's thread. A connection that is gone throws
    /// Error(interrupted); it stays gone until `reconnect`.
    template <class Work>
    async::awaitable<std::invoke_result_t<Work, Session&>> run(Work work) {
        auto call = [this, &work] { return work(require()); };
        co_return co_await worker_.run(std::ref(call));
    }
    async::awaitable<void> execute(std::string statement);
    async::awaitable<Rows> query(std::string statement);

    /// Connects anew, trying again with back-off until `limit` has passed; then throws
    /// Error(interrupted). On return the old connection is gone from the server. Throws what
    /// require_same_history throws when the server is another one or may have lost commits.
    async::awaitable<void> reconnect(std::chrono::milliseconds limit);

    /// From now on `reconnect` throws instead of trying again: the run is ending.
    void give_up() { giving_up_ = true; }
    /// Takes `give_up` back, for looking at what happened in the end.
    void persist() { giving_up_ = false; }

    /// Drops the connection, on the session's thread.
    async::awaitable<void> close();

    /// 0 when not connected. May be read from any thread while no call runs.
    [[nodiscard]] std::uint64_t connection_id() const noexcept { return connection_id_; }

private:
    [[nodiscard]] Session& require() const;
    void connect_and_lock();

    ConnectionOptions options_;
    SessionSettings settings_;
    std::string lock_name_;
    Logger logger_;
    std::unique_ptr<Session> session_;
    std::uint64_t connection_id_ = 0;
    std::uint64_t lost_id_ = 0;                   ///< of the connection before this one
    std::optional<ServerIdentity> first_server_;  ///< of the first connection
    bool giving_up_ = false;
    async::Worker worker_;  ///< last, so that its thread ends first
};

}  // namespace doppel::sql
