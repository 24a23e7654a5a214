// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/cleanup.hpp"
#include "tools/doppel/timestamp.hpp"

#include <string>

namespace doppel::cli {

/// What is to be removed and what stays, in some lines without the last line end.
[[nodiscard]] std::string cleanup_text(const CleanupPlan& plan);
/// "removed shop._t_new".
[[nodiscard]] std::string removed_text(const CleanupTable& table);

/// Lines for `--json`, as stable as the others (JsonRenderer).
///
/// event `cleanup`, before anything is removed: `table`, `swapped`, `statement`, `host`,
///   `process_id`, `began_at`; `remove`, an array of `kind` ("shadow", "old_table", "state"),
///   `table`, `rows_estimated`; `keep`, an array of `table`, `reason`.
/// event `removed`: `kind`, `table`.
[[nodiscard]] std::string cleanup_json(const CleanupPlan& plan, const WallClock& clock);
[[nodiscard]] std::string removed_json(const CleanupTable& table, const WallClock& clock);

}  // namespace doppel::cli
