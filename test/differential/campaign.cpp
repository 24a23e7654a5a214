// SPDX-License-Identifier: Apache-2.0
#include "differential/campaign.hpp"

#include "differential/minimize.hpp"

#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kCasesPerLine = 100;
/// Seeds that are run between two changes of the sql_mode.
constexpr std::uint64_t kBlock = 600;
/// From here on every feature of the list must have been met.
constexpr std::uint64_t kLongRun = 1500;
constexpr std::uint64_t kShortRun = 20;

const char* name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::agreed:
            return "agreed";
        case Verdict::agreed_to_fail:
            return "agreed to fail";
        case Verdict::refused:
            return "refused";
        case Verdict::unusable:
            return "unusable";
        case Verdict::failed:
            return "FAILED";
    }
    return "";
}

}  // namespace

Campaign::Campaign(const CampaignOptions& options) : options_(options), server_(options.server) {}

bool Campaign::run() {
    const auto started = Clock::now();
    const std::uint64_t end = options_.from + options_.cases;
    for (std::uint64_t block = options_.from; block < end; block += kBlock) {
        for (const ValueRules& rules :
             {ValueRules{false, false}, ValueRules{true, false}, ValueRules{false, true}}) {
            std::deque<std::uint64_t> seeds;
            for (std::uint64_t seed = block; seed < std::min(block + kBlock, end); ++seed) {
                if (rules_of(seed) == rules) {
                    seeds.push_back(seed);
                }
            }
            server_.set_sql_mode(sql_mode_of(rules));
            run_all(seeds);
        }
    }
    print_totals();
    const std::chrono::duration<double> taken = Clock::now() - started;
    fmt::print("exercised by cases that agreed:\n{}\n", coverage_.describe());
    fmt::print("{} cases in {:.1f} s\n", done_, taken.count());
    return worth() && verdicts_[Verdict::failed] == 0;
}

void Campaign::run_all(const std::deque<std::uint64_t>& seeds) {
    seeds_ = seeds;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options_.workers; ++i) {
        threads.emplace_back([this, i] { work(i); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    if (!broken_.empty()) {
        throw std::runtime_error(broken_);
    }
}

void Campaign::work(unsigned number) {
    try {
        Runner runner(server_, number);
        for (std::uint64_t seed = 0; next(seed);) {
            run_case(runner, seed);
        }
    } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        broken_ = error.what();
        seeds_.clear();
    }
}

bool Campaign::next(std::uint64_t& seed) {
    const std::lock_guard lock(mutex_);
    if (seeds_.empty() || verdicts_[Verdict::failed] >= options_.failures_max) {
        return false;
    }
    seed = seeds_.front();
    seeds_.pop_front();
    return true;
}

void Campaign::run_case(Runner& runner, std::uint64_t seed) {
    const auto started = Clock::now();
    const Program program = runner.choose(seed);
    const Outcome outcome = runner.run(program);
    if (options_.verbose) {
        const std::chrono::duration<double> taken = Clock::now() - started;
        const std::lock_guard lock(mutex_);
        fmt::print(
            "{}verdict of seed {} after {:.2f} s, {} transactions: {} {} {}\n",
            program.script(),
            seed,
            taken.count(),
            outcome.transactions,
            name_of(outcome.verdict),
            outcome.kind,
            outcome.detail
        );
    }
    count(outcome);
    if (outcome.verdict == Verdict::failed) {
        report(runner, program, outcome);
    }
    std::fflush(stdout);
}

void Campaign::count(const Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    ++verdicts_[outcome.verdict];
    transactions_ += outcome.transactions;
    if (outcome.verdict == Verdict::agreed) {
        coverage_.count(outcome.features);
    } else {
        const std::string why = outcome.kind.empty() ? outcome.detail : outcome.kind;
        ++reasons_[fmt::format("{}: {}", name_of(outcome.verdict), why)];
    }
    if (++done_ % kCasesPerLine == 0) {
        print_totals();
    }
}

void Campaign::report(Runner& runner, const Program& program, const Outcome& outcome) {
    const auto print = [this](const std::string& text) {
        const std::lock_guard lock(mutex_);
        fmt::print("{}", text);
        std::fflush(stdout);
    };
    print(fmt::format(
        "FAILED seed {}: {}\n{}\n{}\n",
        program.seed,
        outcome.kind,
        program.alter_sql("t"),
        outcome.detail
    ));
    if (options_.minimize_runs > 0) {
        const Program smaller = minimize(runner, program, outcome, options_.minimize_runs);
        print(fmt::format("smaller, of seed {}:\n{}\n", program.seed, smaller.script()));
    }
}

void Campaign::print_totals() {
    fmt::print(
        "{} cases: {} agreed, {} agreed to fail, {} refused, {} unusable, {} failed; {} concurrent "
        "transactions\n",
        done_,
        verdicts_[Verdict::agreed],
        verdicts_[Verdict::agreed_to_fail],
        verdicts_[Verdict::refused],
        verdicts_[Verdict::unusable],
        verdicts_[Verdict::failed],
        transactions_
    );
    for (const auto& [reason, times] : reasons_) {
        fmt::print("  {} times {}\n", times, reason);
    }
    std::fflush(stdout);
}

// A generator whose tables the server mostly refuses tests nothing.
bool Campaign::worth() {
    if (done_ >= kShortRun && 3 * verdicts_[Verdict::agreed] < 2 * done_) {
        fmt::print("too few cases agreed for this to mean anything\n");
        return false;
    }
    if (done_ < kLongRun) {
        return true;
    }
    const auto missing = coverage_.missing();
    if (!missing.empty()) {
        fmt::print("never exercised: {}\n", fmt::join(missing, ", "));
    }
    return missing.empty();
}

}  // namespace doppel::differential
