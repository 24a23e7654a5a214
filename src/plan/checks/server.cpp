// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "plan/checks/checks_list.hpp"
#include "schema/table_definition.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace doppel::plan::checks {
namespace {

constexpr std::uint64_t kPacketBytesMin = 1024 * 1024;

void refuse(Findings& findings, std::string id, std::string message, std::string hint) {
    findings.push_back({std::move(id), Finding::Level::refusal, std::move(message), std::move(hint)}
    );
}

bool is_row(std::string_view format) {
    return base::equals_ignore_case(format, "ROW");
}

// With row format the filters apply to the schema of the table that changed (MySQL manual,
// "Evaluation of Database-Level Replication and Binary Logging Options").
bool hidden_by_filters(const ServerFacts& server, const std::string& schema) {
    const auto same = [&](const std::string& name) {
        return schema::same_identifier(name, schema);
    };
    const auto& wanted = server.binlog_do_db;
    const auto& ignored = server.binlog_ignore_db;
    return (!wanted.empty() && std::none_of(wanted.begin(), wanted.end(), same)) ||
           std::any_of(ignored.begin(), ignored.end(), same);
}

}  // namespace

void server_is_supported(const Facts& facts, const AlterStatement&, Findings& findings) {
    const mysql::ServerVersion& version = facts.server.version;
    if (version.is_mariadb()) {
        refuse(
            findings,
            "mariadb-not-supported",
            fmt::format("the server is MariaDB {}, which is not supported yet", version.str()),
            "use a MySQL server from 8.0.13 on"
        );
    } else if (!version.at_least(8, 0, 13)) {
        refuse(
            findings,
            "version-not-supported",
            fmt::format("the server is MySQL {}, which is not supported yet", version.str()),
            "use a MySQL server from 8.0.13 on: earlier ones cannot rename a table that is locked"
        );
    }
}

void server_is_writable(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (facts.server.read_only || facts.server.super_read_only) {
        refuse(
            findings,
            "read-only",
            fmt::format(
                "the server is read-only ({}=ON)",
                facts.server.super_read_only ? "super_read_only" : "read_only"
            ),
            "connect to the primary"
        );
    }
    if (facts.server.multi_primary) {
        refuse(
            findings,
            "multi-primary",
            "the server is a member of a group in which all members take writes, and a table that "
            "others change at the same time cannot be swapped in one place",
            "switch the group to single-primary mode (group_replication_switch_to_single_primary_"
            "mode)"
        );
    }
    if (facts.server.innodb_force_recovery > 0) {
        refuse(
            findings,
            "force-recovery",
            fmt::format(
                "the server runs with innodb_force_recovery={}", facts.server.innodb_force_recovery
            ),
            "repair the server first"
        );
    }
}

void binlog_tells_all(const Facts& facts, const AlterStatement&, Findings& findings) {
    const ServerFacts& server = facts.server;
    if (!server.log_bin) {
        refuse(
            findings,
            "binlog-off",
            "the server writes no binary log (log_bin=OFF), so changes during the copy cannot be "
            "followed",
            "start the server with log_bin"
        );
    }
    if (!server.session_sql_log_bin) {
        refuse(
            findings,
            "binlog-session-off",
            "the session writes no binary log (sql_log_bin=0)",
            "do not set sql_log_bin=0 in init_connect or for this account"
        );
    }
    if (!is_row(server.binlog_format) || !is_row(server.session_binlog_format)) {
        refuse(
            findings,
            "binlog-format",
            fmt::format(
                "binlog_format is {} globally and {} for new sessions of this account, not ROW",
                server.binlog_format,
                server.session_binlog_format
            ),
            "SET GLOBAL binlog_format = 'ROW', and let the applications connect again: open "
            "connections "
            "keep their format"
        );
    }
    if (server.is_replica && !server.log_replica_updates) {
        refuse(
            findings,
            "replica-updates-not-logged",
            "the server is a replica and does not log what it replicates "
            "(log_replica_updates=OFF), so "
            "those changes cannot be followed",
            "connect to the primary, or start the replica with log_replica_updates"
        );
    }
}

void binlog_keeps_commit_order(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (!facts.server.binlog_order_commits) {
        refuse(
            findings,
            "binlog-order-commits",
            "binlog_order_commits is OFF, which is not supported yet: a change could be seen in "
            "the "
            "binary log long before it can be read",
            "SET GLOBAL binlog_order_commits = ON"
        );
    }
}

void binlog_filters(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (hidden_by_filters(facts.server, facts.table.schema)) {
        refuse(
            findings,
            "binlog-filter",
            fmt::format(
                "binlog_do_db or binlog_ignore_db keeps schema `{}` out of the binary log",
                facts.table.schema
            ),
            "start the server without the filter"
        );
    } else if (!facts.server.binlog_do_db.empty() || !facts.server.binlog_ignore_db.empty()) {
        // DDL is filtered by the default schema of the session, whatever its table's schema is
        // (same section): USE ignored; TRUNCATE shop.t leaves no trace.
        refuse(
            findings,
            "binlog-filter",
            fmt::format(
                "binlog_do_db or binlog_ignore_db is set: a TRUNCATE or ALTER of {} by a session "
                "whose default schema is filtered would not be in the binary log",
                facts.table.str()
            ),
            "start the server without the filter"
        );
    }
}

void packet_size(const Facts& facts, const AlterStatement&, Findings& findings) {
    if (facts.server.max_allowed_packet_bytes < kPacketBytesMin) {
        findings.push_back(
            {"small-packets",
             Finding::Level::warning,
             fmt::format(
                 "max_allowed_packet is {} bytes; small batches make replay slow, and rows close "
                 "to it "
                 "may not be replayed at all",
                 facts.server.max_allowed_packet_bytes
             ),
             "SET GLOBAL max_allowed_packet = 67108864"}
        );
    }
}

}  // namespace doppel::plan::checks
