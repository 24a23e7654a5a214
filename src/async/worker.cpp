// SPDX-License-Identifier: Apache-2.0
#include "async/worker.hpp"

namespace doppel::async {

Worker::Worker() = default;

Worker::~Worker() {
    thread_.join();
}

awaitable<void> Worker::perform(const std::function<void()>& call) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer done(executor, asio::steady_timer::time_point::max());
    std::exception_ptr error;
    bool finished = false;
    // Keeps the io_context running although nothing of it is waited for but a timer that never
    // expires.
    asio::post(thread_, [&, executor] {
        try {
            call();
        } catch (...) {
            error = std::current_exception();
        }
        asio::post(executor, [&] {
            finished = true;
            done.cancel();
        });
    });
    while (!finished) {
        boost::system::error_code ignored;
        co_await done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (error) {
        std::rethrow_exception(error);
    }
}

}  // namespace doppel::async
