// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/doppel/command_alter.hpp"

#include <string>
#include <vector>

namespace doppel::cli {

/// `doppel status`: `arguments` are the words after "status". Every error is on standard error when
/// it returns; throws only what the caller cannot avoid, such as lack of memory.
[[nodiscard]] ExitCode command_status(
    const std::vector<std::string>& arguments, const CommandContext& context
);

}  // namespace doppel::cli
