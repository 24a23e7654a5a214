// SPDX-License-Identifier: Apache-2.0
#include "plan/facts.hpp"

#include "base/text.hpp"
#include "doppel/error.hpp"
#include "schema/reader.hpp"
#include "sql/server_role.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace doppel::plan {
namespace {

using mysql::quote_string;

constexpr std::array<unsigned, 2> kErrAccess{1045, 1227};

/// Variables by name; those the server does not know are missing.
using Variables = std::map<std::string, std::string>;

Variables read_variables(
    sql::Session& session, std::string_view scope, const std::vector<std::string_view>& names
) {
    std::string list;
    for (const std::string_view name : names) {
        list += list.empty() ? "" : ", ";
        list += quote_string(name);
    }
    const sql::Rows rows =
        session.query(fmt::format("SHOW {} VARIABLES WHERE Variable_name IN ({})", scope, list));
    Variables variables;
    for (const sql::Row& row : rows.rows) {
        variables[base::to_lower_ascii(row.at(0).value_or(std::string()))] =
            row.at(1).value_or(std::string());
    }
    return variables;
}

bool is_on(const Variables& variables, const std::string& name, bool otherwise) {
    const auto found = variables.find(name);
    if (found == variables.end()) {
        return otherwise;
    }
    return base::equals_ignore_case(found->second, "ON") || found->second == "1";
}

std::string text(const Variables& variables, const std::string& name, std::string otherwise) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::move(otherwise) : found->second;
}

std::uint64_t number(const Variables& variables, const std::string& name, std::uint64_t otherwise) {
    const std::string digits = text(variables, name, {});
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = error == std::errc() && end == digits.data() + digits.size();
    return whole && !digits.empty() ? value : otherwise;
}

// What the account may not ask for is no failure.
std::optional<sql::Rows> query_if_allowed(sql::Session& session, std::string_view statement) {
    try {
        return session.query(statement);
    } catch (const Error& error) {
        for (const unsigned denied : kErrAccess) {
            if (error.server_errno() == denied) {
                return std::nullopt;
            }
        }
        throw;
    }
}

std::string column(const sql::Rows& rows, std::string_view name) {
    for (std::size_t i = 0; i < rows.columns.size() && !rows.rows.empty(); ++i) {
        if (base::equals_ignore_case(rows.columns[i], name)) {
            return rows.rows.front().at(i).value_or(std::string());
        }
    }
    return {};
}

std::vector<std::string> split_list(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view name = base::trim(list.substr(0, comma));
        if (!name.empty()) {
            names.emplace_back(name);
        }
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
    return names;
}

