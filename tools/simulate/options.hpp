// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/rules.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doppel::simulate {

struct Options {
    simulation::Rules rules;
    std::uint64_t first = 1;
    std::uint64_t seeds = 0;
    unsigned threads = 1;
    std::optional<std::uint64_t> trace;  ///< the one seed to replay
    bool help = false;
};

/// Throws cli::UsageError.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments);
[[nodiscard]] std::string help_text();

}  // namespace doppel::simulate
