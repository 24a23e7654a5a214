// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/migration.hpp"
#include "mysql/server_version.hpp"
#include "sql/session.hpp"

#include <cstdint>

namespace doppel::migration {

/// To replicas the index build is one long event. Who may not see them is taken to have some.
[[nodiscard]] bool has_replicas(sql::Session& session, const mysql::ServerVersion& version);

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
