// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/cleanup.hpp"
#include "doppel/control.hpp"
#include "doppel/dry_run.hpp"
#include "doppel/migration.hpp"
#include "doppel/status.hpp"
#include "doppel/verify.hpp"
#include "tools/common/system.hpp"
#include "tools/doppel/console.hpp"
#include "tools/doppel/exit_code.hpp"
#include "tools/doppel/output.hpp"
#include "tools/doppel/timestamp.hpp"

#include <functional>
#include <istream>
#include <string>
#include <vector>

namespace doppel::cli {

/// `run_alter`, or a fake of it.
using RunAlter = std::function<Outcome(
    const std::string& statement,
    const ConnectionOptions& connection,
    const MigrationOptions& options,
    Observer& observer,
    const Logger& logger
)>;

/// `run_verify`, or a fake of it.
using RunVerify = std::function<Outcome(
    const VerifyRequest& request,
    const ConnectionOptions& connection,
    const VerifyOptions& options,
    Observer& observer,
    const Logger& logger
)>;

/// `read_status`, or a fake of it.
using ReadStatus = std::function<StatusResult(
    const std::string& table, const ConnectionOptions& connection, const Logger& logger
)>;

/// `run_cleanup`, or a fake of it.
using RunCleanup = std::function<Outcome(
    const std::string& table,
    const ConnectionOptions& connection,
    CleanupDialogue& dialogue,
    const Logger& logger
)>;

/// `send_control`, or a fake of it.
using SendControl = std::function<ControlResult(
    const std::string& table,
    const ConnectionOptions& connection,
    const std::string& socket,
    const ControlRequest& request,
    const Logger& logger
)>;

/// `run_dry`, or a fake of it.
using RunDry = std::function<DryRunResult(
    const std::string& statement,
    const ConnectionOptions& connection,
    const MigrationOptions& migration,
    const DryRunOptions& options,
    const Logger& logger
)>;

/// What the commands need of the world outside. All references must outlive the command.
struct CommandContext {
    System& system;
    Output& output;
    std::istream& input;
    bool interactive = false;  ///< standard output is a terminal that can redraw a line
    Console::Columns columns;
    WallClock clock;
    RunAlter run_alter;
    RunVerify run_verify = {};
    ReadStatus read_status = {};
    RunCleanup run_cleanup = {};
    bool can_ask = false;  ///< standard input and output are a terminal
    SendControl send_control = {};
    RunDry run_dry = {};
};

/// `doppel alter`: `arguments` are the words after "alter". Every error is on standard error when
/// it returns; throws only what the caller cannot avoid, such as lack of memory.
[[nodiscard]] ExitCode command_alter(
    const std::vector<std::string>& arguments, const CommandContext& context
);

}  // namespace doppel::cli
