// SPDX-License-Identifier: Apache-2.0
#include "async/asio.hpp"
#include "doppel/migration.hpp"
#include "migration/migration.hpp"
#include "statement/alter_statement.hpp"

#include <csignal>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

namespace doppel {
namespace {

namespace asio = boost::asio;

Outcome failed(Errc code, std::string message) {
    return Outcome{false, code, std::move(message)};
}

Outcome outcome_of(const std::exception_ptr& failure) {
    if (!failure) {
        return Outcome{true, Errc::failed, {}};
    }
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        return failed(error.code(), error.what());
    } catch (const std::exception& error) {
        return failed(Errc::failed, fmt::format("internal error: {}", error.what()));
    }
}

/// Waits for signals until cancelled; the first of each kind asks the migration to stop.
asio::awaitable<void> watch_signals(asio::signal_set& signals, migration::Migration& migration) {
    while (true) {
        boost::system::error_code error;
        const int signal =
            co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            co_return;
        }
        // The next signal of its kind ends the process as if nobody listened, in case the server
        // does not answer; whatever is left then is found by the next run.
        signals.remove(signal);
        migration.stop(fmt::format(
            "stopping after signal {}; once more ends at once and leaves our tables behind", signal
        ));
    }
}

}  // namespace

Outcome run_alter(
    const std::string& statement,
    const ConnectionOptions& connection,
    const MigrationOptions& options,
    Observer& observer,
    const Logger& logger
) {
    auto parsed = statement::parse_alter(statement);
    if (!parsed) {
        return failed(Errc::usage, parsed.failure().message);
    }
    const std::string schema = parsed->schema.value_or(connection.default_schema);
    if (schema.empty()) {
        return failed(
            Errc::usage,
            fmt::format(
                "the statement names no schema: write ALTER TABLE schema.{} or give --database",
                parsed->table
            )
        );
    }
    asio::io_context context(1);
    mysql::TableName table{schema, parsed->table};
    migration::Migration migration(
        std::move(*parsed),
        statement,
        std::move(table),
        connection,
        options,
        observer,
        logger,
        context.get_executor()
    );
    asio::signal_set signals(context, SIGINT, SIGTERM, SIGHUP);
    std::exception_ptr failure;
    asio::co_spawn(
        context,
        watch_signals(signals, migration),
        [](const std::exception_ptr&) { /* ends by cancellation only */ }
    );
    asio::co_spawn(context, migration.run(), [&](const std::exception_ptr& error) {
        failure = error;
        signals.cancel();
    });
    context.run();
    return outcome_of(failure);
}

}  // namespace doppel
