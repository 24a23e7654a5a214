// SPDX-License-Identifier: Apache-2.0
#include "async/event.hpp"

namespace doppel::async {

void Event::notify() {
    for (asio::steady_timer* waiter : waiters_) {
        waiter->cancel();
    }
}

awaitable<bool> Event::wait(std::chrono::milliseconds limit) {
    asio::steady_timer timer(executor_, limit);
    waiters_.push_back(&timer);
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    std::erase(waiters_, &timer);
    co_return error == asio::error::operation_aborted;
}

awaitable<void> sleep(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace doppel::async
