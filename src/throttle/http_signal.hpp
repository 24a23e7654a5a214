// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "async/worker.hpp"
#include "doppel/throttle.hpp"
#include "throttle/signal.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace doppel::throttle {

/// What asking a URL gave.
struct HttpAnswer {
    long status = 0;      ///< 0: none, `problem` says why
    std::string problem;  ///< without the URL, which may hold a password
};
/// One GET request; blocks for `limit` at most, the search for the address included. Follows no
/// redirections.
[[nodiscard]] HttpAnswer ask_url(const std::string& url, std::chrono::milliseconds limit);

/// --throttle-http: closed while the URL does not answer 200. Asked once a second.
class HttpSignal final : public Signal {
public:
    HttpSignal(const ThrottleOptions& options, async::Event& ended, const bool& stopping)
        : options_(options), ended_(ended), stopping_(stopping), last_good_(Clock::now()) {}

    async::awaitable<void> run();
    void report(Clock::time_point now, std::vector<Pressure>& pressures) const override;

private:
    const ThrottleOptions& options_;
    async::Event& ended_;
    const bool& stopping_;
    Clock::time_point last_good_;  ///< when it answered something
    std::string asked_;            ///< the URL that `answer_` is of
    HttpAnswer answer_;
    std::optional<long> last_status_;  ///< of the last answer; holds for the grace without one
    async::Worker worker_;             ///< last, so that its thread ends first
};

}  // namespace doppel::throttle
