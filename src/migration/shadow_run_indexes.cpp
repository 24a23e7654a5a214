// SPDX-License-Identifier: Apache-2.0
//
// The indexes that were left out of the shadow are built when it is filled.
#include "migration/shadow_run.hpp"

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
