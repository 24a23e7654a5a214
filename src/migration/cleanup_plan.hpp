// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "doppel/cleanup.hpp"
#include "migration/remains.hpp"

namespace doppel::migration {

/// What of the remains is the migration's and goes, in the order that is safe to stop in; or why
/// nothing may be touched. Pure.
[[nodiscard]] base::Result<CleanupPlan> plan_cleanup(const Remains& remains);

}  // namespace doppel::migration
