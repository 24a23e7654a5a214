// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "doppel/options.hpp"

#include <optional>

namespace doppel::feed {

/// Opens the connection over which a run reads the binary log, which speaks TLS and authenticates
/// by other code than the SQL sessions, and closes it; takes connect_timeout at most. Gives what
/// the run would meet; nothing when all is well. The binary log is not asked for.
[[nodiscard]] std::optional<Error> connection_problem(const ConnectionOptions& connection);

}  // namespace doppel::feed
