// SPDX-License-Identifier: Apache-2.0
#include "replay/replayer.hpp"

#include "replay/reconcile_statement.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::replay {
namespace {

using sql::FailureKind;

constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kConflictPause{10};
constexpr std::chrono::milliseconds kDuplicatePause{200};
/// Turns that a key may meet a duplicate, the feed having passed a fence in between.
constexpr unsigned kDuplicateTurnsMax = 40;

/// Leaves no transaction open; a connection that is lost has none.
void roll_back(sql::Session& session) {
    try {
        session.execute("ROLLBACK");
    } catch (const Error&) {  // NOLINT: the first error is the one to report
    }
}

/// Not in the coroutine that uses it: g++ 12 destroys aggregate temporaries there twice.
protocol::Batch single_key_batch(const protocol::Batch& batch, const mysql::Key& key) {
    return {batch.number, {key}, batch.confined_to, batch.fence};
}

}  // namespace

Replayer::Replayer(ReplayContext context, sql::AsyncSession& session, std::string fence_statement)
    : context_(std::move(context)),
      session_(session),
      fence_statement_(std::move(fence_statement)) {}

async::awaitable<void> Replayer::run() {
    while (!context_.stopping) {
        std::optional<protocol::Batch> batch;
        if (!paused_) {
            batch = context_.coordinator.take_batch();
        }
        if (!batch) {
            co_await context_.changed.wait(kLook);
            continue;
        }
        busy_ = true;
        co_await reconcile(std::move(*batch));
        busy_ = false;
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

async::awaitable<void> Replayer::reconcile(protocol::Batch batch) {
    std::optional<Error> failure;
    try {
        auto work = [this, &batch](sql::Session& session) {
            run_transaction(session, batch, true);
        };
        co_await session_.run(work);
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure) {
        context_.coordinator.complete(batch);
        if (!duplicates_.empty()) {
            for (const mysql::Key& key : batch.keys) {
                duplicates_.erase(key);
            }
        }
        co_return;
    }
    co_await recover(std::move(batch), *failure);
}

async::awaitable<void> Replayer::recover(protocol::Batch batch, Error error) {
    switch (sql::classify_write_failure(error)) {
        case FailureKind::connection_lost:
            context_.logger.warning("replay: lost the connection: {}", error.what());
            // Whether it was committed does not matter: the keys are reconciled again.
            co_await session_.reconnect(context_.reconnect_limit);
            context_.coordinator.give_back(batch);
            co_return;
        case FailureKind::conflict:
            context_.logger.debug("replay: {}; trying again", error.what());
            co_await async::sleep(kConflictPause);
            context_.coordinator.give_back(batch);
            co_return;
        case FailureKind::duplicate:
            break;
        case FailureKind::misfit:
        case FailureKind::other:
            throw_final(error);
    }
    context_.logger.debug("replay: {}; deleting only, {} keys", error.what(), batch.keys.size());
    if (batch.keys.size() == 1) {
        count_duplicate(batch.keys.front(), error);
    }
    bool lost = false;
    try {
        auto work = [this, &batch](sql::Session& session) {
            run_transaction(session, batch, false);
        };
        co_await session_.run(work);
    } catch (const Error& again) {
        const auto kind = sql::classify_write_failure(again);
        lost = kind == FailureKind::connection_lost;
        if (!lost && kind != FailureKind::conflict) {
            throw;
        }
    }
    if (lost) {
        co_await session_.reconnect(context_.reconnect_limit);
    }
    if (batch.keys.size() > 1) {
        const auto failed = co_await reconcile_one_by_one(batch);
        context_.coordinator.complete_except(batch, failed);
    } else {
        context_.coordinator.give_back(batch);
    }
    co_await async::sleep(kDuplicatePause);
    co_await context_.pass_fence();
}

void Replayer::throw_final(const Error& error) const {
    if (sql::classify_write_failure(error) == FailureKind::misfit) {
        throw sql::data_misfit("a row", context_.tables.source, error);
    }
    throw Error(error.code(), fmt::format("replay failed: {}", error.what()));
}

void Replayer::count_duplicate(const mysql::Key& key, const Error& error) {
    if (++duplicates_[key] < kDuplicateTurnsMax) {
        return;
    }
    throw sql::data_misfit(
        "the row " + context_.tables.shape.describe(key), context_.tables.source, error
    );
}

async::awaitable<std::vector<mysql::Key>> Replayer::reconcile_one_by_one(
    const protocol::Batch& batch
) {
    std::vector<mysql::Key> failed;
    for (const mysql::Key& key : batch.keys) {
        const protocol::Batch single = single_key_batch(batch, key);
        std::optional<Error> failure;
        try {
            auto work = [this, &single](sql::Session& session) {
                run_transaction(session, single, true);
            };
            co_await session_.run(work);
        } catch (const Error& error) {
            failure = error;
        }
        if (!failure) {
            duplicates_.erase(key);
            continue;
        }
        failed.push_back(key);
        switch (sql::classify_write_failure(*failure)) {
            case FailureKind::connection_lost:
                co_await session_.reconnect(context_.reconnect_limit);
                break;
            case FailureKind::conflict:
                break;
            case FailureKind::duplicate:
                count_duplicate(key, *failure);
                break;
            default:
                throw_final(*failure);
        }
    }
    co_return failed;
}

async::awaitable<bool> Replayer::drain_locked(
    sql::AsyncSession& session, std::chrono::steady_clock::time_point deadline
) {
    while (auto batch = context_.coordinator.take_batch()) {
        if (std::chrono::steady_clock::now() > deadline) {
            context_.coordinator.give_back(*batch);
            co_return false;
        }
        std::optional<Error> failure;
        try {
            auto work = [this, &batch](sql::Session& locked) {
                locked.execute(delete_statement(context_.tables, batch->keys, batch->confined_to));
                locked.execute(insert_statement(context_.tables, batch->keys, batch->confined_to));
            };
            co_await session.run(work);
        } catch (const Error& error) {
            failure = error;
        }
        if (failure) {
            context_.coordinator.give_back(*batch);
            switch (sql::classify_write_failure(*failure)) {
                case FailureKind::duplicate:
                    co_return false;
                case FailureKind::connection_lost:
                case FailureKind::conflict:
                    throw *failure;
                case FailureKind::misfit:
                case FailureKind::other:
                    throw_final(*failure);
            }
        }
        // Nothing of the batch went to the state table, so it proves nothing as a fence.
        auto done = *batch;
        context_.coordinator.abandon_fence(done.fence);
        done.fence = {};
        context_.coordinator.complete(done);
    }
    co_return context_.coordinator.pending() == 0;
}

}  // namespace doppel::replay
