// SPDX-License-Identifier: Apache-2.0
#include "index/index_build.hpp"

#include "base/fault_point.hpp"
#include "index/build_session.hpp"
#include "schema/reader.hpp"
#include "sql/failure_kind.hpp"

#include <fmt/format.h>

namespace doppel::index {
namespace {

using sql::FailureKind;

constexpr std::chrono::milliseconds kConflictPause{500};
/// Each is a whole build. Somebody may have held a lock for minutes.
constexpr unsigned kUnansweredMax = 3;
// MySQL manual, "Server Error Message Reference".
constexpr unsigned kUnknownVariable = 1193;
constexpr unsigned kOnlineLogTooBig = 1799;

/// For sorting, of all threads together (MySQL manual, "innodb_ddl_buffer_size"): the default of
/// 1 MiB makes many small runs that have to be merged.
constexpr unsigned kSortBufferBytes = 32U << 20;

void set_if_known(sql::Session& session, const std::string& setting) {
    try {
        session.execute("SET SESSION " + setting);
    } catch (const Error& error) {
        if (error.server_errno() != kUnknownVariable) {
            throw;
        }
    }
}

}  // namespace

void prepare_build(sql::Session& session, unsigned threads) {
    set_if_known(session, fmt::format("innodb_ddl_threads = {}", threads));
    set_if_known(session, fmt::format("innodb_parallel_read_threads = {}", threads));
    set_if_known(session, fmt::format("innodb_ddl_buffer_size = {}", kSortBufferBytes));
}

IndexBuild::IndexBuild(BuildContext context, sql::AsyncSession& session)
    : context_(std::move(context)), session_(session) {}

async::awaitable<bool> IndexBuild::is_built() {
    auto read = [this](sql::Session& session) {
        return schema::read_table(session, context_.shadow, context_.version);
    };
    const auto table = co_await session_.run_surely(read, context_.reconnect_limit);
    const std::string now = table ? schema::without_auto_increment(table->create_text) : "";
    if (now == context_.definitions.whole) {
        co_return true;
    }
    if (now == context_.definitions.bare) {
        co_return false;
    }
    throw Error(
        Errc::failed,
        fmt::format("{} is not defined any more as the run made it", context_.shadow.str())
    );
}

async::awaitable<void> IndexBuild::run(unsigned threads) {
    while (true) {
        if (context_.stopping) {
            throw Error(Errc::stopped, "stopped");
        }
        const bool built = co_await is_built();
        if (built) {
            break;
        }
        co_await attempt(threads);
        base::fault_point("index.built");  // or not: whatever was heard, the look tells
    }
    if (writes_paused_) {
        context_.resume_writes();
    }
}

async::awaitable<void> IndexBuild::attempt(unsigned threads) {
    std::optional<Error> failure;
    try {
        auto build = [this, threads](sql::Session& session) {
            prepare_build(session, threads);
            base::fault_point("index.begins");
            session.execute(context_.statement);
        };
        co_await session_.run(build);
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        co_await get_over(*failure);
    }
}

async::awaitable<void> IndexBuild::pause_writes() {
    if (!writes_paused_) {
        co_await context_.pause_writes();
        writes_paused_ = true;
    }
}

async::awaitable<void> IndexBuild::get_over_loss(const Error& error) {
    context_.logger.warning("building the indexes: lost the connection: {}", error.what());
    const unsigned found = session_.found_at_work();
    co_await session_.reconnect(context_.reconnect_limit);
    if (found == session_.found_at_work() || co_await is_built()) {
        co_return;
    }
    if (++unanswered_ > kUnansweredMax) {
        throw Error(
            Errc::interrupted,  // what was copied is kept
            fmt::format(
                "building the indexes of {} ended {} times without them, and without an answer "
                "within --silence-limit: the server's error log may say why; a longer limit lets "
                "it answer",
                context_.shadow.str(),
                unanswered_
            )
        );
    }
    context_.logger.warning(
        "building the indexes ended without them, and its answer was lost; once more, and replay "
        "waits meanwhile"
    );
    co_await pause_writes();  // the likeliest reason is the log of what is written meanwhile
}

async::awaitable<void> IndexBuild::get_over(const Error& error) {
    if (context_.stopping) {
        throw Error(Errc::stopped, "stopped");
    }
    if (error.server_errno() == kOnlineLogTooBig && !writes_paused_) {
        context_.logger.warning(
            "building the indexes: {}; once more, and replay waits meanwhile", error.what()
        );
        co_await pause_writes();
        co_return;
    }
    switch (sql::classify_write_failure(error)) {
        case FailureKind::connection_lost:
            co_await get_over_loss(error);
            co_return;
        case FailureKind::conflict:
            if (conflicts_.met(sql::ConflictCount::Clock::now())) {
                context_.logger.warning(
                    "building the indexes waits for a lock of somebody else's on {}, for {} tries "
                    "now: {}",
                    context_.shadow.str(),
                    conflicts_.count(),
                    error.what()
                );
            }
            co_await async::sleep(kConflictPause);
            co_return;
        default:
            throw Error(
                error,
                fmt::format(
                    "building the indexes of {} failed: {}", context_.shadow.str(), error.what()
                )
            );
    }
}

}  // namespace doppel::index
