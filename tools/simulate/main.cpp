// SPDX-License-Identifier: Apache-2.0
#include "tools/common/usage_error.hpp"
#include "tools/simulate/run.hpp"

#include <iostream>

namespace doppel::simulate {
namespace {

/// Exit codes.
constexpr int kEqual = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

int run_main(const std::vector<std::string>& arguments) {
    try {
        const Options options = parse_options(arguments);
        if (options.help) {
            std::cout << help_text();
            return kEqual;
        }
        const bool equal =
            options.trace ? trace_schedule(options, *options.trace) : run_schedules(options);
        return equal ? kEqual : kFailed;
    } catch (const cli::UsageError& error) {
        std::cerr << "simulate: " << error.what() << "\ntry: simulate --help\n";
        return kUsage;
    } catch (const std::exception& error) {
        std::cerr << "simulate: " << error.what() << "\n";
        return kFailed;
    }
}

}  // namespace
}  // namespace doppel::simulate

int main(int argc, char** argv) {
    return doppel::simulate::run_main(std::vector<std::string>(argv + 1, argv + argc));
}
