// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/status.hpp"
#include "tools/doppel/json_line.hpp"
#include "tools/doppel/timestamp.hpp"

#include <string>

namespace doppel::cli {

/// Some lines without the last line end: a sentence that tells where the migration stands, what is
/// known about it, and what can be done. `live`: what the run itself answers, or null.
[[nodiscard]] std::string status_text(const MigrationStatus& status, const Json& live = nullptr);

/// One line for `--json`, as stable as the others (JsonRenderer): event `status`: `table`, `state`
/// (doppel::to_string(MigrationState)), `table_exists`, `running` (a process runs it),
/// `connection`, `other_server`, `problem`, `statement`, `host`, `process_id`, `began_at`,
/// `server_uuid`, `checkpoint` (null or an object of `age_seconds`, `phase`, `rows_copied`,
/// `rows_estimated`, `percent`, `rows_per_second`, `eta_seconds`, `keys_pending`,
/// `feed_lag_seconds`, `copy_share`, `throttle_reason`), `shadow`, `state_table`, `old_table`,
/// `in_the_way` (an array), `live` (what the run answers on its socket, or null). What is unknown
/// is null; rate and ETA are when nothing runs.
[[nodiscard]] std::string status_json(
    const MigrationStatus& status, const WallClock& clock, const Json& live = nullptr
);

}  // namespace doppel::cli
