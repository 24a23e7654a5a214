// SPDX-License-Identifier: Apache-2.0
//
// The lock that makes a run the only one of its table, for as long as it goes on.
#include "migration/migration.hpp"
#include "plan/checks.hpp"
#include "sql/failure_kind.hpp"

#include <chrono>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

constexpr std::chrono::seconds kLockPing{2};
/// Somebody who looks at the lock may hold it for a moment.
constexpr std::chrono::seconds kLockPatience{1};
constexpr unsigned kLockTries = 10;

}  // namespace

async::awaitable<void> Migration::take_lock() {
    const std::string name = mysql::quote_string(shadow::lock_name(table_));
    const auto limit = options_.reconnect_limit;
    if (!previous_run_id_.empty()) {
        auto end = [this](sql::Session& session) { take_sessions_of(session, previous_run_id_); };
        co_await lock_session_->run_surely(end, limit);
    }
    const auto got =
        co_await lock_session_->query_surely("SELECT GET_LOCK(" + name + ", 0)", limit);
    if (got.scalar().value_or("0") != "1") {
        const auto holder =
            co_await lock_session_->query_surely("SELECT IS_USED_LOCK(" + name + ")", limit);
        std::optional<std::uint64_t> connection;
        if (const auto id = holder.scalar()) {
            connection = std::stoull(*id);
        }
        refuse_for(plan::migration_running(table_, connection));
    }
    co_await take_earlier_sessions();
    has_lock_ = true;
    lock_task_.spawn(watch_lock());
}

async::awaitable<void> Migration::watch_lock() {
    while (!lock_ends_) {
        co_await lock_changed_.wait(kLockPing);
        bool lost = false;
        try {
            ServerGuard* const guard = server_guard_ ? &*server_guard_ : nullptr;
            auto work = [guard](sql::Session& session) {
                if (guard != nullptr) {
                    guard->look(session);
                } else {
                    session.execute("DO 1");
                }
            };
            co_await lock_session_->run(work);
        } catch (const Error& error) {
            const auto kind = sql::classify_write_failure(error);
            if (kind == sql::FailureKind::conflict) {
                continue;  // somebody's KILL QUERY
            }
            if (kind != sql::FailureKind::connection_lost) {
                throw;
            }
            logger_.warning("lost the connection that holds the migration lock: {}", error.what());
            lost = true;
        }
        if (!lost || lock_ends_) {
            continue;
        }
        co_await lock_session_->reconnect(options_.reconnect_limit);
        co_await take_lock_again();
    }
}

async::awaitable<void> Migration::take_lock_again() {
    const std::string take_lock = fmt::format(
        "SELECT GET_LOCK({}, {})",
        mysql::quote_string(shadow::lock_name(table_)),
        kLockPatience.count()
    );
    // Whole or not at all: a connection that is lost again takes with it what it had.
    auto take = [&](sql::Session& session) {
        bool ours = false;
        for (unsigned i = 0; i < kLockTries && !ours; ++i) {
            ours = session.query(take_lock).scalar().value_or("0") == "1";
        }
        if (!ours) {
            throw Error(
                Errc::failed,
                "the migration lock of the table was lost and is held by somebody else now"
            );
        }
        if (!earlier_run_id_.empty()) {
            take_sessions_of(session, earlier_run_id_);
        }
    };
    co_await lock_session_->run_surely(take, options_.reconnect_limit);
}

async::awaitable<bool> Migration::ends_with_lock() {
    lock_ends_ = true;
    lock_changed_.notify();
    lock_session_->give_up();
    co_await lock_task_.settle();
    const std::string look = "SELECT IS_USED_LOCK(" +
                             mysql::quote_string(shadow::lock_name(table_)) + ") = CONNECTION_ID()";
    bool ours = false;
    try {
        const sql::Rows holder = co_await lock_session_->query(look);
        ours = holder.scalar().value_or("0") == "1";
    } catch (const Error& error) {
        logger_.debug("the migration lock cannot be looked at: {}", error.what());
    }
    co_return ours;
}

}  // namespace doppel::migration
