// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/doppel/command_alter.hpp"

#include <string>
#include <vector>

namespace doppel::cli {

/// Runs the command that the first word names.
[[nodiscard]] ExitCode dispatch(
    const std::vector<std::string>& arguments, const CommandContext& context
);

}  // namespace doppel::cli
