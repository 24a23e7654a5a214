// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/migration.hpp"
#include "doppel/throttle.hpp"
#include "sql/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace doppel::migration {

/// To replicas the index build is one long event. Those count that a run watches
/// (throttle::find_replicas), and groups. Who may not see them is taken to have some.
[[nodiscard]] bool has_replicas(sql::Session& session);

/// Whether the user names replicas, of which the server need not know.
[[nodiscard]] inline bool names_replicas(const ThrottleOptions& options) {
    return !options.replicas.empty() || !options.may_vanish.empty();
}

/// What the building of so many indexes takes on a quiet server, about. A replica is behind by that
/// at least: the statement comes to it when it has ended here, and takes its time there again.
[[nodiscard]] std::chrono::milliseconds build_time(std::uint64_t rows, std::size_t indexes);

/// What to tell the user where replicas will be behind by more than --max-lag for that; nothing:
/// they will not, or there is no such limit. Pure.
[[nodiscard]] std::optional<std::string> hold_up_by_build(
    std::uint64_t rows, std::size_t indexes, const ThrottleOptions& options
);

/// What to do about it.
inline constexpr const char* kHoldUpHint =
    "--index-build=inline fills them with the copy, which heeds the limit";

/// Automatic: smaller tables are copied before it matters.
inline constexpr std::uint64_t kDeferredRowsLeast = 50'000;

/// Whether plain secondary indexes are built after the copy. Pure.
[[nodiscard]] constexpr bool builds_late(
    IndexBuild asked, std::uint64_t rows_estimated, bool replicas
) {
    return asked == IndexBuild::deferred ||
           (asked == IndexBuild::automatic && rows_estimated >= kDeferredRowsLeast && !replicas);
}

}  // namespace doppel::migration
