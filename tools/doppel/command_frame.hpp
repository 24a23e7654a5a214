// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/common/settings.hpp"
#include "tools/doppel/command_alter.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace doppel::cli {

/// What a command that works on a server has of its own; the rest is the same for all: --help and
/// --version, option files, warnings, the connection, text or JSON, the log, errors, exit codes.
struct CommandParts {
    using Work = std::function<
        Outcome(const ConnectionOptions& connection, Observer& observer, const Logger& logger)>;

    OptionTable options;       ///< of the command line
    OptionTable file_options;  ///< that option files may have
    std::function<std::string(const OptionTable& options)> help;
    /// Checks what was asked for, by UsageError, and gives what is to be done.
    std::function<Work(const Settings& settings)> prepare;
    /// Set by the work when its own JSON object tells the failure that it returns.
    std::shared_ptr<bool> failure_told = nullptr;
};

/// Every error is on standard error when it returns; throws only what the caller cannot avoid, such
/// as lack of memory.
[[nodiscard]] ExitCode run_command(
    const CommandParts& parts,
    const std::vector<std::string>& arguments,
    const CommandContext& context
);

}  // namespace doppel::cli
