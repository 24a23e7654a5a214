// SPDX-License-Identifier: Apache-2.0
//
// The indexes that were left out of the shadow are built when it is filled.
#include "migration/index_choice.hpp"
#include "migration/shadow_run.hpp"

#include <algorithm>

namespace doppel::migration {
namespace {

constexpr std::chrono::milliseconds kLook{1'000};

}  // namespace

async::awaitable<void> ShadowRun::build_indexes() {
    if (!job_.indexes) {
        co_return;
    }
    enter(Phase::indexing);
    tell_of_hold_up();
    index_session_ = sessions_.builder();
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
    if (!building_) {
        co_return;
    }
    auto interrupt = [this](sql::Session& session) { index_session_->interrupt(session); };
    try {
        co_await finder_session_->run(interrupt);  // its work has ended with the copy
    } catch (const Error& error) {
        logger_.debug("ending the build of the indexes: {}", error.what());
    }
}

}  // namespace doppel::migration
