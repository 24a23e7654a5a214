// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/migration.hpp"
#include "doppel/progress.hpp"
#include "tools/doppel/exit_code.hpp"
#include "tools/doppel/output.hpp"
#include "tools/doppel/timestamp.hpp"

#include <optional>
#include <string>

namespace doppel::cli {

/// `--json`: one JSON object a line on standard output. A stable interface: fields are added, never
/// renamed or removed. Every object has `event` and `time` (UTC, ISO 8601); what is unknown is
/// null.
///
/// event `phase`: `phase`, a name of doppel::to_string(Phase).
/// event `progress`: `phase`; `rows_copied`, `rows_estimated`, `percent` (0..100), `chunks_copied`,
///   `rows_per_second`, `eta_seconds`, `events_seen`, `keys_pending`, `keys_reconciled`,
///   `keys_discarded`, `rows_verified`, `differences`, `repairs`, `feed_lag_seconds`,
///   `cutover_attempts`, `reconnects`, `elapsed_ms`.
/// event `notice`: `message`.
/// event `differences`, rows that differ from their copies: `table`, `count`, `keys` (an array, the
///   first ten), `action` ("none", "repairing", "stopping").
/// event `verified`, of `doppel verify`: `first`, `second`, `rows`, `differences`, `complete`
/// (false:
///   given up after so many differences).
/// event `findings`: `findings`, an array of `id`, `level` ("warning", "refusal"), `message`,
/// `hint`. event `summary`: `method` ("instant", "inplace", "shadow"), `table`, `old_table`,
///   `cutover_locked_us`, `progress` with the fields of the event of that name.
/// event `error`, always the last line of a run that failed: `code` ("failed", "usage", "refused",
///   "interrupted", "data_misfit", "stopped"), `exit_code`, `message`; where rows do not fit also
///   `constraint`, `columns`, `keys` and `search`, as in doppel::DataMisfit.
///
/// Progress lines get lost rather than hold up the run when the reader is slow; the others do not.
class JsonRenderer final : public Observer {
public:
    /// `output` must outlive the renderer.
    JsonRenderer(Output& output, WallClock clock);

    void on_event(const ProgressEvent& event) override;
    /// The run failed.
    void error(
        ExitCode code,
        const std::string& message,
        const std::optional<DataMisfit>& misfit = std::nullopt
    );

private:
    Output& output_;
    WallClock clock_;
};

}  // namespace doppel::cli
