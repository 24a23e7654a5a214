// SPDX-License-Identifier: Apache-2.0
#include "replay/replayer.hpp"

#include "misfit/bisection.hpp"
#include "replay/reconcile_statement.hpp"
#include "sql/failure_kind.hpp"

#include <fmt/format.h>

namespace doppel::replay {
namespace {

using misfit::Bisection;
using sql::FailureKind;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kLookAtRefused{50};
constexpr std::chrono::milliseconds kConflictPause{10};
constexpr std::chrono::milliseconds kRefusedPause{50};
/// So many refused keys of a batch are found one by one; the rest waits for another turn.
constexpr std::size_t kRefusedMax = 32;

bool is_refusal(const Error& error) {
    const auto kind = sql::classify_write_failure(error);
    return kind == FailureKind::duplicate || kind == FailureKind::misfit;
}

/// Leaves no transaction open; a connection that is lost has none.
void roll_back(sql::Session& session) {
    try {
        session.execute("ROLLBACK");
    } catch (const Error&) {  // NOLINT: the first error is the one to report
    }
}

/// Not in the coroutine that uses it: g++ 12 destroys aggregate temporaries there twice.
protocol::Batch part_of(
    const protocol::Batch& batch, const std::vector<mysql::Key>& keys, Bisection::Piece piece
) {
    const auto begin = keys.begin();
    return {
        batch.number,
        {begin + static_cast<std::ptrdiff_t>(piece.begin),
         begin + static_cast<std::ptrdiff_t>(piece.end)},
        batch.confined_to,
        batch.fence};
}

void append(
    std::vector<mysql::Key>& out, const std::vector<mysql::Key>& keys, Bisection::Piece piece
) {
    for (std::size_t i = piece.begin; i < piece.end; ++i) {
        out.push_back(keys[i]);
    }
}

JudgeContext judge_context(const ReplayContext& context) {
    return {
        context.tables,
        context.schema,
        context.coordinator,
        context.logger,
        context.reconnect_limit,
        context.pass_fence};
}

}  // namespace

Replayer::Replayer(ReplayContext context, sql::AsyncSession& session, std::string fence_statement)
    : context_(std::move(context)),
      session_(session),
      fence_statement_(std::move(fence_statement)),
      judge_(judge_context(context_), session) {}

async::awaitable<void> Replayer::run() {
    while (!context_.stopping) {
        std::optional<protocol::Batch> batch;
        if (!paused_) {
            batch = context_.coordinator.take_batch();
        }
        if (batch) {
            busy_ = true;
            co_await reconcile(std::move(*batch));
            busy_ = false;
            context_.changed.notify();
        }
        if (!paused_ && !settled()) {
            co_await look();
        }
        if (!batch) {
            co_await context_.changed.wait(settled() ? kLook : kLookAtRefused);
        }
    }
}

async::awaitable<void> Replayer::look() {
    busy_ = true;
    co_await judge_.look();
    busy_ = false;
    if (paused_) {
        context_.changed.notify();
    }
}

async::awaitable<void> Replayer::pause() {
    paused_ = true;
    while (busy_ && !context_.stopping) {
        co_await context_.changed.wait(kLook);
    }
}

void Replayer::resume() {
    paused_ = false;
    context_.changed.notify();
}

void Replayer::run_transaction(sql::Session& session, const protocol::Batch& batch, bool insert)
    const {
    try {
        session.execute("START TRANSACTION");
        session.execute(delete_statement(context_.tables, batch.keys, batch.confined_to));
        if (insert) {
            session.execute(insert_statement(context_.tables, batch.keys, batch.confined_to));
        }
        session.execute(fence_statement_);
        session.execute("COMMIT");
    } catch (const Error&) {
        roll_back(session);
        throw;
    }
}

async::awaitable<std::optional<Error>> Replayer::attempt(
    const protocol::Batch& batch, bool insert
) {
    try {
        auto work = [this, &batch, insert](sql::Session& session) {
            run_transaction(session, batch, insert);
        };
        co_await session_.run(work);
    } catch (const Error& error) {
        co_return error;
    }
    co_return std::nullopt;
}

async::awaitable<void> Replayer::get_over(const Error& error) {
    switch (sql::classify_write_failure(error)) {
        case FailureKind::connection_lost:
            context_.logger.warning("replay: lost the connection: {}", error.what());
            // Whether it was committed does not matter: the keys are reconciled again.
            co_await session_.reconnect(context_.reconnect_limit);
            co_return;
        case FailureKind::conflict:
            context_.logger.debug("replay: {}; trying again", error.what());
            co_await async::sleep(kConflictPause);
            co_return;
        default:
            throw Error(error, fmt::format("replay failed: {}", error.what()));
    }
}

async::awaitable<void> Replayer::reconcile(protocol::Batch batch) {
    bool involved = false;
    if (!settled()) {
        for (const mysql::Key& key : batch.keys) {
            involved = involved || judge_.is_involved(key);
        }
    }
    if (involved) {
        co_await reconcile_apart(batch);
        co_return;
    }
    const auto failure = co_await attempt(batch, true);
    if (!failure) {
        context_.coordinator.complete(batch);
    } else if (is_refusal(*failure)) {
        co_await reconcile_apart(batch);
    } else {
        co_await get_over(*failure);
        context_.coordinator.give_back(batch);
    }
}

async::awaitable<void> Replayer::reconcile_apart(const protocol::Batch& batch) {
    std::vector<mysql::Key> involved;
    std::vector<mysql::Key> others;
    for (const mysql::Key& key : batch.keys) {
        (judge_.is_involved(key) ? involved : others).push_back(key);
    }
    // The refused keys go last: a row that is in the shadow already keeps its place, so that the
    // same keys stay refused and the Judge sees the same rows each time.
    std::vector<mysql::Key> failed;
    co_await reconcile_parts(batch, others, failed);
    co_await reconcile_parts(batch, involved, failed);
    context_.coordinator.complete_except(batch, failed);
    if (failed.size() == batch.keys.size()) {
        co_await async::sleep(kRefusedPause);
    }
}

async::awaitable<void> Replayer::reconcile_parts(
    const protocol::Batch& batch,
    const std::vector<mysql::Key>& keys,
    std::vector<mysql::Key>& failed
) {
    Bisection cut(keys.size(), kRefusedMax);
    bool deleted = false;
    while (const auto piece = cut.next()) {
        const protocol::Batch part = part_of(batch, keys, *piece);
        const auto failure = co_await attempt(part, true);
        if (!failure) {
            for (const mysql::Key& key : part.keys) {
                judge_.contest().settled(key);
            }
            cut.taken();
            continue;
        }
        if (!is_refusal(*failure)) {
            co_await get_over(*failure);
            cut.put_aside();
            continue;
        }
        if (!deleted) {
            context_.logger.debug("replay: {}; {} keys", failure->what(), part.keys.size());
            co_await delete_only(part);
            deleted = true;
        }
        if (part.keys.size() == 1) {
            judge_.contest().met(part.keys.front(), *failure, Clock::now());
        }
        cut.refused();
    }
    for (const std::size_t i : cut.offenders()) {
        failed.push_back(keys[i]);
    }
    for (const auto piece : cut.rest()) {
        append(failed, keys, piece);
    }
}

async::awaitable<void> Replayer::delete_only(const protocol::Batch& batch) {
    const auto failure = co_await attempt(batch, false);
    if (failure) {
        co_await get_over(*failure);  // the next turn deletes them
    }
}

async::awaitable<std::optional<Error>> Replayer::attempt_locked(
    sql::AsyncSession& session, const protocol::Batch& batch
) {
    try {
        auto work = [this, &batch](sql::Session& locked) {
            locked.execute(delete_statement(context_.tables, batch.keys, batch.confined_to));
            locked.execute(insert_statement(context_.tables, batch.keys, batch.confined_to));
        };
        co_await session.run(work);
    } catch (const Error& error) {
        co_return error;
    }
    co_return std::nullopt;
}

void Replayer::complete_locked(protocol::Batch batch) {
    // Nothing of the batch went to the state table, so it proves nothing as a fence.
    context_.coordinator.abandon_fence(batch.fence);
    batch.fence = {};
    context_.coordinator.complete(batch);
    for (const mysql::Key& key : batch.keys) {
        judge_.contest().settled(key);
    }
}

void Replayer::give_back(const std::vector<protocol::Batch>& batches) {
    for (const protocol::Batch& batch : batches) {
        context_.coordinator.give_back(batch);
    }
}

std::optional<protocol::Batch> Replayer::next_locked(std::vector<protocol::Batch>& waiting) {
    if (waiting.empty()) {
        return context_.coordinator.take_batch();
    }
    protocol::Batch batch = std::move(waiting.back());
    waiting.pop_back();
    return batch;
}

async::awaitable<bool> Replayer::turn_locked(
    sql::AsyncSession& session, Clock::time_point deadline, std::vector<protocol::Batch>& refused
) {
    std::vector<protocol::Batch> waiting;
    waiting.swap(refused);
    bool some_done = false;
    while (const auto batch = next_locked(waiting)) {
        std::optional<Error> failure;
        const bool late = Clock::now() > deadline;
        if (!late) {
            failure = co_await attempt_locked(session, *batch);
        }
        if (!late && !failure) {
            complete_locked(*batch);
            some_done = true;
            continue;
        }
        refused.push_back(*batch);
        if (late || !is_refusal(*failure)) {
            refused.insert(refused.end(), waiting.begin(), waiting.end());
            if (failure) {
                give_back(refused);
                throw *failure;
            }
            co_return false;
        }
    }
    co_return some_done && !refused.empty();
}

async::awaitable<bool> Replayer::drain_locked(
    sql::AsyncSession& session, Clock::time_point deadline
) {
    // A batch that is refused has its rows deleted all the same, and those of a later one may have
    // been in its way: so as long as anything moves, what was refused is tried again.
    std::vector<protocol::Batch> refused;
    while (co_await turn_locked(session, deadline, refused)) {
    }
    give_back(refused);
    co_return context_.coordinator.pending() == 0;
}

}  // namespace doppel::replay
