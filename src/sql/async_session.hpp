// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/worker.hpp"
#include "doppel/error.hpp"
#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "sql/server_identity.hpp"
#include "sql/session.hpp"
#include "sql/silence.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace doppel::sql {

/// A session with a thread of its own, for coroutines. After a lost connection `reconnect` gives a
/// new one, but not before the server has ended the old one: a statement whose answer was lost may
/// still be running, and nothing of it may happen after we looked. That is what the session's own
/// GET_LOCK name is for: the server releases it when it has rolled back and cleaned up the
/// connection (sql_class.cc, THD::cleanup), and it cannot be mistaken after a restart as a
/// connection id could.
///
/// A connection on which the server says nothing for `SessionSettings::statement_timeout` counts as
/// lost. Where it turns out that the server was at work on a statement, the limit is doubled for
/// the connections that follow, so that a statement that takes long is not begun for ever. With
/// `SessionSettings::leave_at_work` it is not ended but waited for: what becomes of an index build
/// can be seen, and its connection need not be trusted for hours.
///
/// Used by one coroutine at a time.
class AsyncSession final {
public:
    /// `lock_name`: unique among all sessions of all runs on the server, at most 64 characters.
    /// `silence`: shared with the other sessions of the run; null: none are known.
    AsyncSession(
        ConnectionOptions options,
        SessionSettings settings,
        std::string lock_name,
        Logger logger,
        std::shared_ptr<Silence> silence = nullptr
    );

    async::awaitable<void> open();

    /// Runs `work(Session&)` on the session's thread. A connection that is gone throws
    /// Error(interrupted); it stays gone until `reconnect`.
    template <class Work>
    async::awaitable<std::invoke_result_t<Work, Session&>> run(Work work) {
        auto call = [this, &work] { return perform(work); };
        co_return co_await worker_.run(std::ref(call));
    }
    /// The same for work that may be done twice, also where it was begun: when the connection is
    /// lost it is done again over another one. Throws Error(interrupted) when it is lost again
    /// and again for `limit` from the first time on, and what `reconnect` throws.
    template <class Work>
    async::awaitable<std::invoke_result_t<Work&, Session&>> run_surely(
        Work work, std::chrono::milliseconds limit
    ) {
        std::optional<std::chrono::steady_clock::time_point> first_loss;
        while (true) {
            try {
                co_return co_await run(std::ref(work));
            } catch (const Error& error) {
                const auto now = std::chrono::steady_clock::now();
                first_loss = first_loss.value_or(now);
                if (error.code() != Errc::interrupted || giving_up_ || now > *first_loss + limit) {
                    throw;
                }
                logger_.warning("the connection was lost: {}", error.what());
            }
            const unsigned found = found_at_work_;
            co_await reconnect(limit);
            if (found != found_at_work_) {
                first_loss.reset();  // it was at work, and is done or has more time for it now
            }
        }
    }
    async::awaitable<void> execute(std::string statement);
    async::awaitable<Rows> query(std::string statement);
    async::awaitable<Rows> query_surely(std::string statement, std::chrono::milliseconds limit);

    /// Connects anew, trying again with back-off until `limit` has passed; then throws
    /// Error(interrupted), also where the server refuses us. On return the old connection is gone
    /// from the server. A statement that is left at work is waited for, however long it takes; the
    /// limit counts from the last time it was seen. Throws what
    /// require_same_history throws when the server is another one or may have lost commits.
    async::awaitable<void> reconnect(std::chrono::milliseconds limit);

    /// Throws what require_same_history throws when `other` is connected to another server than
    /// this session was.
    void require_same_server(Session& other) const;

    /// From now on `reconnect` throws instead of trying again: the run is ending.
    void give_up() { giving_up_ = true; }
    /// Takes `give_up` back, for looking at what happened in the end.
    void persist() { giving_up_ = false; }

    /// Drops the connection, on the session's thread.
    async::awaitable<void> close();

    /// Within `run`: ends this session's connection, which was lost, `over` another one. On return
    /// the server has ended it; throws Error(interrupted) when that takes too long.
    void end_connection(Session& over);

    /// 0 when not connected. May be read from any thread while no call runs.
    [[nodiscard]] std::uint64_t connection_id() const noexcept { return connection_id_; }
    /// Within `run` of another session: ends the statement that this one has at work, if any, also
    /// the one that `reconnect` waits for; connections stay. From any thread.
    void interrupt(Session& over) const;
    /// How often a statement turned out to be at work when its connection had been given up.
    [[nodiscard]] unsigned found_at_work() const noexcept { return found_at_work_; }

private:
    /// On the session's thread.
    template <class Work>
    std::invoke_result_t<Work&, Session&> perform(Work& work) {
        const auto began = Silence::Clock::now();
        try {
            Session& session = require();
            if constexpr (std::is_void_v<std::invoke_result_t<Work&, Session&>>) {
                work(session);
                note_answer();
            } else {
                auto result = work(session);
                note_answer();
                return result;
            }
        } catch (const Error& error) {
            note_failure(error, began);
            throw;
        }
    }
    /// The connection, unless it is gone or not to be trusted.
    [[nodiscard]] Session& require() const;
    void note_answer() { last_answer_ = Silence::Clock::now(); }
    void note_failure(const Error& error, Silence::Clock::time_point began);
    /// False: what was left at work is not done; there is no connection then.
    bool connect_and_lock();
    /// The connection that has the lock's name; 0: none.
    [[nodiscard]] std::uint64_t holder_of_lock(Session& session) const;
    void take_lock(Session& session) const;
    void kill(Session& session, std::uint64_t connection) const;
    /// How long the server has been at work on a statement of `connection`; nothing: it is not.
    [[nodiscard]] static std::optional<std::chrono::seconds> time_at_work(
        Session& session, std::uint64_t connection
    );
    void note_left_at_work(std::uint64_t connection, std::chrono::seconds since);
    void wait_longer();
    async::awaitable<bool> open_again();

    ConnectionOptions options_;
    SessionSettings settings_;
    std::string lock_name_;
    Logger logger_;
    std::unique_ptr<Session> session_;
    std::uint64_t connection_id_ = 0;
    std::uint64_t left_id_ = 0;  ///< the last one whose statement was left at work
    /// connection_id_ or, while its end is waited for, left_id_.
    std::atomic<std::uint64_t> working_id_ = 0;
    std::vector<std::uint64_t> lost_ids_;         ///< of connections that may have the lock's name
    std::optional<ServerIdentity> first_server_;  ///< of the first connection
    std::shared_ptr<Silence> silence_;
    Silence::Clock::time_point last_answer_;
    bool giving_up_ = false;
    std::atomic<unsigned> found_at_work_ = 0;
    async::Worker worker_;  ///< last, so that its thread ends first
};

}  // namespace doppel::sql
