// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "mysql/identifier.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace doppel::control {

/// Where sockets of this user's runs are: $XDG_RUNTIME_DIR/doppel, else for root /run/doppel, else
/// /tmp/doppel-UID.
[[nodiscard]] std::string runtime_directory();

/// Makes the folder if need be, 0700. Throws Error(refused) when it is not a folder of this user
/// that nobody else may use: somebody else may have made it first.
void require_directory(const std::string& path);
/// The same for a folder that a client finds; false: there is none.
[[nodiscard]] bool directory_exists(const std::string& path);

/// The socket of the run that migrates `table` on the server with this UUID: another one for each
/// server and table.
[[nodiscard]] std::string socket_path(
    const std::string& server_uuid, const mysql::TableName& table
);

/// Why a run could not listen at `path`; nothing if it can. A socket that is there is in nobody's
/// way. Changes nothing.
[[nodiscard]] std::optional<std::string> placement_problem(const std::string& path);
/// Errc::refused, with what to do.
[[nodiscard]] Error cannot_listen(const std::string& path, const std::string& why);

/// The longest path that a Unix socket may have.
inline constexpr std::size_t kPathMax = 107;

}  // namespace doppel::control