void read_binlog_status(sql::Session& session, ServerFacts& facts) {
    const bool new_words = !facts.version.is_mariadb() && facts.version.at_least(8, 2);
    const auto status =
        query_if_allowed(session, new_words ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
    facts.binlog_status_known = status.has_value();
    if (status) {
        facts.binlog_do_db = split_list(column(*status, "Binlog_Do_DB"));
        facts.binlog_ignore_db = split_list(column(*status, "Binlog_Ignore_DB"));
    }
}

bool read_is_replica(sql::Session& session, const mysql::ServerVersion& version) {
    const bool new_words =
        version.is_mariadb() ? version.at_least(10, 5) : version.at_least(8, 0, 22);
    const auto status =
        query_if_allowed(session, new_words ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");
    return status && !status->empty();
}

mysql::ServerVersion read_version(sql::Session& session) {
    const std::string version = session.query("SELECT VERSION()").scalar().value_or(std::string());
    auto parsed = mysql::ServerVersion::parse(version);
    if (!parsed) {
        throw Error(Errc::refused, "the server's version '" + version + "' is not understood");
    }
    return *parsed;
}

ServerFacts read_server(sql::Session& session) {
    ServerFacts facts;
    facts.version = read_version(session);
    const Variables global = read_variables(
        session,
        "GLOBAL",
        {"log_bin",
         "binlog_format",
         "read_only",
         "super_read_only",
         "binlog_order_commits",
         "log_replica_updates",
         "log_slave_updates",
         "max_allowed_packet",
         "innodb_force_recovery",
         "group_replication_single_primary_mode",
         "system_time_zone"}
    );
    const Variables own = read_variables(
        session,
        "SESSION",
        {"sql_log_bin", "binlog_format", "max_user_connections", "sql_mode", "time_zone"}
    );
    facts.log_bin = is_on(global, "log_bin", true);
    facts.session_sql_log_bin = is_on(own, "sql_log_bin", true);
    facts.binlog_format = text(global, "binlog_format", "ROW");
    facts.session_binlog_format = text(own, "binlog_format", "ROW");
    // MariaDB 11.4 and later have words here: OFF, READ_ONLY, ..
    facts.read_only = !base::equals_ignore_case(text(global, "read_only", "OFF"), "OFF");
    facts.super_read_only = is_on(global, "super_read_only", false);
    facts.binlog_order_commits = is_on(global, "binlog_order_commits", true);
    facts.log_replica_updates =
        is_on(global, "log_replica_updates", true) && is_on(global, "log_slave_updates", true);
    facts.max_allowed_packet_bytes =
        number(global, "max_allowed_packet", facts.max_allowed_packet_bytes);
    facts.innodb_force_recovery = static_cast<unsigned>(number(global, "innodb_force_recovery", 0));
    facts.sql_mode = text(own, "sql_mode", {});
    facts.time_zone = text(own, "time_zone", "SYSTEM");
    facts.system_time_zone = text(global, "system_time_zone", {});
    facts.max_user_connections = number(own, "max_user_connections", 0);
    facts.multi_primary = !is_on(global, "group_replication_single_primary_mode", true) &&
                          sql::read_role(session).group.has_value();
    read_binlog_status(session, facts);
    facts.is_replica = !facts.log_replica_updates && read_is_replica(session, facts.version);
    return facts;
}

Privileges read_privileges(sql::Session& session) {
    std::vector<Grant> grants;
    for (const sql::Row& row : session.query("SHOW GRANTS").rows) {
        auto grant = parse_grant(row.at(0).value_or(std::string()));
        if (grant) {
            grants.push_back(*std::move(grant));
        }
    }
    const Variables global = read_variables(session, "GLOBAL", {"partial_revokes"});
    const sql::Value account = session.query("SELECT CURRENT_USER()").scalar();
    return {
        account.value_or(std::string()),
        std::move(grants),
        !is_on(global, "partial_revokes", false)};
}

std::vector<ExistingTable> read_existing(
    sql::Session& session, const std::string& schema, const AuxiliaryNames& names
) {
    const sql::Rows rows = session.query(fmt::format(
        "SELECT TABLE_NAME, TABLE_COMMENT FROM INFORMATION_SCHEMA.TABLES"
        " WHERE TABLE_SCHEMA = {} AND TABLE_NAME IN ({}, {}, {}) ORDER BY TABLE_NAME",
        quote_string(schema),
        quote_string(names.shadow),
        quote_string(names.old_table),
        quote_string(names.state)
    ));
    std::vector<ExistingTable> existing;
    for (const sql::Row& row : rows.rows) {
        existing.push_back({row.at(0).value_or(std::string()), row.at(1).value_or(std::string())});
    }
    return existing;
}

// The tablespace file itself tells that this is the server's data directory and not another
// machine's of the same name. Names are kept in the file system as they are when they need no
// escaping; others, and tables in a general tablespace, are simply not found.
std::optional<std::uint64_t> read_free_disk(sql::Session& session, const mysql::TableName& table) {
    const std::string folder = session.query("SELECT @@datadir").scalar().value_or(std::string());
    std::error_code error;
    const std::filesystem::path file =
        std::filesystem::path(folder) / table.schema / (table.table + ".ibd");
    if (folder.empty() || !std::filesystem::exists(file, error) || error) {
        return std::nullopt;
    }
    const std::filesystem::space_info space = std::filesystem::space(file, error);
    return error ? std::nullopt : std::optional<std::uint64_t>(space.available);
}

}  // namespace

Facts read_facts(
    sql::Session& session, const mysql::TableName& table, const AuxiliaryNames& names
) {
    Facts facts;
    facts.table = table;
    facts.names = names;
    facts.server = read_server(session);
    facts.privileges = read_privileges(session);
    facts.source = schema::read_table(session, table, facts.server.version);
    facts.server.free_disk_bytes = read_free_disk(session, table);
    facts.existing = read_existing(session, table.schema, names);
    return facts;
}

}  // namespace doppel::plan
