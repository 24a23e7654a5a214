// SPDX-License-Identifier: Apache-2.0
//
// The indexes that were left out of the shadow are built when it is filled.
#include "migration/index_choice.hpp"
#include "migration/shadow_run.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{1'000};
/// A build should not take many times as long as the copy; if it does, it is begun again with twice
/// the time (sql::AsyncSession).
constexpr int kPatience = 4;

}  // namespace

async::awaitable<void> ShadowRun::build_indexes() {
    if (!job_.indexes) {
        co_return;
    }
    enter(Phase::indexing);
    tell_of_hold_up();
    const auto copy_took =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    index_session_ = sessions_.builder(kPatience * copy_took);
    co_await index_session_->reconnect(options_.reconnect_limit);
    index::IndexBuild build(build_context(), *index_session_);
    building_ = true;
    tasks_.spawn(end_build_on_stop());
    std::optional<Error> failure;
    try {
        co_await build.run(pace_.workers());
    } catch (const Error& error) {
        failure = error;
    }
    building_ = false;
    changed_.notify();
    if (failure) {
        throw *failure;
    }
    require_running();
}

void ShadowRun::tell_of_hold_up() {
    const auto replicas = throttle_.state().replicas;
    const bool some_count = std::any_of(
        replicas.begin(), replicas.end(), [](const ReplicaState& replica) { return replica.counts; }
    );
    // Who asked for this was told when the run began; else they have come since.
    if (!some_count || options_.index_build == IndexBuild::deferred) {
        return;
    }
    const index::Definitions& definitions = job_.indexes->definitions;
    const auto lines = [](const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    const auto indexes = lines(definitions.whole) - lines(definitions.bare);
    if (const auto told = hold_up_by_build(
            progress().rows_copied, static_cast<std::size_t>(indexes), throttle_.options()
        )) {
        notice(*told);
    }
}

index::BuildContext ShadowRun::build_context() {
    return {
        job_.tables.shadow,
        job_.indexes->definitions,
        job_.indexes->statement,
        job_.version,
        logger_,
        options_.reconnect_limit,
        [this] { return replayer_.pause(); },
        [this] { replayer_.resume(); },
        stopping_};
}

async::awaitable<void> ShadowRun::end_build_on_stop() {
    while (building_ && !stopping_) {
        co_await changed_.wait(kLook);
    }
    if (!building_ || index_session_->connection_id() == 0) {
        co_return;
    }
    const std::string kill = fmt::format("KILL QUERY {}", index_session_->connection_id());
    try {
        co_await finder_session_->execute(kill);  // its work has ended with the copy
    } catch (const Error& error) {
        logger_.debug("{}: {}", kill, error.what());
    }
}

}  // namespace doppel::migration
