// SPDX-License-Identifier: Apache-2.0
//
// Random tables, rows, writers and ALTERs: what `doppel alter` makes of a table must be what the
// server makes of its twin.
#include "differential/minimize.hpp"
#include "differential/runner.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include <fmt/format.h>

namespace {

using namespace doppel::differential;

struct Options {
    std::uint64_t from = 1;
    std::uint64_t cases = 60;
    unsigned minimize_runs = 120;
    bool verbose = false;
};

constexpr std::uint64_t kCasesPerLine = 50;

constexpr const char* kUsage =
    "usage: differential [--cases N] [--from SEED] [--seed SEED] [--minimize RUNS] [--verbose]\n"
    "Runs the cases of N seeds from SEED on against a server of its own, or that of one SEED.\n"
    "Exit: 0 all agreed, 1 differences were found, 2 wrong command line.\n";

bool parse(int count, char** arguments, Options& options) {
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--verbose") {
            options.verbose = true;
            continue;
        }
        if (i + 1 >= count) {
            return false;
        }
        std::uint64_t value = 0;
        try {
            value = std::stoull(arguments[++i]);
        } catch (const std::exception&) {
            return false;
        }
        if (name == "--cases") {
            options.cases = value;
        } else if (name == "--from") {
            options.from = value;
        } else if (name == "--seed") {
            options.from = value;
            options.cases = 1;
        } else if (name == "--minimize") {
            options.minimize_runs = static_cast<unsigned>(value);
        } else {
            return false;
        }
    }
    return true;
}

class Totals final {
public:
    void count(const Outcome& outcome) {
        ++verdicts_[outcome.verdict];
        transactions_ += outcome.transactions;
        if (outcome.verdict == Verdict::refused) {
            ++refusals_[outcome.kind];
        }
        if (outcome.verdict == Verdict::unusable) {
            ++unusable_[outcome.detail];
        }
    }
    [[nodiscard]] unsigned of(Verdict verdict) { return verdicts_[verdict]; }
    void print() {
        fmt::print(
            "{} agreed, {} agreed to fail, {} refused, {} unusable, {} failed; {} concurrent "
            "transactions\n",
            of(Verdict::agreed),
            of(Verdict::agreed_to_fail),
            of(Verdict::refused),
            of(Verdict::unusable),
            of(Verdict::failed),
            transactions_
        );
        for (const auto& [why, times] : unusable_) {
            fmt::print("  unusable {} times: {}\n", times, why);
        }
        for (const auto& [check, times] : refusals_) {
            fmt::print("  refused {} times: {}\n", times, check);
        }
    }

private:
    std::map<Verdict, unsigned> verdicts_;
    std::map<std::string, unsigned> refusals_;
    std::map<std::string, unsigned> unusable_;
    unsigned transactions_ = 0;
};

void report(Runner& runner, const Program& program, const Outcome& outcome, unsigned runs) {
    fmt::print(
        "FAILED seed {}: {}\n{}\n{}\n",
        program.seed,
        outcome.kind,
        program.alter_sql("t"),
        outcome.detail
    );
    if (runs > 0) {
        fmt::print("smaller:\n{}\n", minimize(runner, program, outcome, runs).script());
    }
}

int run(const Options& options) {
    Runner runner;
    Totals totals;
    for (std::uint64_t seed = options.from; seed < options.from + options.cases; ++seed) {
        const Program program = random_program(seed);
        if (options.verbose) {
            fmt::print("seed {}:\n{}\n", seed, program.script());
        }
        const Outcome outcome = runner.run(program);
        totals.count(outcome);
        if (options.verbose) {
            fmt::print(
                "verdict {} {} {}\n",
                static_cast<int>(outcome.verdict),
                outcome.kind,
                outcome.detail
            );
        }
        if (outcome.verdict == Verdict::failed) {
            report(runner, program, outcome, options.minimize_runs);
        }
        if ((seed - options.from + 1) % kCasesPerLine == 0) {
            totals.print();
        }
        std::fflush(stdout);
    }
    totals.print();
    // A generator whose tables the server mostly refuses tests nothing.
    const bool worth = options.cases < 20 || 4 * totals.of(Verdict::agreed) >= options.cases;
    if (!worth) {
        fmt::print("too few cases agreed for this to mean anything\n");
    }
    return totals.of(Verdict::failed) == 0 && worth ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    if (!parse(count, arguments, options)) {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "differential: {}\n", error.what());
        return 1;
    }
}
