// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "tools/load/options.hpp"

namespace doppel::load {

/// Creates the schema if it is missing, the table, and its twin, and fills both with the same rows,
/// which depend on nothing but the number of rows. Throws Error.
void prepare(const ConnectionOptions& connection, const PrepareOptions& options);

/// Runs the write load until its duration is over or SIGINT or SIGTERM came, and prints a line for
/// each interval and a summary. False when a statement failed with anything but a deadlock or a
/// lock wait timeout. Throws Error when it cannot start.
[[nodiscard]] bool run(const ConnectionOptions& connection, const RunOptions& options);

/// True when both tables hold the same rows and have the same definition; otherwise prints where
/// they differ. Throws Error.
[[nodiscard]] bool compare(const ConnectionOptions& connection, const CompareOptions& options);

}  // namespace doppel::load
