// SPDX-License-Identifier: Apache-2.0
#include "copy/load_watch.hpp"

#include "sql/failure_kind.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace doppel::copy {
namespace {

constexpr std::chrono::milliseconds kLook{100};
// Both count all sessions since the server's start (MySQL manual, "Server Status Variables").
constexpr const char* kQuery =
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Threads_running')";

}  // namespace

LoadWatch::LoadWatch(Context context, sql::AsyncSession& session)
    : context_(std::move(context)), session_(session) {}

async::awaitable<void> LoadWatch::run() {
    while (!context_.stopping) {
        const auto load = co_await read();
        if (load) {
            context_.pace.see(Pace::Clock::now(), *load);
        }
        aim();
        co_await async::wait_until(
            context_.ended, [this] { return context_.stopping; }, kLook
        );
    }
}

void LoadWatch::aim() {
    Pace& pace = context_.pace;
    pace.cap_chunk_time(context_.chunk_time_cap());
    if (pace.workers() == workers_ && pace.chunk_time() == chunk_time_ &&
        pace.rows_max() == rows_max_) {
        return;
    }
    workers_ = pace.workers();
    chunk_time_ = pace.chunk_time();
    rows_max_ = pace.rows_max();
    context_.logger.debug("copy: {} copiers, chunks of {} ms", workers_, chunk_time_.count());
    context_.sizer.aim(chunk_time_, rows_max_);
    context_.changed.notify();
}

async::awaitable<std::optional<ServerLoad>> LoadWatch::read() {
    std::optional<Error> failure;
    try {
        const std::uint64_t sent_before = context_.ours.statements;
        const unsigned running_before = context_.ours.running;
        const sql::Rows status = co_await session_.query(kQuery);
        std::int64_t statements = 0;
        std::int64_t running = 0;
        for (const sql::Row& row : status.rows) {
            const std::int64_t value = std::stoll(row.at(1).value_or("0"));
            (row.at(0) == "Questions" ? statements : running) = value;
        }
        const std::uint64_t sent = context_.ours.statements;
        ServerLoad load;
        load.statements = static_cast<std::uint64_t>(
            std::max<std::int64_t>(statements - static_cast<std::int64_t>(sent), 0)
        );
        // Where none of our sessions has begun or ended a statement meanwhile.
        if (sent == sent_before + 1 && context_.ours.running == running_before) {
            load.running = static_cast<unsigned>(
                std::max<std::int64_t>(running - 1 - std::int64_t{running_before}, 0)
            );
        }
        co_return load;
    } catch (const Error& error) {
        failure = error;
    }
    if (context_.stopping) {
        co_return std::nullopt;
    }
    switch (sql::classify_write_failure(*failure)) {
        case sql::FailureKind::connection_lost:
            co_await session_.reconnect(context_.reconnect_limit);
            break;
        case sql::FailureKind::conflict:  // somebody's KILL QUERY
            break;
        default:
            throw *failure;
    }
    co_return std::nullopt;
}

}  // namespace doppel::copy
