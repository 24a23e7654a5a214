// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/runner.hpp"

namespace doppel::differential {

/// A smaller program that fails in the same way, by leaving out the writer, clauses, rows, indexes
/// and columns, with at most `runs` runs.
[[nodiscard]] Program minimize(
    Runner& runner, Program program, const Outcome& outcome, unsigned runs
);

}  // namespace doppel::differential
