// SPDX-License-Identifier: Apache-2.0
//
// What a run does and waits for before its first chunk.
#include "base/fault_point.hpp"
#include "copy/chunk_statement.hpp"
#include "migration/prepared_xa.hpp"
#include "migration/shadow_run.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPreparedXaPatience{10};
constexpr std::chrono::milliseconds kPoll{100};
constexpr std::size_t kRowsClearedAtOnce = 10'000;

}  // namespace

async::awaitable<void> ShadowRun::clear_beyond_checkpoint() {
    if (!job_.goes_on || job_.point.copied) {
        co_return;
    }
    const std::string statement = copy::clear_statement(
        job_.tables, {job_.point.low_water, std::nullopt}, kRowsClearedAtOnce
    );
    std::uint64_t rows = 0;
    const std::function<void(sql::Session&)> clear = [&](sql::Session& session) {
        rows = session.execute(statement);
    };
    do {
        co_await run_surely(*copy_sessions_.front(), clear);
        base::fault_point("resume.cleared");
    } while (rows > 0);
}

/// The prepared XA transactions of which the feed knows nothing though it has come behind their
/// preparation: it began behind it. Those that end meanwhile are none, since their end is read
/// before a chunk begins.
async::awaitable<std::vector<std::string>> ShadowRun::unknown_xa() {
    handler_.begin_noting_ends();
    std::vector<std::string> xids;
    const std::function<void(sql::Session&)> look = [&xids](sql::Session& session) {
        xids = prepared_xids(session);
    };
    co_await run_surely(*marker_session_, look);
    if (!xids.empty()) {
        co_await pass_fence(Waiting::beside_replay);
        std::erase_if(xids, [this](const std::string& xid) { return handler_.accounts_for(xid); });
    }
    handler_.stop_noting_ends();
    co_return xids;
}

async::awaitable<void> ShadowRun::await_unknown_xa() {
    // A transaction is in gtid_executed a moment before XA RECOVER lists it as prepared. Behind a
    // commit of ours, which comes after it in the binlog, it should be listed; if one is not, its
    // end stops the run.
    co_await pass_fence(Waiting::beside_replay);
    handler_.pass_over_earlier_ends(false);
    const auto deadline = Clock::now() + kPreparedXaPatience;
    // One that is prepared later comes with its rows.
    const std::vector<std::string> first = co_await unknown_xa();
    std::vector<std::string> xids = first;
    while (true) {
        require_running();
        if (xids.empty()) {
            // The last that ended may not be read yet, however slow the feed is.
            co_await pass_fence(Waiting::beside_replay);
            co_return;
        }
        if (Clock::now() > deadline) {
            throw Error(
                Errc::refused,
                fmt::format(
                    "prepared XA transactions on the server may have changed the table, which "
                    "becomes visible at their end only: {}. End them (XA RECOVER CONVERT XID lists "
                    "them), then run again",
                    xids_told(xids)
                )
            );
        }
        co_await async::sleep(kPoll);
        xids = co_await unknown_xa();
        std::erase_if(xids, [&first](const std::string& xid) {
            return std::find(first.begin(), first.end(), xid) == first.end();
        });
    }
}

}  // namespace doppel::migration
