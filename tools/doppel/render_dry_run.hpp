// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "tools/doppel/timestamp.hpp"

#include <string>

namespace doppel::cli {

/// A dry run for people; ends with a line end.
[[nodiscard]] std::string dry_run_text(const DryRunReport& report);
/// The one object of `--dry-run --json`; docs/dry-run.md has every key. A stable interface: keys
/// are added, never renamed or removed.
[[nodiscard]] std::string dry_run_json(
    const DryRunReport& report, const Outcome& outcome, const WallClock& clock
);

}  // namespace doppel::cli
