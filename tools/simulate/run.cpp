// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/run.hpp"

#include "simulation/schedule.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <limits>
#include <mutex>
#include <thread>

#include <fmt/format.h>

namespace doppel::simulate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

/// Hands out seeds in order; after a failure only those below the failed one, so that the first
/// failing seed does not depend on the threads.
class Crowd final {
public:
    explicit Crowd(const Options& options)
        : options_(options), next_(options.first), end_(options.first + options.seeds) {}

    void work() {
        std::uint64_t schedules = 0;
        std::uint64_t steps = 0;
        for (std::uint64_t seed = take(); seed != kNone; seed = take()) {
            simulation::Schedule schedule(seed, options_.rules);
            const std::string what = schedule.run();
            ++schedules;
            steps += schedule.steps();
            if (!what.empty()) {
                report(seed, what);
            }
        }
        schedules_ += schedules;
        steps_ += steps;
    }

    [[nodiscard]] std::uint64_t schedules() const { return schedules_; }
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    [[nodiscard]] std::uint64_t failed_seed() const { return failed_; }
    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    std::uint64_t take() {
        const std::uint64_t seed = next_.fetch_add(1);
        return seed < end_ && seed < failed_ ? seed : kNone;
    }

    void report(std::uint64_t seed, const std::string& what) {
        const std::lock_guard lock(mutex_);
        if (seed < failed_) {
            failed_ = seed;
            failure_ = what;
        }
    }

    const Options& options_;
    std::atomic<std::uint64_t> next_;
    const std::uint64_t end_;
    std::atomic<std::uint64_t> schedules_ = 0;
    std::atomic<std::uint64_t> steps_ = 0;
    std::mutex mutex_;  ///< failures are written one at a time
    std::atomic<std::uint64_t> failed_ = kNone;
    std::string failure_;
};

std::string trace_arguments(const Options& options, std::uint64_t seed) {
    std::string text = fmt::format("--trace {}", seed);
    if (!options.rules.exactly_comparable) {
        text += " --keys unordered";
    }
    for (const auto& rule : simulation::kRuleNames) {
        if (rule.rule == options.rules.left_out) {
            text += fmt::format(" --leave-out {}", rule.name);
        }
    }
    return text;
}

}  // namespace

bool run_schedules(const Options& options) {
    const auto started = Clock::now();
    Crowd crowd(options);
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < options.threads; ++i) {
        threads.emplace_back([&crowd] { crowd.work(); });
    }
    crowd.work();
    for (std::thread& thread : threads) {
        thread.join();
    }
    const double seconds =
        std::max(1e-6, std::chrono::duration<double>(Clock::now() - started).count());
    std::cout << fmt::format(
        "{} schedules, {} steps in {:.1f} s: {:.0f} schedules/s\n",
        crowd.schedules(),
        crowd.steps(),
        seconds,
        static_cast<double>(crowd.schedules()) / seconds
    );
    if (crowd.failed_seed() == kNone) {
        std::cout << "all ended with equal tables\n";
        return true;
    }
    std::cout << fmt::format("first failing seed {}: {}\n", crowd.failed_seed(), crowd.failure())
              << fmt::format(
                     "its steps: simulate {}\n", trace_arguments(options, crowd.failed_seed())
                 );
    return false;
}

bool trace_schedule(const Options& options, std::uint64_t seed) {
    std::size_t line = 0;
    simulation::Schedule schedule(seed, options.rules, [&line](const std::string& text) {
        std::cout << fmt::format("{:>5}  {}\n", ++line, text);
    });
    const std::string what = schedule.run();
    std::cout << fmt::format(
        "seed {}: {} steps, {}\n", seed, schedule.steps(), what.empty() ? "equal tables" : what
    );
    return what.empty();
}

}  // namespace doppel::simulate
