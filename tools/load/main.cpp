// SPDX-License-Identifier: Apache-2.0
#include "doppel/error.hpp"
#include "tools/common/usage_error.hpp"
#include "tools/load/commands.hpp"
#include "tools/load/options.hpp"

#include <iostream>
#include <string>
#include <variant>
#include <vector>

namespace doppel::load {
namespace {

/// Exit codes.
constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

int perform(const CommandLine& line) {
    if (const auto* const prepare_options = std::get_if<PrepareOptions>(&line.command)) {
        prepare(line.connection, *prepare_options);
        return kDone;
    }
    if (const auto* const run_options = std::get_if<RunOptions>(&line.command)) {
        return run(line.connection, *run_options) ? kDone : kFailed;
    }
    if (const auto* const compare_options = std::get_if<CompareOptions>(&line.command)) {
        return compare(line.connection, *compare_options) ? kDone : kFailed;
    }
    std::cout << help_text();
    return kDone;
}

int run_main(const std::vector<std::string>& arguments) {
    try {
        return perform(parse_command_line(arguments));
    } catch (const cli::UsageError& error) {
        std::cerr << "load: " << error.what() << "\ntry: load help\n";
        return kUsage;
    } catch (const std::exception& error) {
        std::cerr << "load: " << error.what() << "\n";
        return kFailed;
    }
}

}  // namespace
}  // namespace doppel::load

int main(int argc, char** argv) {
    return doppel::load::run_main(std::vector<std::string>(argv + 1, argv + argc));
}
