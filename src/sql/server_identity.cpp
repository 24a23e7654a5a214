// SPDX-License-Identifier: Apache-2.0
#include "sql/server_identity.hpp"

#include "doppel/error.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

/// Uptime has whole seconds.
constexpr double kClockSlackSeconds = 3;

}  // namespace

ServerIdentity read_identity(Session& session) {
    const Row row =
        session
            .query(
                "SELECT @@GLOBAL.server_uuid, UNIX_TIMESTAMP(NOW(6)), "
                "@@GLOBAL.innodb_flush_log_at_trx_commit = 1 AND @@GLOBAL.sync_binlog = 1"
            )
            .rows.at(0);
    const Rows uptime = session.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
    ServerIdentity identity;
    identity.uuid = row.at(0).value_or("");
    identity.started_at = std::strtod(row.at(1).value_or("0").c_str(), nullptr);
    if (!uptime.empty()) {
        identity.started_at -= std::strtod(uptime.rows[0].at(1).value_or("0").c_str(), nullptr);
    }
    identity.durable = row.at(2).value_or("0") == "1";
    return identity;
}

bool is_same_start(const ServerIdentity& before, const ServerIdentity& now) {
    return before.uuid == now.uuid && now.started_at <= before.started_at + kClockSlackSeconds;
}

void require_same_history(const ServerIdentity& before, const ServerIdentity& now) {
    if (before.uuid != now.uuid) {
        throw Error(
            Errc::displaced,
            fmt::format(
                "the connection now leads to another server ({} instead of {}), which may lack "
                "changes "
                "that were made before",
                now.uuid,
                before.uuid
            )
        );
    }
    if (!before.durable && !is_same_start(before, now)) {
        throw Error(
            Errc::failed,
            "the server was restarted, and with its settings (innodb_flush_log_at_trx_commit, "
            "sync_binlog) it may have lost changes that it had acknowledged"
        );
    }
}

}  // namespace doppel::sql
