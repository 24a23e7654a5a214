// SPDX-License-Identifier: Apache-2.0
#include "migration/alter_run.hpp"

#include "sql/primary.hpp"
#include "sql/session.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long a lost server is waited for where others may have taken its place.
constexpr seconds kReconnectLimit{5};
constexpr milliseconds kSearchPause{1'000};
constexpr milliseconds kPoll{200};
/// A migration that lasted for so long was no attempt that fails at once again and again.
constexpr std::chrono::minutes kLongEnough{1};

/// What a server answers that is the primary no more.
constexpr std::array kDemoted{
    1290U,  // ER_OPTION_PREVENTS_STATEMENT: read_only, super_read_only
    1836U,  // ER_READ_ONLY_MODE
    3100U,  // ER_RUN_HOOK_ERROR: group replication could not commit
    3101U,  // ER_TRANSACTION_ROLLBACK_DURING_COMMIT
};

bool is_gone_or_demoted(const Error& failure) {
    const unsigned number = failure.server_errno();
    return failure.code() == Errc::interrupted &&
           (number == 0 || sql::is_connection_loss(number) ||
            std::find(kDemoted.begin(), kDemoted.end(), number) != kDemoted.end());
}

}  // namespace

AlterRun::AlterRun(
    statement::AlterStatement statement,
    std::string statement_text,
    mysql::TableName table,
    ConnectionOptions connection,
    MigrationOptions options,
    Observer& observer,
    Logger logger,
    async::asio::any_io_executor executor
)
    : statement_(std::move(statement)),
      statement_text_(std::move(statement_text)),
      table_(std::move(table)),
      connection_(std::move(connection)),
      options_(options),
      search_limit_(options.reconnect_limit),
      observer_(observer),
      logger_(std::move(logger)),
      executor_(std::move(executor)) {
    orders_.options = options_.throttle;
    orders_.abort = [this](std::string reason) { stop(std::move(reason)); };
    if (!connection_.members.empty()) {
        options_.reconnect_limit =
            std::min<milliseconds>(options_.reconnect_limit, kReconnectLimit);
    }
}

void AlterRun::stop(std::string reason) {
    stopping_ = true;
    if (migration_) {
        migration_->stop(std::move(reason));
    } else {
        notice(std::move(reason));
    }
}

void AlterRun::notice(std::string message) {
    observer_.on_event(Notice{std::move(message)});
}

async::awaitable<void> AlterRun::run() {
    ConnectionOptions server = co_await find_server(Clock::now());
    Clock::time_point deadline = Clock::now() + search_limit_;
    while (true) {
        make_migration(server);
        const auto began = Clock::now();
        std::optional<Error> failure;
        try {
            co_await migration_->run();
        } catch (const Error& error) {
            failure = error;
        }
        if (!failure) {
            break;
        }
        if (migration_->rows_copied() > rows_copied_ || Clock::now() - began > kLongEnough) {
            rows_copied_ = std::max(rows_copied_, migration_->rows_copied());
            deadline = Clock::now() + search_limit_;
        }
        if (!goes_on_elsewhere(*failure) || Clock::now() > deadline) {
            throw *failure;
        }
        note_what_it_did();
        migration_.reset();
        is_displaced_ = is_displaced_ || failure->code() == Errc::displaced;
        notice(fmt::format("{}. Looking for the primary", failure->what()));
        co_await pause();
        std::optional<Error> not_found;
        try {
            server = co_await find_server(deadline);
        } catch (const Error& error) {
            not_found = error;
        }
        if (not_found) {
            // The first error says what is kept and how to go on.
            throw Error(
                stopping_ ? Errc::stopped : Errc::interrupted,
                fmt::format("{}. Since then: {}", failure->what(), not_found->what())
            );
        }
        notice("going on at " + server.describe());
    }
}

void AlterRun::make_migration(const ConnectionOptions& server) {
    migration_ = std::make_unique<Migration>(
        statement_,
        statement_text_,
        table_,
        server,
        options_,
        orders_,
        observer_,
        logger_,
        executor_
    );
    migration_->follow(previous_run_id_, swapped_);
}

void AlterRun::note_what_it_did() {
    previous_run_id_ = migration_->run_id();
    if (migration_->swapped()) {
        swapped_ = migration_->swapped();
    }
    // What it began is not to be removed again.
    options_.restart = options_.restart && !migration_->has_begun();
}

bool AlterRun::goes_on_elsewhere(const Error& failure) const {
    if (stopping_ || !migration_->may_be_repeated()) {
        return false;
    }
    // Behind the name of the server there is another one now.
    return failure.code() == Errc::displaced ||
           (!connection_.members.empty() && is_gone_or_demoted(failure));
}

async::awaitable<ConnectionOptions> AlterRun::find_server(Clock::time_point deadline) {
    while (true) {
        if (stopping_) {
            throw Error(Errc::stopped, "stopped while looking for the primary");
        }
        std::optional<Error> failure;
        ConnectionOptions server;
        auto find = [this] { return sql::find_primary(candidates()); };
        try {
            server = co_await worker_.run(find);
        } catch (const Error& error) {
            failure = error;
        }
        if (stopping_) {
            continue;  // in the meantime: what was found is of no use
        }
        if (!failure) {
            co_return server;
        }
        // Right after a change of roles two servers may take writes for a moment.
        const bool may_pass =
            failure->code() == Errc::interrupted || failure->code() == Errc::refused;
        if (!may_pass || Clock::now() >= deadline) {
            throw *failure;
        }
        logger_.debug("{}", failure->what());
        co_await pause();
    }
}

ConnectionOptions AlterRun::candidates() const {
    ConnectionOptions all = connection_;
    // The server behind the name may be one that nobody promoted.
    if (all.members.empty() && is_displaced_ && !all.uses_socket()) {
        all.members.push_back({all.host, all.port});
    }
    return all;
}

async::awaitable<void> AlterRun::pause() {
    const auto until = Clock::now() + kSearchPause;
    while (!stopping_ && Clock::now() < until) {
        co_await async::sleep(kPoll);
    }
}

}  // namespace doppel::migration
