// SPDX-License-Identifier: Apache-2.0
#include "async/task_group.hpp"

namespace doppel::async {

TaskGroup::TaskGroup(asio::any_io_executor executor, std::function<void()> on_failure)
    : executor_(executor), on_failure_(std::move(on_failure)), ended_(std::move(executor)) {}

void TaskGroup::spawn(awaitable<void> task) {
    ++running_;
    asio::co_spawn(executor_, std::move(task), [this](const std::exception_ptr& error) {
        --running_;
        if (error && !failure_) {
            failure_ = error;
            on_failure_();
        }
        ended_.notify();
    });
}

awaitable<void> TaskGroup::settle() {
    // The tasks' own waits are bounded; the hour is only the length of one look.
    while (running_ > 0) {
        co_await ended_.wait(std::chrono::hours(1));
    }
}

awaitable<void> TaskGroup::join() {
    co_await settle();
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

}  // namespace doppel::async
