// SPDX-License-Identifier: Apache-2.0
//
// Copy and replay share the server: which of them gets how much of it.
#include "migration/shadow_run.hpp"

namespace doppel::migration {
namespace {

constexpr std::chrono::milliseconds kSteer{50};

}  // namespace

async::awaitable<void> ShadowRun::pause(std::chrono::milliseconds time) {
    co_await async::wait_until(
        ended_, [this] { return stopping_; }, time
    );
}

async::awaitable<void> ShadowRun::steer() {
    while (!stopping_) {
        co_await pause(kSteer);
        const protocol::Balance::State state{
            coordinator_.waiting(), coordinator_.counters().reconciled, handler_.is_full()};
        if (balance_.see(protocol::Balance::Clock::now(), state)) {
            logger_.debug(
                "{} keys wait: {} sessions reconcile, the copy works {:.0f} % of the time",
                state.waiting,
                balance_.replayers(),
                100 * balance_.copy_share()
            );
            changed_.notify();
        }
    }
}

}  // namespace doppel::migration
