// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "doppel/log.hpp"
#include "mysql/identifier.hpp"
#include "mysql/server_version.hpp"
#include "sql/async_session.hpp"
#include "sql/conflict_count.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace doppel::index {

/// The shadow without its deferred indexes and with them, as schema::without_auto_increment has it.
struct Definitions {
    std::string bare;
    std::string whole;
};

struct BuildContext {
    const mysql::TableName& shadow;
    const Definitions& definitions;
    const std::string& statement;  ///< deferred_indexes.hpp
    mysql::ServerVersion version;
    Logger logger;
    std::chrono::milliseconds reconnect_limit;
    /// Writes into the shadow stop before it returns, and go on. While the indexes are built the
    /// server notes such writes in a log of limited size.
    std::function<async::awaitable<void>()> pause_writes;
    std::function<void()> resume_writes;
    const bool& stopping;
};

/// Builds the indexes that were left out of the shadow. Whether it has happened is never taken from
/// an answer but from the table's definition, so it may be begun again after any failure.
class IndexBuild final {
public:
    /// `session` leaves statements at work (sql::SessionSettings::leave_at_work).
    IndexBuild(BuildContext context, sql::AsyncSession& session);

    /// Returns when the indexes are there. `threads`: how many the server may use for it.
    async::awaitable<void> run(unsigned threads);

private:
    async::awaitable<bool> is_built();
    async::awaitable<void> attempt(unsigned threads);
    async::awaitable<void> get_over(const Error& error);
    async::awaitable<void> get_over_loss(const Error& error);
    async::awaitable<void> pause_writes();

    BuildContext context_;
    sql::AsyncSession& session_;
    sql::ConflictCount conflicts_;
    bool writes_paused_ = false;
    unsigned unanswered_ = 0;  ///< builds that ended in vain, and nobody heard why
};

}  // namespace doppel::index
