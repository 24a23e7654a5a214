// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/simulate/options.hpp"

namespace doppel::simulate {

/// Runs the schedules and says how it went. False when one failed.
[[nodiscard]] bool run_schedules(const Options& options);
/// Prints every step of one schedule. False when it failed.
[[nodiscard]] bool trace_schedule(const Options& options, std::uint64_t seed);

}  // namespace doppel::simulate
