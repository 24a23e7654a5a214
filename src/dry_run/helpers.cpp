// SPDX-License-Identifier: Apache-2.0
#include "dry_run/helpers.hpp"

#include "doppel/error.hpp"
#include "migration/sessions.hpp"

#include <array>
#include <csignal>
#include <exception>
#include <future>
#include <thread>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
constexpr unsigned kErrTimeIsUp = 3024;
constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::seconds kSilence{660};

volatile std::sig_atomic_t g_signal = 0;

void note_signal(int signal) {
    g_signal = signal;
    std::signal(signal, SIG_DFL);
}

void kill_query(const ConnectionOptions& connection, std::uint64_t id) {
    sql::SessionSettings settings;
    settings.program_name = "doppel dry run";
    settings.statement_timeout = std::chrono::seconds(5);
    try {
        sql::connect(connection, settings)->execute(fmt::format("KILL QUERY {}", id));
    } catch (const Error&) {  // NOLINT: the query ends by its limit then
    }
}

}  // namespace

StopSignals::StopSignals() {
    g_signal = 0;
    for (const int signal : kSignals) {
        std::signal(signal, note_signal);
    }
}

StopSignals::~StopSignals() {
    for (const int signal : kSignals) {
        std::signal(signal, SIG_DFL);
    }
}

bool StopSignals::requested() {
    return g_signal != 0;
}

void StopSignals::require_running() {
    if (requested()) {
        throw Error(
            Errc::stopped,
            fmt::format("stopped after signal {}; nothing was changed", static_cast<int>(g_signal))
        );
    }
}

std::unique_ptr<sql::Session> connect_writer(
    const ConnectionOptions& connection, bool utc, bool logged
) {
    sql::SessionSettings settings = migration::writer_settings();
    settings.program_name = "doppel dry run";
    settings.statement_timeout = kSilence;
    settings.statements.emplace_back("SET SESSION lock_wait_timeout = 2");
    settings.statements.emplace_back("SET SESSION innodb_lock_wait_timeout = 2");
    if (utc) {
        settings.statements.emplace_back("SET SESSION time_zone = '+00:00'");
    }
    if (!logged) {
        settings.statements.emplace_back("SET SESSION sql_log_bin = 0");
    }
    return sql::connect(connection, settings);
}

std::optional<sql::Rows> query_until_stopped(
    sql::Session& session,
    const ConnectionOptions& connection,
    const std::string& statement,
    std::chrono::milliseconds limit
) {
    StopSignals::require_running();
    session.execute(fmt::format("SET SESSION max_execution_time = {}", limit.count()));
    auto query = std::async(std::launch::async, [&] { return session.query(statement); });
    while (query.wait_for(kLook) != std::future_status::ready) {
        if (StopSignals::requested()) {
            kill_query(connection, session.connection_id());
            query.wait();
        }
    }
    StopSignals::require_running();
    try {
        return query.get();
    } catch (const Error& error) {
        if (error.server_errno() == kErrTimeIsUp) {
            return std::nullopt;
        }
        throw;
    }
}

void run_together(
    unsigned count, std::atomic<bool>& failed, const std::function<void(unsigned)>& work
) {
    std::mutex mutex;
    std::exception_ptr first;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            try {
                work(i);
            } catch (...) {
                const std::lock_guard lock(mutex);
                first = first ? first : std::current_exception();
                failed = true;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    if (first) {
        std::rethrow_exception(first);
    }
}

}  // namespace doppel::dry_run
