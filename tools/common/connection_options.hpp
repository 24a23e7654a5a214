// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "tools/common/option_table.hpp"
#include "tools/common/settings.hpp"
#include "tools/common/system.hpp"

namespace doppel::cli {

/// The connection options of the mysql client with its names and meaning (MySQL manual, "Command
/// Options for Connecting to the Server" and "Command-Line Options that Affect Option-File
/// Handling").
[[nodiscard]] OptionSection connection_section();
[[nodiscard]] OptionSection option_file_section();

/// How to reach the server. Over the defaults stands the environment (MYSQL_HOST, MYSQL_TCP_PORT,
/// MYSQL_UNIX_PORT, MYSQL_PWD), over it `settings`. As in the mysql client, the host "localhost"
/// means the Unix socket unless the protocol says TCP; `socket` is filled exactly when the socket
/// is to be used. May ask for the password on the terminal. Appends warnings to `settings`. Throws
/// UsageError.
[[nodiscard]] ConnectionOptions resolve_connection(Settings& settings, System& system);

}  // namespace doppel::cli
