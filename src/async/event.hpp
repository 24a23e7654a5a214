// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/asio.hpp"

#include <chrono>
#include <vector>

namespace doppel::async {

/// A condition variable for coroutines of one executor. Waiters check their condition, wait, and
/// check again: a notification may be for somebody else. Used on the executor's thread only; must
/// outlive its waiters.
class Event final {
public:
    explicit Event(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// Wakes all who wait now.
    void notify();
    /// Waits for a notification, for `limit` at most. Returns false when the limit came first.
    awaitable<bool> wait(std::chrono::milliseconds limit);

private:
    asio::any_io_executor executor_;
    std::vector<asio::steady_timer*> waiters_;  ///< each lives in the frame of its wait()
};

/// Waits until `condition` holds, looking again at every notification; false after `limit`.
template <class Condition>
awaitable<bool> wait_until(Event& event, Condition condition, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0) {
            co_return false;
        }
        co_await event.wait(left);
    }
    co_return true;
}

/// Pauses the calling coroutine.
awaitable<void> sleep(std::chrono::milliseconds time);

}  // namespace doppel::async
