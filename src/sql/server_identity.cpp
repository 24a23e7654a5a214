// SPDX-License-Identifier: Apache-2.0
#include "sql/server_identity.hpp"

#include "doppel/error.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

/// Uptime has whole seconds.
constexpr double kClockSlackSeconds = 3;
constexpr unsigned kReadsMax = 5;

double read_clock(Session& session) {
    const auto now = session.query("SELECT UNIX_TIMESTAMP(NOW(6))").scalar();
    return std::strtod(now.value_or("0").c_str(), nullptr);
}

/// Negative when the server's clock was set back to before its start; it is printed unsigned.
double read_uptime(Session& session) {
    const Rows uptime = session.query("SHOW GLOBAL STATUS LIKE 'Uptime'");
    if (uptime.empty()) {
        return 0;
    }
    const auto seconds = std::strtoull(uptime.rows[0].at(1).value_or("0").c_str(), nullptr, 10);
    return static_cast<double>(static_cast<std::int64_t>(seconds));
}

/// What the server's clock showed when it was started. It counts its uptime by the same clock, so
/// the difference stays what it was when that is set anew; only not while we read the two.
double read_start(Session& session) {
    double started_at = 0;
    for (unsigned i = 0; i < kReadsMax; ++i) {
        const double before = read_clock(session);
        started_at = before - read_uptime(session);
        if (std::abs(read_clock(session) - before) <= 1) {
            break;
        }
    }
    return started_at;
}

}  // namespace

ServerIdentity read_identity(Session& session) {
    const Row row =
        session
            .query(
                "SELECT @@GLOBAL.server_uuid, "
                "@@GLOBAL.innodb_flush_log_at_trx_commit = 1 AND @@GLOBAL.sync_binlog = 1"
            )
            .rows.at(0);
    ServerIdentity identity;
    identity.uuid = row.at(0).value_or("");
    identity.started_at = read_start(session);
    identity.durable = row.at(1).value_or("0") == "1";
    return identity;
}

bool is_same_start(const ServerIdentity& before, const ServerIdentity& now) {
    return before.uuid == now.uuid &&
           std::abs(now.started_at - before.started_at) <= kClockSlackSeconds;
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
