// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/doppel/command_alter.hpp"

#include <string>
#include <vector>

namespace doppel::cli {

// `doppel pause`, `resume`, `cutover`, `abort` and `set`: a word to a running migration.
// `arguments` are the words after the command's own. Every error is on standard error when they
// return; they throw only what the caller cannot avoid, such as lack of memory.

[[nodiscard]] ExitCode command_pause(
    const std::vector<std::string>& arguments, const CommandContext& context
);
[[nodiscard]] ExitCode command_resume(
    const std::vector<std::string>& arguments, const CommandContext& context
);
[[nodiscard]] ExitCode command_cutover(
    const std::vector<std::string>& arguments, const CommandContext& context
);
[[nodiscard]] ExitCode command_abort(
    const std::vector<std::string>& arguments, const CommandContext& context
);
[[nodiscard]] ExitCode command_set(
    const std::vector<std::string>& arguments, const CommandContext& context
);

}  // namespace doppel::cli
