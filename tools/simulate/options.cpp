// SPDX-License-Identifier: Apache-2.0
#include "tools/simulate/options.hpp"

#include "tools/common/quantity.hpp"
#include "tools/common/usage_error.hpp"

#include <algorithm>
#include <limits>
#include <sstream>
#include <string_view>
#include <thread>

#include <boost/program_options.hpp>
#include <fmt/format.h>

namespace doppel::simulate {
namespace {

namespace po = boost::program_options;
using simulation::LeftOut;

constexpr std::uint64_t kThreadsMax = 1'024;

std::string rule_names() {
    std::string names;
    for (const auto& rule : simulation::kRuleNames) {
        names += (names.empty() ? "" : ", ") + std::string(rule.name);
    }
    return names;
}

po::options_description description() {
    po::options_description options("Options");
    options.add_options()("help,h", "this text")(
        "seeds", po::value<std::string>()->default_value("100k"), "how many schedules to run"
    )("from", po::value<std::string>()->default_value("1"), "the first seed")(
        "keys",
        po::value<std::string>()->default_value("exact"),
        "exact: the client can compare keys; unordered: only the server can"
    )("leave-out",
      po::value<std::string>(),
      ("a rule to leave out, to see what needs it: " + rule_names()).c_str())(
        "trace", po::value<std::string>(), "print every step of this one seed"
    )("threads", po::value<std::string>(), "default: one per core");
    return options;
}

std::uint64_t number(const po::variables_map& values, const char* name, std::uint64_t largest) {
    const auto parsed = cli::parse_count(values[name].as<std::string>());
    if (!parsed || *parsed == 0 || *parsed > largest) {
        throw cli::UsageError(fmt::format("--{} must be a number from 1 to {}", name, largest));
    }
    return *parsed;
}

bool exactly_comparable(const std::string& keys) {
    if (keys != "exact" && keys != "unordered") {
        throw cli::UsageError("--keys must be exact or unordered");
    }
    return keys == "exact";
}

LeftOut left_out(const std::string& name) {
    const auto rule = simulation::find_rule(name);
    if (!rule) {
        throw cli::UsageError("--leave-out must be one of " + rule_names());
    }
    return *rule;
}

Options interpret(const po::variables_map& values) {
    constexpr auto kSeedMax = std::numeric_limits<std::uint64_t>::max() / 4;
    Options options;
    options.help = values.count("help") != 0;
    options.seeds = number(values, "seeds", kSeedMax);
    options.first = number(values, "from", kSeedMax);
    options.rules.exactly_comparable = exactly_comparable(values["keys"].as<std::string>());
    if (values.count("leave-out") != 0) {
        options.rules.left_out = left_out(values["leave-out"].as<std::string>());
    }
    if (options.rules.exactly_comparable && options.rules.left_out == LeftOut::confinement) {
        throw cli::UsageError("--leave-out confinement needs --keys unordered");
    }
    if (values.count("trace") != 0) {
        options.trace = number(values, "trace", kSeedMax);
    }
    options.threads = values.count("threads") != 0
                          ? static_cast<unsigned>(number(values, "threads", kThreadsMax))
                          : std::max(1U, std::thread::hardware_concurrency());
    return options;
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
    po::variables_map values;
    try {
        const po::positional_options_description no_positionals;
        po::store(
            po::command_line_parser(arguments)
                .options(description())
                .positional(no_positionals)
                .run(),
            values
        );
        po::notify(values);
    } catch (const po::error& error) {
        throw cli::UsageError(error.what());
    }
    return interpret(values);
}

std::string help_text() {
    std::ostringstream text;
    text << "simulate: runs random schedules of the copy and replay protocol against a server in "
            "miniature\n\n"
         << description()
         << "\nExit codes: 0 every schedule ended with equal tables, 1 one did not, 2 usage.\n";
    return text.str();
}

}  // namespace doppel::simulate
