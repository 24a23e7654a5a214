// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/status.hpp"
#include "migration/remains.hpp"

namespace doppel::migration {

/// What there is, in the user's words. Pure.
[[nodiscard]] MigrationStatus describe(const Remains& remains);

}  // namespace doppel::migration
