// SPDX-License-Identifier: Apache-2.0
#include "replay/replayer.hpp"

#include "base/fault_point.hpp"
#include "mysql/reconcile_statement.hpp"
#include "sql/failure_kind.hpp"

#include <algorithm>
#include <utility>

namespace doppel::replay {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kLookAtRefused{50};
constexpr std::chrono::milliseconds kRefusedPause{50};

/// Not in the coroutine that uses it: g++ 12 destroys aggregate temporaries there twice.
protocol::Batch part_of(const protocol::Batch& batch, std::vector<mysql::Key> keys) {
    return {batch.number, std::move(keys), batch.confined_to, batch.fence};
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

Replayer::Replayer(
    ReplayContext context,
    const std::vector<std::unique_ptr<sql::AsyncSession>>& sessions,
    const std::vector<ReplayMarks>& marks
)
    : context_(std::move(context)),
      marks_(marks.front()),
      writer_(context_, *sessions.front()),
      judge_(judge_context(context_), *sessions.front()) {
    for (unsigned number = 1; number < sessions.size(); ++number) {
        helpers_.push_back(std::make_unique<Helper>(
            context_,
            *sessions[number],
            *sessions.front(),
            marks.at(number).rows_there,
            hooks(number)
        ));
    }
}

HelperHooks Replayer::hooks(unsigned number) {
    return {
        [this, number] { return take(number); },
        [this, number] { return may_work(number) && context_.coordinator.waiting() > 0; },
        [this](protocol::Batch batch) { handed_over_.push_back(std::move(batch)); },
        [this, number] { return held_back(number); },
        [this, number](std::chrono::microseconds time) { context_.gate.worked(number, time); }};
}

void Replayer::spawn(async::TaskGroup& tasks) {
    tasks.spawn(lead());
    for (const auto& helper : helpers_) {
        tasks.spawn(helper->run());
    }
}

bool Replayer::may_work(unsigned number) const {
    // While anything is refused, the order in which rows go and come is the lead's.
    const bool smooth = settled() && missing_.empty() && handed_over_.empty();
    return !paused_ && (number == 0 || (smooth && number < context_.balance.replayers()));
}

std::chrono::milliseconds Replayer::held_back(unsigned number) {
    return context_.gate.pause(number, context_.balance.replayers());
}

std::optional<protocol::Batch> Replayer::take(unsigned number) {
    if (!may_work(number) || held_back(number).count() > 0) {
        return std::nullopt;
    }
    if (!handed_over_.empty()) {
        protocol::Batch batch = std::move(handed_over_.back());
        handed_over_.pop_back();
        return batch;
    }
    return context_.coordinator.take_batch();
}

async::awaitable<void> Replayer::lead() {
    while (!context_.stopping) {
        auto batch = take(0);
        if (batch) {
            lead_busy_ = true;
            const auto began = Clock::now();
            co_await reconcile(std::move(*batch));
            context_.gate.worked(
                0, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began)
            );
            lead_busy_ = false;
            context_.changed.notify();
        }
        if (!paused_ && !settled()) {
            co_await look();
        }
        if (!batch) {
            const auto look = settled() ? kLook : kLookAtRefused;
            const auto held = held_back(0);
            co_await context_.changed.wait(held.count() > 0 ? std::min(held, look) : look);
        }
    }
}

async::awaitable<void> Replayer::look() {
    lead_busy_ = true;
    co_await judge_.look();
    lead_busy_ = false;
    if (paused_) {
        context_.changed.notify();
    }
}

bool Replayer::busy() const {
    return lead_busy_ || std::any_of(helpers_.begin(), helpers_.end(), [](const auto& helper) {
               return helper->busy();
           });
}

async::awaitable<void> Replayer::pause() {
    paused_ = true;
    while (busy() && !context_.stopping) {
        co_await context_.changed.wait(kLook);
    }
    // Whoever pauses reconciles all that is pending, so these as well.
    give_back(std::exchange(handed_over_, {}));
}

void Replayer::resume() {
    paused_ = false;
    context_.changed.notify();
}

const std::string& Replayer::mark(const std::vector<mysql::Key>& keys, bool there) const {
    const bool none_left = missing_.size() <= keys.size() &&
                           std::all_of(missing_.begin(), missing_.end(), [&](const auto& key) {
                               return std::find(keys.begin(), keys.end(), key) != keys.end();
                           });
    return there && none_left ? marks_.rows_there : marks_.rows_missing;
}

void Replayer::note_missing(const std::vector<mysql::Key>& keys) {
    missing_.insert(keys.begin(), keys.end());
}

async::awaitable<std::optional<Error>> Replayer::attempt(
    const protocol::Batch& batch, bool insert
) {
    if (!insert) {
        note_missing(batch.keys);  // also if it fails: whether it was committed may not be known
    }
    co_return co_await writer_.write(batch, insert, mark(batch.keys, insert));
}

async::awaitable<void> Replayer::reconcile(protocol::Batch batch) {
    const std::function<bool(const mysql::Key&)> is_involved = [this](const mysql::Key& key) {
        return !settled() && judge_.is_involved(key);
    };
    BatchTurn turn(batch.keys, is_involved, BatchTurn::kRefusedMax);
    while (auto step = turn.next()) {
        const protocol::Batch part = part_of(batch, std::move(step->keys));
        const auto failure = co_await attempt(part, step->inserts);
        if (!failure) {
            if (step->inserts) {
                settle(part.keys);
            }
            turn.committed();
        } else if (step->inserts && sql::is_refusal(*failure)) {
            context_.logger.debug("replay: {}; {} keys", failure->what(), part.keys.size());
            if (turn.refused()) {
                judge_.contest().met(part.keys.front(), *failure, Clock::now());
            }
        } else {
            co_await writer_.get_over(*failure);
            turn.failed();
        }
    }
    if (finish(batch, turn)) {
        co_await async::sleep(kRefusedPause);
    }
}

void Replayer::settle(const std::vector<mysql::Key>& keys) {
    for (const mysql::Key& key : keys) {
        judge_.contest().settled(key);
        missing_.erase(key);
    }
}

bool Replayer::finish(const protocol::Batch& batch, const BatchTurn& turn) {
    switch (turn.end()) {
        case BatchTurn::End::all:
            context_.coordinator.complete(batch);
            return false;
        case BatchTurn::End::none:
            context_.coordinator.give_back(batch);
            return false;
        case BatchTurn::End::some:
            break;
    }
    const std::vector<mysql::Key> failed = turn.failed_keys();
    context_.coordinator.complete_except(batch, failed);
    return failed.size() == batch.keys.size();
}

async::awaitable<std::optional<Error>> Replayer::attempt_locked(
    sql::AsyncSession& session, const protocol::Batch& batch
) {
    // A transaction's start would release the locks, so the rows are missing for a moment.
    note_missing(batch.keys);
    try {
        auto work = [this, &batch](sql::Session& locked) {
            locked.execute(marks_.rows_missing);
            locked.execute(mysql::delete_statement(context_.tables, batch.keys, batch.confined_to));
            base::fault_point("cutover.deleted_alone");
            locked.execute(mysql::insert_statement(context_.tables, batch.keys, batch.confined_to));
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
    settle(batch.keys);
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
        if (late || !sql::is_refusal(*failure)) {
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
