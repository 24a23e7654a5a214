// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "estimate/duration.hpp"

#include <functional>

namespace doppel::dry_run {

/// Has the server compute checksums for some hundredths of a second, in one session and then in
/// `sessions` at a time, and tells its speed. Reads no table.
[[nodiscard]] estimate::Speed measure_speed(
    const ConnectionOptions& connection,
    unsigned sessions,
    const std::function<void()>& require_running
);

}  // namespace doppel::dry_run
