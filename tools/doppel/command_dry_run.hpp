// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "tools/common/option_table.hpp"
#include "tools/common/settings.hpp"
#include "tools/doppel/command_frame.hpp"

#include <memory>
#include <optional>
#include <string>

namespace doppel::cli {

/// `--dry-run` and what goes with it, for `doppel alter`.
[[nodiscard]] OptionSection dry_run_section();

/// Nothing where no dry run is asked for. Throws UsageError.
[[nodiscard]] std::optional<DryRunOptions> dry_run_options(const Settings& settings);

/// What `doppel alter --dry-run` does. `failure_told` is set when the report says it all.
[[nodiscard]] CommandParts::Work dry_run_work(
    const CommandContext& context,
    std::string statement,
    MigrationOptions migration,
    DryRunOptions options,
    bool json,
    std::shared_ptr<bool> failure_told
);

}  // namespace doppel::cli
