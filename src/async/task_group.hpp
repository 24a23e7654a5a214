// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/asio.hpp"
#include "async/event.hpp"

#include <exception>
#include <functional>

namespace doppel::async {

/// Owns coroutines: none runs without somebody who joins it. The first exception of a task is kept
/// and `on_failure` called once, so that the others can be told to stop. Used on the executor's
/// thread only. Must be joined before it is destroyed.
class TaskGroup final {
public:
    TaskGroup(asio::any_io_executor executor, std::function<void()> on_failure);

    void spawn(awaitable<void> task);
    /// Waits until all tasks have ended, then throws the first exception, if any.
    awaitable<void> join();
    /// Waits until all tasks have ended; never throws for them.
    awaitable<void> settle();
    [[nodiscard]] std::exception_ptr failure() const { return failure_; }

private:
    asio::any_io_executor executor_;
    std::function<void()> on_failure_;
    Event ended_;
    std::size_t running_ = 0;
    std::exception_ptr failure_;
};

}  // namespace doppel::async
