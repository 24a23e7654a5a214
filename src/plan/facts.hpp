// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "mysql/server_version.hpp"
#include "plan/privileges.hpp"
#include "schema/table_definition.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doppel::plan {

/// Names of the tables a migration will make; in the source's schema, unquoted.
struct AuxiliaryNames {
    std::string shadow;
    std::string old_table;
    std::string state;
    std::string state_comment_prefix;  ///< how comments of our own state tables begin
};

/// Server variables the checks look at; the defaults are those of a server that passes.
struct ServerFacts {
    mysql::ServerVersion version;
    bool log_bin = true;
    bool session_sql_log_bin = true;
    std::string binlog_format = "ROW";          ///< global; "ROW" where the variable is gone
    std::string session_binlog_format = "ROW";  ///< of the session that reads the facts
    bool read_only = false;
    bool super_read_only = false;
    bool binlog_order_commits = true;
    /// A member of a group whose members all take writes (MySQL manual, "Multi-Primary Mode").
    bool multi_primary = false;
    bool is_replica = false;
    bool log_replica_updates = true;
    std::uint64_t max_allowed_packet_bytes = 64 * 1024 * 1024;
    unsigned innodb_force_recovery = 0;
    std::uint64_t max_user_connections = 0;  ///< of this account; 0: no limit
    /// Of a new session, in which a native ALTER would run.
    std::string sql_mode;
    std::string time_zone = "SYSTEM";
    std::string system_time_zone = "UTC";
    /// Free bytes of the disk that holds the table; nothing unless the server runs on this machine
    /// and its data directory can be looked at.
    std::optional<std::uint64_t> free_disk_bytes;
    std::vector<std::string> binlog_do_db;
    std::vector<std::string> binlog_ignore_db;
    /// False when the account may not ask for the binlog's status: filters are then unknown.
    bool binlog_status_known = true;
};

/// A table that has one of the auxiliary names already.
struct ExistingTable {
    std::string name;
    std::string comment;
};

/// Everything the checks judge, read at one moment. A value, so that checks are pure.
struct Facts {
    mysql::TableName table;  ///< as the statement names it
    AuxiliaryNames names;
    ServerFacts server;
    Privileges privileges;
    std::optional<schema::TableDefinition> source;  ///< nothing: no such table, or not visible
    std::vector<ExistingTable> existing;
    unsigned copy_sessions = 1;  ///< that the run wants
};

/// Asks the server. Changes nothing. Needs no privilege beyond connecting: what may not be seen is
/// noted as such. Throws what the session throws.
[[nodiscard]] Facts read_facts(
    sql::Session& session, const mysql::TableName& table, const AuxiliaryNames& names
);

}  // namespace doppel::plan
