// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "tools/doppel/console.hpp"

namespace doppel::cli {

/// The library's log on standard error, through spdlog, with time (UTC) and level. `console` must
/// outlive the logger.
[[nodiscard]] Logger make_logger(LogLevel level, Console& console);

}  // namespace doppel::cli
