// SPDX-License-Identifier: Apache-2.0
//
// Where the feed of a run begins.
#include "migration/migration.hpp"
#include "mysql/gtid_set.hpp"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPreparedXaPatience{10};
constexpr std::chrono::milliseconds kPoll{200};

}  // namespace

async::awaitable<binlog::StartPosition> Migration::read_start_position() {
    const auto limit = options_.reconnect_limit;
    const auto gtid = co_await main_session_->query_surely(
        "SELECT @@GLOBAL.gtid_mode, @@GLOBAL.gtid_executed", limit
    );
    const sql::Row& row = gtid.rows.at(0);
    if (row.at(0).value_or("") == "ON") {
        auto set = mysql::GtidSet::parse(row.at(1).value_or(""));
        if (!set) {
            throw Error(Errc::failed, "gtid_executed cannot be read: " + set.failure().message);
        }
        co_return std::move(*set);
    }
    const bool renamed = plan_->facts.server.version.at_least(8, 2);
    const auto status = co_await main_session_->query_surely(
        renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS", limit
    );
    if (status.empty()) {
        throw Error(Errc::failed, "the server does not tell its binlog position");
    }
    co_return mysql::FileOffset{
        status.rows.front().at(0).value_or(""),
        std::stoull(status.rows.front().at(1).value_or("4"))};
}

/// Behind the position an XA COMMIT may come whose preparation lies before it. Where XA COMMIT
/// becomes visible in order, ShadowRun waits until that cannot be any more.
async::awaitable<binlog::StartPosition> Migration::choose_start_position() {
    if (earlier_) {
        co_return earlier_->point.place;
    }
    if (plan_->facts.server.version.at_least(8, 0, 30)) {
        co_return co_await read_start_position();
    }
    while (true) {
        co_await await_prepared_xa();
        auto start = co_await read_start_position();
        if (co_await count_prepared_xa() == 0) {
            co_return start;
        }
    }
}

async::awaitable<std::size_t> Migration::count_prepared_xa() {
    try {
        const auto prepared =
            co_await main_session_->query_surely("XA RECOVER", options_.reconnect_limit);
        co_return prepared.rows.size();
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        // Without XA_RECOVER_ADMIN we cannot look; the feed then stops at the XA COMMIT of a
        // transaction whose preparation it has not seen.
        logger_.debug("XA RECOVER: {}", error.what());
        co_return 0;
    }
}

async::awaitable<void> Migration::await_prepared_xa() {
    const auto deadline = Clock::now() + kPreparedXaPatience;
    while (const std::size_t count = co_await count_prepared_xa()) {
        require_running();
        if (Clock::now() > deadline) {
            throw Error(
                Errc::refused,
                fmt::format(
                    "{} prepared XA transaction(s) on the server may have changed the table, which "
                    "becomes visible at their end only. End them (XA RECOVER lists them), then run "
                    "again",
                    count
                )
            );
        }
        co_await async::sleep(kPoll);
    }
}

}  // namespace doppel::migration
