// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/options.hpp"

#include <string>

namespace doppel {

/// A word to a running migration, over its Unix socket.
struct ControlRequest {
    /// "status", "pause", "resume", "cutover", "abort" or "set".
    std::string command;
    std::string name;   ///< with "set": of the setting, e.g. "max-lag"
    std::string value;  ///< with "set"
};

struct ControlResult {
    Outcome outcome;      ///< `message`: what was done, or why not
    std::string details;  ///< the whole answer as one JSON object; empty where there was none
};

/// Sends `request` to the run that migrates `table` ("db.t") on the server of `connection`, if this
/// machine has one of this user. The server is asked who it is, since several may be migrated here;
/// not so with `socket`, the path of the run's socket (MigrationOptions::control_socket). Blocks
/// for some seconds at most, beyond connecting. Errc::usage: a wrong name or value; Errc::refused:
/// there is no such run here. Never throws for reasons of the server or the run.
[[nodiscard]] ControlResult send_control(
    const std::string& table,
    const ConnectionOptions& connection,
    const std::string& socket,
    const ControlRequest& request,
    const Logger& logger
);

}  // namespace doppel
