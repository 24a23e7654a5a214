// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/worker.hpp"
#include "doppel/error.hpp"
#include "doppel/options.hpp"
#include "sql/session.hpp"
#include "throttle/signal.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

namespace doppel::throttle {

/// A connection for short looks at one server, with a thread of its own. It connects when it is
/// used; one that was lost is made anew at the next use, a second later at the earliest. Nothing of
/// it ever ends a run: whoever uses it takes its errors for a value that cannot be read. Used by
/// one coroutine at a time.
class Probe final {
public:
    /// The longest silence of the server, and the longest time to connect.
    static constexpr std::chrono::seconds kPatience{2};

    /// `settings` without a timeout. `uuid`: of the server that is meant; empty: whichever answers.
    Probe(ConnectionOptions options, sql::SessionSettings settings, std::string uuid);

    /// Runs `work(Session&)` on the probe's thread; throws what it throws, and what connecting
    /// does.
    template <class Work>
    async::awaitable<std::invoke_result_t<Work&, sql::Session&>> run(Work work) {
        auto call = [this, &work]() -> std::invoke_result_t<Work&, sql::Session&> {
            sql::Session& session = require();
            try {
                return work(session);
            } catch (const Error& error) {
                note(error);
                throw;
            }
        };
        co_return co_await worker_.run(std::ref(call));
    }
    async::awaitable<sql::Rows> query(std::string statement);

    /// @@server_uuid of the server that it was connected to last; empty: none yet.
    [[nodiscard]] const std::string& uuid() const noexcept { return uuid_; }

private:
    [[nodiscard]] sql::Session& require();
    void connect();
    void note(const Error& error);

    ConnectionOptions options_;
    sql::SessionSettings settings_;
    std::string expected_uuid_;
    std::string uuid_;
    std::unique_ptr<sql::Session> session_;
    Clock::time_point next_try_;
    std::optional<Error> failure_;  ///< of the last try
    async::Worker worker_;          ///< last, so that its thread ends first
};

}  // namespace doppel::throttle
