// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/asio.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>

#include <boost/asio/thread_pool.hpp>

namespace doppel::async {

/// A thread for blocking calls, and the one bridge between coroutines and such calls. One call at a
/// time. The coroutine waits without occupying its thread; the call is not cancelled by anything,
/// so what it does must be bounded (statement timeouts, KILL QUERY from elsewhere).
class Worker final {
public:
    Worker();
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Runs `work` on the worker's thread and returns its result or throws its exception.
    template <class Work>
    awaitable<std::invoke_result_t<Work>> run(Work work) {
        using R = std::invoke_result_t<Work>;
        if constexpr (std::is_void_v<R>) {
            std::function<void()> call = std::ref(work);
            co_await perform(call);
        } else {
            std::optional<R> result;
            std::function<void()> call = [&work, &result] { result.emplace(work()); };
            co_await perform(call);
            co_return std::move(*result);
        }
    }

private:
    /// `call` lives in the caller's frame, which waits here.
    awaitable<void> perform(const std::function<void()>& call);

    asio::thread_pool thread_{1};
};

}  // namespace doppel::async
