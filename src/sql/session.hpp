// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "sql/activity.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::sql {

/// A value as text; nothing for SQL NULL. Binary data is selected as HEX() by convention.
using Value = std::optional<std::string>;
using Row = std::vector<Value>;

struct Rows {
    std::vector<std::string> columns;
    std::vector<Row> rows;

    [[nodiscard]] bool empty() const noexcept { return rows.empty(); }
    /// The first column of the first row; nothing for no row or NULL.
    [[nodiscard]] Value scalar() const;
};

/// One connection for SQL statements. Blocking; used by one thread at a time. Every failure is a
/// doppel::Error: Errc::failed with the server's number where the server refused the statement,
/// with Errc::interrupted where the connection was lost or could not be made (is_connection_loss:
/// then it is unknown whether a statement in flight took effect, and the session is of no more
/// use).
class Session {
public:
    virtual ~Session() = default;

    /// Runs a statement; returns the affected rows. A result (ANALYZE TABLE, CALL) is dropped.
    virtual std::uint64_t execute(std::string_view statement) = 0;
    /// Runs a statement with a result and reads it whole. Callers bound it by LIMIT. Values are the
    /// server's text byte by byte, NULs included; BIT columns come as decimal numbers.
    virtual Rows query(std::string_view statement) = 0;
    /// CONNECTION_ID() of this connection, for KILL from another one.
    [[nodiscard]] virtual std::uint64_t connection_id() const = 0;
};

/// True when the connection is gone and the fate of the last statement unknown: client errors 2002,
/// 2003, 2006, 2013, 2026, 2027, 2055, server errors 1053, 1080, 1158..1161, 1184, 1927, 3168, 3169
/// and 4031 (MySQL manual, "Client Error Message Reference", "Server Error Message Reference").
[[nodiscard]] bool is_connection_loss(unsigned error_number);

/// For a session that may be idle for days.
inline constexpr const char* kKeepIdleConnection = "SET SESSION wait_timeout = 2147483";

/// What every session of ours sets right after connecting, beyond ConnectionOptions. Defaults are
/// right for the copy; the server's own defaults are meant where a value is empty.
struct SessionSettings {
    std::string program_name = "doppel";  ///< shown in performance_schema.session_connect_attrs
    std::vector<std::string> statements;  ///< run in order after connecting, e.g. SET statements
    /// The longest silence while the server works on a statement; then the connection counts as
    /// lost and the statement may still be running there. 0: no limit but TCP keepalive. Otherwise
    /// 1 s..24 h, rounded up to whole seconds.
    std::chrono::milliseconds statement_timeout{0};
    /// For statements that take as long as they take (see AsyncSession): one that is at work when
    /// its connection is lost is left to end by itself.
    bool leave_at_work = false;
    /// Counts what the session does; may be null.
    std::shared_ptr<Activity> activity;
};

/// Connects and applies the settings. Throws Error(interrupted) when the server cannot be reached
/// or has no connection free, Error(refused) when it refuses the account, the schema or TLS,
/// Error(usage) when the options contradict each other.
///
/// Every session speaks utf8mb4, is in autocommit mode, reports changed (not found) rows as
/// affected, takes one statement at a time, and never reads local files for LOAD DATA. Its
/// isolation level is REPEATABLE READ, set by the connector whatever the server's default is,
/// unless a statement of the settings changes it. Timeouts are rounded up to whole seconds.
/// `read_timeout` bounds writes and, for reads, see SessionSettings. Where the default schema is
/// empty, there is none.
///
/// TLS modes, as checked with Connector/C++ 1.1.12 on MariaDB Connector/C 3.3 (with Connector/C++ 9
/// they are exactly those of the `mysql` client):
/// - disabled: clear text. The server's RSA key protects a caching_sha2_password login; it is
///   asked for even without `get_server_public_key`, unless its path is given.
/// - preferred: TLS where the server offers it, but not through a Unix socket. No certificate is
///   checked.
/// - required: TLS or Error(refused). No certificate is checked.
/// - verify_ca: as required, and `ssl_ca` or `ssl_capath` must have issued the certificate.
/// - verify_identity: as verify_ca, and the certificate must name the host ("localhost" for a
///   Unix socket). The certificates that MySQL generates for itself name no host.
///
/// From preferred to verify_ca, the first session to a server makes an attempt that stops before
/// the password when the server has no TLS, so that the library cannot send it in clear text; that
/// attempt may be counted as an aborted connection by the server.
[[nodiscard]] std::unique_ptr<Session> connect(
    const ConnectionOptions& options, const SessionSettings& settings
);

}  // namespace doppel::sql
