// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/migration.hpp"
#include "tools/common/option_table.hpp"
#include "tools/common/settings.hpp"

namespace doppel::cli {

/// When a run holds itself back.
[[nodiscard]] OptionSection throttle_section();
/// How a run can be talked to while it goes on.
[[nodiscard]] OptionSection control_section();
/// Where a run can be talked to.
[[nodiscard]] OptionSection control_socket_section();

/// Puts what was given into `options`. Throws UsageError.
void apply_throttle_options(const Settings& settings, MigrationOptions& options);

}  // namespace doppel::cli
