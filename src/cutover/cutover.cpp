// SPDX-License-Identifier: Apache-2.0
#include "cutover/cutover.hpp"

#include "base/fault_point.hpp"
#include "cutover/blockers.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>
#include <functional>
#include <thread>

#include <fmt/format.h>

namespace doppel::cutover {
namespace {

using Clock = std::chrono::steady_clock;

/// The server ends a connection that holds the lock and says nothing for this much longer than an
/// attempt may last. Else a host or a network that dies at that moment keeps the table locked for
/// as long as the server takes the connection for alive.
constexpr std::chrono::seconds kLockOutlives{2};

/// For a calm moment. The first is spent while replay goes on, the second, for what came up until
/// replay had paused, is not.
constexpr std::chrono::milliseconds kCalmPatience{1'000};
constexpr std::chrono::milliseconds kLastCalmPatience{50};
constexpr std::chrono::milliseconds kCalmPause{1};

std::chrono::microseconds since(Clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
}

bool exists(sql::Session& session, const mysql::TableName& table) {
    return !session
                .query(fmt::format(
                    "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND "
                    "table_name = {}",
                    mysql::quote_string(table.schema),
                    mysql::quote_string(table.table)
                ))
                .empty();
}

/// Until nobody has read `table` in a transaction that may go on to write to it; at most
/// `patience`, since where many do so there may be no such moment.
void wait_for_calm(
    sql::Session& session, const mysql::TableName& table, std::chrono::milliseconds patience
) {
    const auto deadline = Clock::now() + patience;
    while (may_turn_to_writing(session, table) && Clock::now() < deadline) {
        std::this_thread::sleep_for(kCalmPause);
    }
}

}  // namespace

Cutover::Cutover(
    const mysql::TablePair& tables,
    mysql::TableName old_table,
    CutoverOptions options,
    CutoverHooks hooks,
    sql::AsyncSession& session,
    Logger logger
)
    : tables_(tables),
      old_table_(std::move(old_table)),
      options_(options),
      hooks_(std::move(hooks)),
      session_(session),
      logger_(std::move(logger)) {}

async::awaitable<Attempt> Cutover::attempt() {
    const std::function<void(sql::Session&)> wait = [this](sql::Session& session) {
        wait_for_calm(session, tables_.source, kCalmPatience);
    };
    co_await session_.run_surely(wait, options_.reconnect_limit);
    co_await hooks_.pause();
    Attempt result;
    std::exception_ptr failure;
    try {
        switch (co_await lock()) {
            case Lock::granted:
                result = co_await swap_locked();
                break;
            case Lock::timeout:
                result.result = Attempt::Result::lock_timeout;
                result.reason = "the table lock was not granted in time";
                break;
            case Lock::lost:
                result.result = Attempt::Result::lost;
                result.reason = "the connection was lost while it waited for the table lock";
                break;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (fate_ == Fate::not_swapped) {
        hooks_.resume();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    co_return result;
}

async::awaitable<void> Cutover::limit_waits() {
    // lock_wait_timeout has whole seconds and a minimum of 1 (MySQL manual, "lock_wait_timeout").
    const auto seconds = std::max<long>(
        1, std::chrono::ceil<std::chrono::seconds>(options_.lock_wait_timeout).count()
    );
    const auto idle = std::chrono::ceil<std::chrono::seconds>(options_.lock_limit) + kLockOutlives;
    const std::string limits = fmt::format(
        "SET SESSION lock_wait_timeout = {}, SESSION wait_timeout = {}", seconds, idle.count()
    );
    const std::function<void(sql::Session&)> set = [&limits](sql::Session& session) {
        session.execute(limits);
    };
    // Whether the connection is still there shows here, before the lock is asked for.
    co_await session_.run_surely(set, options_.reconnect_limit);
}

async::awaitable<Cutover::Lock> Cutover::lock() {
    co_await limit_waits();
    const std::string lock_tables = fmt::format(
        "LOCK TABLES {} WRITE, {} WRITE, {} WRITE",
        tables_.source.quoted(),
        tables_.shadow.quoted(),
        tables_.state.quoted()
    );
    // Nothing but the way to the server is between the last look and the statement.
    const std::function<void(sql::Session&)> lock = [this, &lock_tables](sql::Session& session) {
        wait_for_calm(session, tables_.source, kLastCalmPatience);
        session.execute(lock_tables);
    };
    bool lost = false;
    try {
        co_await session_.run(lock);
        co_return Lock::granted;
    } catch (const Error& error) {
        switch (sql::classify_write_failure(error)) {
            case sql::FailureKind::connection_lost:
                lost = true;
                break;
            case sql::FailureKind::conflict:
                break;
            default:
                throw Error(error, std::string("LOCK TABLES failed: ") + error.what());
        }
    }
    if (lost) {
        co_await session_.reconnect(options_.reconnect_limit);
        co_return Lock::lost;
    }
    co_await unlock();
    co_return Lock::timeout;
}

async::awaitable<Attempt> Cutover::swap_locked() {
    const auto locked_at = Clock::now();
    Attempt result;
    std::optional<Error> failure;
    try {
        base::fault_point("cutover.locked");
        if (co_await hooks_.drain(session_, locked_at + options_.lock_limit)) {
            base::fault_point("cutover.drained");
            auto finish = [this](sql::Session& session) { hooks_.finish_shadow(session); };
            co_await session_.run(finish);
            hooks_.hold_feed();
            base::fault_point("cutover.before_rename");
            co_await rename();
            base::fault_point("cutover.renamed");
            result.result = Attempt::Result::done;
        } else {
            result.result = Attempt::Result::not_drained;
            result.reason = "replay could not be finished while the table was locked";
        }
    } catch (const Error& error) {
        failure = error;
    }
    result.locked = since(locked_at);
    if (!failure) {
        co_await unlock();
        co_return result;
    }
    if (fate_ == Fate::unknown) {
        throw *failure;
    }
    result.reason = failure->what();
    switch (sql::classify_write_failure(*failure)) {
        case sql::FailureKind::connection_lost:
            // The server released the locks when it lost us.
            co_await session_.reconnect(options_.reconnect_limit);
            result.result = Attempt::Result::lost;
            co_return result;
        case sql::FailureKind::conflict:
            co_await unlock();
            result.result = Attempt::Result::lock_timeout;
            co_return result;
        default:
            co_await unlock();
            throw *failure;
    }
}

async::awaitable<void> Cutover::rename() {
    const std::string statement = fmt::format(
        "RENAME TABLE {} TO {}, {} TO {}",
        tables_.source.quoted(),
        old_table_.quoted(),
        tables_.shadow.quoted(),
        tables_.source.quoted()
    );
    std::optional<Error> failure;
    fate_ = Fate::unknown;
    try {
        co_await session_.execute(statement);
        fate_ = Fate::swapped;
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure) {
        co_return;
    }
    const bool lost = failure->code() == Errc::interrupted;
    if (lost) {
        logger_.warning("the connection was lost during the RENAME; looking what happened");
    }
    // Also where the server says that it failed: that is said of a statement that was interrupted
    // near its end, too.
    const bool swapped = co_await look(lost);
    fate_ = swapped ? Fate::swapped : Fate::not_swapped;
    if (!swapped) {
        throw Error(
            failure->code(),
            std::string("RENAME failed: ") + failure->what(),
            failure->server().value_or(ServerError{})
        );
    }
}

async::awaitable<bool> Cutover::look(bool lost) {
    session_.persist();  // even when the run is ending: this must be known
    bool source = false;
    bool shadow = false;
    bool old_table = false;
    auto work = [&](sql::Session& session) {
        source = exists(session, tables_.source);
        shadow = exists(session, tables_.shadow);
        old_table = exists(session, old_table_);
    };
    if (!lost) {
        try {
            co_await session_.run(work);
        } catch (const Error&) {  // NOLINT: it is looked once more
            lost = true;
        }
    }
    if (lost) {
        co_await session_.reconnect(options_.reconnect_limit);
        co_await session_.run_surely(work, options_.reconnect_limit);
    }
    // The RENAME does all or nothing, and nobody else renames the shadow. An old table beside it is
    // somebody else's.
    if (source && shadow) {
        co_return false;
    }
    if (source && old_table) {
        co_return true;
    }
    throw Error(
        Errc::failed,
        fmt::format(
            "after a RENAME that failed or whose answer was lost the tables are in a state that it "
            "cannot have made: {} {}, {} {}, {} {}",
            tables_.source.str(),
            source ? "exists" : "is missing",
            tables_.shadow.str(),
            shadow ? "exists" : "is missing",
            old_table_.str(),
            old_table ? "exists" : "is missing"
        )
    );
}

async::awaitable<void> Cutover::unlock() {
    bool lost = false;
    try {
        co_await session_.execute("UNLOCK TABLES");
        co_await session_.execute(sql::kKeepIdleConnection);
    } catch (const Error&) {
        lost = true;
    }
    if (lost && fate_ == Fate::swapped) {
        co_await session_.close();  // the locks go with the connection; nothing more is to be done
    } else if (lost) {
        co_await session_.reconnect(options_.reconnect_limit);
    }
}

}  // namespace doppel::cutover
