// SPDX-License-Identifier: Apache-2.0
#include "async/asio.hpp"
#include "doppel/migration.hpp"
#include "migration/alter_request.hpp"
#include "migration/alter_run.hpp"

#include <chrono>
#include <csignal>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

namespace doppel {
namespace {

namespace asio = boost::asio;

Outcome failed(Errc code, std::string message) {
    return Outcome{false, code, std::move(message), std::nullopt};
}

Outcome failed(const Error& error) {
    Outcome outcome = failed(error.code(), error.what());
    if (error.misfit() != nullptr) {
        outcome.misfit = *error.misfit();
    }
    return outcome;
}

Outcome outcome_of(const std::exception_ptr& failure) {
    if (!failure) {
        return Outcome{true, Errc::failed, {}, std::nullopt};
    }
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        return failed(error);
    } catch (const std::exception& error) {
        return failed(Errc::failed, fmt::format("internal error: {}", error.what()));
    }
}

/// `timeout` and shells send a signal to the child and to its group: two that come together are
/// one.
constexpr std::chrono::seconds kSameSignal{1};

/// Waits for signals until `finished` is set and both `signals` and `grace` are cancelled; the
/// first signal of each kind asks the run to stop.
asio::awaitable<void> watch_signals(
    asio::signal_set& signals,
    asio::steady_timer& grace,
    migration::AlterRun& run,
    const bool& finished
) {
    while (!finished) {
        boost::system::error_code error;
        const int signal =
            co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            co_return;
        }
        run.stop(fmt::format("stopping after signal {}; another one ends at once", signal));
        grace.expires_after(kSameSignal);
        co_await grace.async_wait(asio::redirect_error(asio::use_awaitable, error));
        // The next signal of its kind ends the process as if nobody listened, in case the server
        // does not answer; whatever is left then is found by the next run.
        signals.remove(signal, error);
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
    auto request = migration::alter_request(statement, connection.default_schema);
    if (!request) {
        return failed(Errc::usage, request.failure().message);
    }
    asio::io_context context(1);
    migration::AlterRun run(
        std::move(request->statement),
        statement,
        std::move(request->table),
        connection,
        options,
        observer,
        logger,
        context.get_executor()
    );
    asio::signal_set signals(context, SIGINT, SIGTERM, SIGHUP);
    asio::steady_timer grace(context);
    bool finished = false;
    std::exception_ptr failure;
    asio::co_spawn(
        context,
        watch_signals(signals, grace, run, finished),
        [](const std::exception_ptr&) { /* ends by cancellation only */ }
    );
    asio::co_spawn(context, run.run(), [&](const std::exception_ptr& error) {
        failure = error;
        finished = true;
        signals.cancel();
        grace.cancel();
    });
    context.run();
    return outcome_of(failure);
}

}  // namespace doppel
