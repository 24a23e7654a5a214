// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doppel {

enum class MigrationState {
    none,        ///< there is no migration of the table
    preparing,   ///< a process checks, or makes its tables; no rows are copied yet
    running,     ///< a process runs it
    stopped,     ///< no process runs it; the same command goes on with it
    swapped,     ///< the table has its new definition; clean-up is left or under way
    unreadable,  ///< there is one, but what it recorded cannot be read; `problem` says why
};
/// "none" etc.; stable, part of the JSON interface.
[[nodiscard]] const char* to_string(MigrationState state);

/// How a migration was getting on when it last wrote that down, about once a second while it runs.
struct MigrationCheckpoint {
    double age_seconds = 0;
    std::string phase;  ///< a name of to_string(Phase); empty: none was written yet
    std::uint64_t rows_copied = 0;
    std::uint64_t rows_estimated = 0;  ///< 0: unknown
    double rows_per_second = 0;
    std::optional<double> eta_seconds;  ///< of the copy
    std::uint64_t keys_pending = 0;
    double feed_lag_seconds = 0;
    double copy_share = 1;             ///< see ThrottleState
    std::string throttle_reason = {};  ///< empty: nothing held it back
};

/// What a server shows of the migration of one table. Texts are empty where nothing is known.
struct MigrationStatus {
    MigrationState state = MigrationState::none;
    std::string table;  ///< schema.table, as are all tables here
    bool table_exists = true;
    /// The connection that holds the migration's lock on this server: a process runs it here.
    std::optional<std::uint64_t> connection;
    /// What it recorded was written at another server: this one is a replica, or took its place.
    /// Whether a process runs the migration there is told by the checkpoint's age only.
    bool other_server = false;
    std::string problem;

    // As recorded by the process that runs it or ran it last
    std::string statement;
    std::string host;
    std::uint64_t process_id = 0;
    std::string began_at;     ///< when that process took it up: UTC, ISO 8601
    std::string server_uuid;  ///< where it ran
    std::optional<MigrationCheckpoint> checkpoint;

    // Its tables that exist
    std::string shadow;
    std::string state_table;
    std::string old_table;  ///< the former table; only when swapped
    /// Tables that are not the migration's and have names that it needs.
    std::vector<std::string> in_the_way;
};

struct StatusResult {
    Outcome outcome;
    MigrationStatus status;  ///< when `outcome.ok`
};

/// Looks at what the migration of `table` ("db.t"; without a schema the connection's default one is
/// meant) has left on the server. Takes no lock, changes nothing, and needs SELECT on the schema
/// only. The table need not exist. `ok` also when there is no migration. Never throws for reasons
/// of the server or the name.
[[nodiscard]] StatusResult read_status(
    const std::string& table, const ConnectionOptions& connection, const Logger& logger
);

}  // namespace doppel
