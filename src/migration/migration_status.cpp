// SPDX-License-Identifier: Apache-2.0
#include "migration/migration_status.hpp"

#include "doppel/error.hpp"
#include "migration/verify_request.hpp"
#include "sql/primary.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Stage = Standing::Stage;

/// A process writes a checkpoint about once a second, and a replica may be a little behind.
constexpr double kFreshSeconds = 15;
constexpr std::chrono::minutes kSilenceMax{1};

MigrationState state_of(const Standing& standing, const MigrationStatus& status) {
    const bool fresh = status.checkpoint && status.checkpoint->age_seconds < kFreshSeconds;
    const bool runs = status.connection || (status.other_server && fresh);
    switch (standing.stage) {
        case Stage::unreadable:
            return MigrationState::unreadable;
        case Stage::swapped:
            return MigrationState::swapped;
        case Stage::running:
            return runs ? MigrationState::running : MigrationState::stopped;
        case Stage::begun:
        case Stage::preparing:
            return runs ? MigrationState::preparing : MigrationState::stopped;
        case Stage::none:
            break;
    }
    // A run that has made nothing yet has the lock.
    return runs ? MigrationState::preparing : MigrationState::none;
}

MigrationCheckpoint checkpoint_of(const Remains& remains, const checkpoint::Show& show) {
    MigrationCheckpoint checkpoint;
    checkpoint.age_seconds = std::max(0.0, remains.stored->age_seconds.value_or(0));
    checkpoint.phase = show.phase;
    checkpoint.rows_copied = show.rows_copied;
    checkpoint.rows_estimated = show.rows_estimated;
    checkpoint.rows_per_second = show.rows_per_second;
    checkpoint.eta_seconds = show.eta_seconds;
    checkpoint.keys_pending = show.keys_pending;
    checkpoint.feed_lag_seconds = show.feed_lag_seconds;
    checkpoint.copy_share = show.copy_share;
    checkpoint.throttle_reason = show.throttle_reason;
    return checkpoint;
}

void fill_record(const Standing& standing, MigrationStatus& status) {
    if (!standing.record) {
        return;
    }
    status.statement = standing.record->statement;
    status.host = standing.record->host;
    status.process_id = standing.record->process_id;
    status.began_at = standing.record->started_at;
}

void fill_tables(const Remains& remains, const Standing& standing, MigrationStatus& status) {
    const auto put = [&](const std::optional<schema::TableDefinition>& table,
                         bool of_migration,
                         std::string& field) {
        if (!table) {
            return;
        }
        if (of_migration) {
            field = table->name.str();
        } else {
            status.in_the_way.push_back(table->name.str());
        }
    };
    const Stage stage = standing.stage;
    put(remains.state, stage != Stage::none, status.state_table);
    const bool shadow_is_its =
        (stage == Stage::preparing && (!remains.shadow_has_rows || status.connection)) ||
        (stage == Stage::running && remains.shadow &&
         is_recorded_shadow(*remains.shadow, *standing.record));
    if (stage != Stage::unreadable) {
        put(remains.shadow, shadow_is_its, status.shadow);
    }
    if (stage == Stage::swapped) {
        put(remains.old_table, true, status.old_table);
    }
}

MigrationStatus look(const std::string& text, const ConnectionOptions& connection) {
    const auto table = parse_table_name(text, connection.default_schema);
    if (!table) {
        throw Error(Errc::usage, table.failure().message);
    }
    // A default schema that does not exist would end the connection.
    ConnectionOptions options = sql::find_primary_or_any(connection);
    options.default_schema.clear();
    sql::SessionSettings settings;
    settings.program_name = "doppel status";
    settings.statement_timeout = kSilenceMax;
    settings.statements = {"SET SESSION lock_wait_timeout = 10"};
    const auto session = sql::connect(options, settings);
    return describe(read_remains(*session, *table));
}

}  // namespace

MigrationStatus describe(const Remains& remains) {
    const Standing standing = judge_standing(remains);
    MigrationStatus status;
    status.table = remains.table.str();
    status.table_exists = remains.source.has_value();
    status.connection = remains.lock_holder;
    status.problem = standing.problem;
    fill_record(standing, status);
    if (standing.point) {
        status.server_uuid = standing.point->server.uuid;
        status.other_server = status.server_uuid != remains.server_uuid;
        status.checkpoint = checkpoint_of(remains, standing.show);
    }
    status.state = state_of(standing, status);
    fill_tables(remains, standing, status);
    return status;
}

}  // namespace doppel::migration

namespace doppel {

const char* to_string(MigrationState state) {
    switch (state) {
        case MigrationState::none:
            return "none";
        case MigrationState::preparing:
            return "preparing";
        case MigrationState::running:
            return "running";
        case MigrationState::stopped:
            return "stopped";
        case MigrationState::swapped:
            return "swapped";
        case MigrationState::unreadable:
            break;
    }
    return "unreadable";
}

StatusResult read_status(
    const std::string& table, const ConnectionOptions& connection, const Logger& logger
) {
    StatusResult result;
    result.outcome.ok = true;
    try {
        logger.debug("looking for a migration of {}", table);
        result.status = migration::look(table, connection);
    } catch (const Error& error) {
        result.outcome = Outcome{false, error.code(), error.what(), std::nullopt};
    } catch (const std::exception& error) {
        result.outcome = Outcome{
            false, Errc::failed, fmt::format("internal error: {}", error.what()), std::nullopt};
    }
    return result;
}

}  // namespace doppel
