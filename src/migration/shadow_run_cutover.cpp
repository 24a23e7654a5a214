// SPDX-License-Identifier: Apache-2.0
//
// How a run comes to its end: everything is copied, replay is let catch up, the tables are swapped.
#include "cutover/attempt_policy.hpp"
#include "cutover/blockers.hpp"
#include "migration/shadow_run.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;
using checkpoint::StateTable;

/// Replay is close enough behind the feed to try the cut-over: the rest takes some milliseconds.
constexpr std::size_t kPendingForCutover = 500;
constexpr std::chrono::milliseconds kLagForCutover{300};
constexpr std::chrono::milliseconds kDrainPause{50};
/// Everything is copied, and at every look keys are refused, but other ones each time.
constexpr std::chrono::seconds kUnsettledPatience{60};
/// A transaction that is older than this is waited for before the lock is asked for.
constexpr double kLongTransactionSeconds = 0.5;
constexpr std::chrono::milliseconds kBlockerPause{200};
/// Then the lock is tried all the same: the transaction may end any moment.
constexpr std::chrono::milliseconds kBlockerPatience{5'000};
constexpr unsigned kLockWaitTimeout = 1205;

/// What stands in the way may pass, so this is a failure that keeps the copy (sql::may_pass).
Error given_up(unsigned attempts, const std::string& reason) {
    return {
        Errc::failed,
        fmt::format(
            "cut-over was given up after {} attempts, the last because {}. Look for long "
            "transactions on the table, or raise --cutover-attempts or --lock-wait-timeout",
            attempts,
            reason
        ),
        ServerError{kLockWaitTimeout, "HY000"}};
}

}  // namespace

async::awaitable<void> ShadowRun::drain() {
    std::optional<Clock::time_point> unsettled_since;
    while (true) {
        require_running();
        const auto started = Clock::now();
        // Replay goes on meanwhile, so the feed need not read on while too many keys are pending.
        co_await pass_fence(Waiting::beside_replay);
        const bool close_behind =
            Clock::now() - started < kLagForCutover && coordinator_.pending() < kPendingForCutover;
        // A lock would not help a key that is refused, only hold up the application. Rows that the
        // copy left out must have been tried for that to be known.
        if (close_behind && replayer_.settled() && coordinator_.reconciled_through(copied_at_)) {
            co_return;
        }
        if (!close_behind || replayer_.settled()) {
            unsettled_since.reset();
        } else if (!unsettled_since) {
            unsettled_since = Clock::now();
        } else if (Clock::now() - *unsettled_since > kUnsettledPatience) {
            throw replayer_.refusal();
        }
        co_await async::sleep(kDrainPause);
    }
}

async::awaitable<void> ShadowRun::await_good_moment() {
    const auto deadline = Clock::now() + kBlockerPatience;
    bool said = false;
    while (Clock::now() < deadline) {
        require_running();
        auto look = [this](sql::Session& session) {
            return cutover::find_blockers(session, job_.tables.source, kLongTransactionSeconds);
        };
        std::vector<cutover::Blocker> blockers;
        std::optional<Error> lost;
        try {
            blockers = co_await marker_session_->run(look);
        } catch (const Error& error) {
            lost = error;
        }
        if (lost) {
            co_await marker_session_->reconnect(options_.reconnect_limit);
            continue;
        }
        if (blockers.empty()) {
            co_return;
        }
        if (!said) {
            notice("cut-over waits for a transaction on the table: " + blockers.front().describe());
            said = true;
        }
        co_await async::sleep(kBlockerPause);
    }
}

async::awaitable<void> ShadowRun::await_permission() {
    std::string said;
    while (const auto hindrance = throttle_.hinders_cutover()) {
        require_running();
        if (hindrance->cause != said) {
            said = hindrance->cause;
            notice(hindrance->reason);
        }
        co_await async::sleep(kDrainPause);
    }
    throttle_.cutover_may_begin();
}

async::awaitable<void> ShadowRun::require_same_source() {
    const std::function<void(sql::Session&)> look = [this](sql::Session& session) {
        guard_.require_unchanged(session);
    };
    co_await run_surely(*marker_session_, look);
}

cutover::CutoverHooks ShadowRun::cutover_hooks() {
    cutover::CutoverHooks hooks;
    hooks.pause = [this] { return replayer_.pause(); };
    hooks.resume = [this] {
        handler_.hold(false);
        stream_.resume();
        replayer_.resume();
    };
    hooks.drain = [this](sql::AsyncSession& session, Clock::time_point deadline) {
        return drain_locked(session, deadline);
    };
    hooks.finish_shadow = [this](sql::Session& session) {
        shadow::settle_auto_increment(
            session, job_.tables.source, job_.tables.shadow, job_.counter
        );
    };
    hooks.hold_feed = [this] { handler_.hold(true); };
    return hooks;
}

async::awaitable<void> ShadowRun::cut_over() {
    cutover::AttemptPolicy policy(options_.cutover_attempts, options_.cutover_backoff_max);
    while (true) {
        co_await await_permission();
        co_await await_good_moment();
        co_await require_same_source();
        co_await drain();
        require_running();
        ++cutover_attempts_;
        const auto attempt = co_await cutover_.attempt();
        if (attempt.result == cutover::Attempt::Result::done) {
            cutover_locked_ = attempt.locked;
            co_return;
        }
        const auto pause = policy.failed();
        if (!pause) {
            throw given_up(policy.attempts(), attempt.reason);
        }
        notice(fmt::format(
            "cut-over attempt {} failed: {}; next one in {} ms",
            policy.attempts(),
            attempt.reason,
            pause->count()
        ));
        const auto until = Clock::now() + *pause;
        while (Clock::now() < until) {
            require_running();
            co_await async::sleep(std::min(kDrainPause, *pause));
        }
    }
}

async::awaitable<bool> ShadowRun::drain_locked(
    sql::AsyncSession& session, Clock::time_point deadline
) {
    // A run that was cut off from the server for so long that another one took its place must not
    // swap what is the other's now. The lock keeps it so.
    auto read = [this](sql::Session& connected) { return state_.read_run_id(connected); };
    const auto owner = co_await session.run(read);
    if (!owner || *owner != job_.run_id) {
        throw Error(
            Errc::failed, "another run has taken over the change of " + job_.tables.source.str()
        );
    }
    const std::uint64_t seq = ++last_marker_;
    co_await session.execute(state_.mark_statement(StateTable::kCutoverId, seq));
    const MarkerExpectation expectation(handler_);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const bool passed = co_await async::wait_until(
        changed_,
        [&] { return stopping_ || handler_.marker(StateTable::kCutoverId) >= seq; },
        std::max(left, std::chrono::milliseconds(1))
    );
    if (!passed || stopping_) {
        co_return false;
    }
    // LOCK TABLES was granted after the last transaction on the source had released its metadata
    // lock, which happens after its engine commit. So all that was delivered is visible.
    coordinator_.acknowledge_fence(coordinator_.issue_fence());
    if (!co_await replayer_.drain_locked(session, deadline)) {
        co_return false;
    }
    co_return co_await verification_.settle_locked(session);
}

}  // namespace doppel::migration
