// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/doppel/command_alter.hpp"

#include <string>
#include <vector>

namespace doppel::cli {

/// `doppel cleanup`: `arguments` are the words after "cleanup". Every error is on standard error
/// when it returns; throws only what the caller cannot avoid, such as lack of memory.
[[nodiscard]] ExitCode command_cleanup(
    const std::vector<std::string>& arguments, const CommandContext& context
);

}  // namespace doppel::cli
