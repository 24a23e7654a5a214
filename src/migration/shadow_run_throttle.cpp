// SPDX-License-Identifier: Apache-2.0
//
// How a run is held back, and by what it is ended when that is not enough.
#include "migration/shadow_run.hpp"

namespace doppel::migration {
namespace {

constexpr std::chrono::milliseconds kLook{200};

}  // namespace

throttle::Throttle::Context ShadowRun::throttle_context(const throttle::Orders& orders) {
    return {
        orders,
        sessions_.options(),
        sessions_.probe_settings(),
        job_.point.server.uuid,
        [this](std::uint64_t number) { return state_.beat_statement(number); },
        state_.beat_query(job_.run_id),
        job_.marks_used,
        changed_,
        [this](std::string message) { notice(std::move(message)); },
        logger_,
        executor_,
        stopping_};
}

async::awaitable<void> ShadowRun::watch_limits() {
    while (!stopping_) {
        // Once the swap is tried it is the shortest way out.
        if (throttle_.critical() && cutover_.fate() == cutover::Cutover::Fate::not_swapped) {
            throw *throttle_.critical();
        }
        co_await changed_.wait(kLook);
    }
}

}  // namespace doppel::migration
