// SPDX-License-Identifier: Apache-2.0
#include "throttle/heart.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIntervalMin{20};
constexpr milliseconds kIntervalMax{100};

double milliseconds_of(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

Heart::Heart(Context context, std::unique_ptr<Probe> probe, std::uint64_t numbers_used)
    : context_(std::move(context)),
      probe_(std::move(probe)),
      log_(numbers_used),
      latency_(Clock::now()) {}

milliseconds Heart::interval(const ThrottleOptions& options) {
    return options.max_lag ? std::clamp(*options.max_lag / 10, kIntervalMin, kIntervalMax)
                           : kIntervalMax;
}

bool Heart::measures_latency() const {
    return context_.options.max_commit_latency || context_.options.critical_commit_latency;
}

async::awaitable<void> Heart::run() {
    while (!context_.stopping) {
        const auto began = Clock::now();
        if (measures_latency() || context_.is_needed()) {
            co_await beat();
        } else {
            latency_.reset(began);
        }
        const auto next = began + interval(context_.options);
        const auto rest = std::chrono::ceil<milliseconds>(next - Clock::now());
        co_await context_.ended.wait(std::max(rest, milliseconds(1)));
    }
}

async::awaitable<void> Heart::beat() {
    const auto began = Clock::now();
    const std::string statement = context_.statement(log_.begin(began));
    std::optional<Error> failure;
    try {
        auto work = [&statement](sql::Session& session) { return session.execute(statement); };
        co_await probe_->run(work);
    } catch (const Error& error) {
        failure = error;
    }
    const auto now = Clock::now();
    if (failure) {
        context_.logger.debug("heartbeat: {}", failure->what());
        latency_.failed(failure->what());
    } else {
        log_.acknowledged(now);
        latency_.read(now, milliseconds_of(now - began));
    }
}

void Heart::report(Clock::time_point now, std::vector<Pressure>& pressures) const {
    if (!measures_latency()) {
        return;
    }
    const auto in_ms = [](const std::optional<milliseconds>& limit) {
        return limit ? std::optional(static_cast<double>(limit->count())) : std::nullopt;
    };
    pressures.push_back(judge(
        {"commit-latency",
         "commit-latency",
         "the commit of a heartbeat",
         "ms",
         "--max-commit-latency",
         "--critical-commit-latency",
         in_ms(context_.options.max_commit_latency),
         in_ms(context_.options.critical_commit_latency)},
        latency_,
        now,
        context_.options.grace
    ));
}

}  // namespace doppel::throttle
