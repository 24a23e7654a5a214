// SPDX-License-Identifier: Apache-2.0
//
// How many keys a second replay reconciles with 1, 2 and 4 sessions, held against what the server
// does by itself: the same statements, made beforehand, one after the other over one session.
#include "bench/replay/bench_table.hpp"
#include "bench/replay/rounds.hpp"
#include "doppel/error.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace {

using doppel::bench::BenchTable;
using doppel::bench::Round;

constexpr const char* kUsage =
    "usage: bench/run-replay [options]\n"
    "Reconciles keys of a table whose rows were all changed: by the server's own rate for the "
    "same\n"
    "statements in one session, and by replay with 1, 2 and 4 sessions, in turns.\n"
    "  --rows N         rows of the table, and keys; default 100000\n"
    "  --indexes N      secondary indexes, 0 to 4; default 1\n"
    "  --batch-keys N   keys in a transaction; default 1000\n"
    "  --rounds N       how often each is measured; the median counts; default 3\n"
    "  --set STATEMENT  for each session, e.g. \"SET SESSION unique_checks = 0\"; more than once\n"
    "Exit: 0 measured, 1 something failed, 2 wrong command line.\n";

struct Options {
    std::uint64_t rows = 100'000;
    unsigned indexes = 1;
    std::size_t batch_keys = 1'000;
    unsigned rounds = 3;
    std::vector<std::string> settings;
};

bool parse(int count, char** arguments, Options& options) {
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        const std::string value = arguments[i + 1];
        if (name == "--set") {
            options.settings.push_back(value);
            continue;
        }
        const auto number = std::stoull(value);
        if (name == "--rows" && number > 0) {
            options.rows = number;
        } else if (name == "--indexes" && number <= 4) {
            options.indexes = static_cast<unsigned>(number);
        } else if (name == "--batch-keys" && number > 0) {
            options.batch_keys = number;
        } else if (name == "--rounds" && number > 0) {
            options.rounds = static_cast<unsigned>(number);
        } else {
            return false;
        }
    }
    return count % 2 == 1;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

doppel::ConnectionOptions connection() {
    doppel::ConnectionOptions options;
    options.host = environment("DOPPEL_HOST");
    options.port = static_cast<std::uint16_t>(std::stoul(environment("DOPPEL_PORT")));
    options.user = environment("DOPPEL_USER");
    options.password = environment("DOPPEL_PASSWORD");
    return options;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void measure(const Options& options) {
    BenchTable table(connection(), options.rows, options.indexes);
    std::map<std::pair<std::string, unsigned>, std::vector<double>> rates;
    for (unsigned i = 0; i < options.rounds; ++i) {
        for (const char* form : {"delete", "upsert"}) {
            for (const unsigned workers : {0U, 1U, 2U, 4U}) {
                const Round round{form, workers, options.batch_keys, options.settings};
                rates[{form, workers}].push_back(run_round(table, connection(), round, options.rows)
                );
            }
        }
    }
    fmt::print("| form | who | keys/s | of the server's own rate |\n|---|---|---|---|\n");
    for (const auto& [what, measured] : rates) {
        const auto& [form, workers] = what;
        const double alone = median(rates[{form, 0}]);
        fmt::print(
            "| {} | {} | {:.0f} | {:.2f} |\n",
            form,
            workers == 0 ? "the server alone" : fmt::format("{} sessions", workers),
            median(measured),
            median(measured) / alone
        );
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count == 2 && std::string(arguments[1]) == "--help") {
        fmt::print("{}", kUsage);
        return 0;
    }
    Options options;
    bool understood = false;
    try {
        understood = parse(count, arguments, options);
    } catch (const std::exception&) {  // NOLINT: what is no number is told below
    }
    if (!understood) {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    try {
        measure(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "replay_bench: {}\n", error.what());
        return 1;
    }
    return 0;
}
