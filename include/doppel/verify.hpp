// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/options.hpp"
#include "doppel/progress.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace doppel {

/// Which tables to compare, as the user writes them.
struct VerifyRequest {
    std::string first;  ///< "db.a"; without a schema the connection's default one is meant
    std::string second;
    /// "x=y, .." where column x of the first table is compared with y of the second; columns that
    /// are not named are compared by their names.
    std::string columns;
};

/// How tables are compared. Every field has a sane default.
struct VerifyOptions {
    std::size_t chunk_rows_max = 20'000;               ///< 10..1,000,000
    std::chrono::milliseconds chunk_time_target{100};  ///< for one comparison
    unsigned looks = 3;  ///< at rows that differ, as the tables may be changing
    std::chrono::milliseconds look_pause{200};
    std::size_t differences_max = 1'000;  ///< then the comparison is ended
    std::chrono::milliseconds progress_interval{1'000};
    /// A server that answers nothing for this long counts as lost.
    std::chrono::milliseconds silence_limit{60'000};  ///< 1 s..24 h
};

/// Compares two tables of one server by a key that both have, byte by byte, without locks; the
/// first one's values are converted as ALTER TABLE would where the types differ. Shows Progress,
/// Notice, Differences and Verified. `ok` when they are equal; Errc::failed when they differ,
/// Errc::usage and Errc::refused when they cannot be compared. Never throws for reasons of the
/// server or the request. A session's temporary table apart, nothing is written.
[[nodiscard]] Outcome run_verify(
    const VerifyRequest& request,
    const ConnectionOptions& connection,
    const VerifyOptions& options,
    Observer& observer,
    const Logger& logger
);

}  // namespace doppel
