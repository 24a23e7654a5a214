// SPDX-License-Identifier: Apache-2.0
#include "sql/server_role.hpp"

#include "doppel/error.hpp"
#include "mysql/identifier.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace doppel::sql {
namespace {

constexpr unsigned kSyntaxError = 1064;

/// The server does not know what is asked for, or the account may not see it.
bool is_hidden(const Error& error) {
    constexpr std::array kNumbers{
        1044U,  // ER_DBACCESS_DENIED_ERROR
        1049U,  // ER_BAD_DB_ERROR
        1054U,  // ER_BAD_FIELD_ERROR: before MySQL 8.0.2 members have no role
        1142U,  // ER_TABLEACCESS_DENIED_ERROR
        1146U,  // ER_NO_SUCH_TABLE
        1193U,  // ER_UNKNOWN_SYSTEM_VARIABLE
    };
    return std::find(kNumbers.begin(), kNumbers.end(), error.server_errno()) != kNumbers.end();
}

std::optional<Rows> query_if_shown(Session& session, std::string_view statement) {
    try {
        return session.query(statement);
    } catch (const Error& error) {
        if (!is_hidden(error)) {
            throw;
        }
        return std::nullopt;
    }
}

std::size_t number(const Value& value) {
    return std::stoul(value.value_or("0"));
}

}  // namespace

bool ServerRole::takes_writes() const {
    return hindrance().empty();
}

std::string ServerRole::hindrance() const {
    if (group && !group->online) {
        return "has left its group";
    }
    if (read_only) {
        return "is read-only";
    }
    if (group && !group->has_majority()) {
        return "has lost the majority of its group";
    }
    return {};
}

std::optional<GroupView> read_group(Session& session) {
    const auto rows = query_if_shown(
        session,
        "SELECT COALESCE(SUM(MEMBER_ID = @@GLOBAL.server_uuid AND MEMBER_STATE = 'ONLINE'), 0), "
        "COUNT(*), COALESCE(SUM(MEMBER_STATE = 'UNREACHABLE'), 0), "
        "COALESCE(SUM(MEMBER_ROLE = 'PRIMARY'), 0), "
        "COALESCE(SUM(MEMBER_STATE <> 'OFFLINE'), 0) "
        "FROM performance_schema.replication_group_members"
    );
    // A server with the plugin that is in no group sees itself, OFFLINE.
    if (!rows || rows->empty() || number(rows->rows[0].at(4)) == 0) {
        return std::nullopt;
    }
    const Row& row = rows->rows[0];
    return GroupView{
        number(row.at(0)) != 0, number(row.at(1)), number(row.at(2)), number(row.at(3))};
}

ServerRole read_role(Session& session) {
    ServerRole role;
    const auto uuid = query_if_shown(session, "SELECT @@GLOBAL.server_uuid");
    role.uuid = uuid ? uuid->scalar().value_or("") : "";
    // super_read_only implies it. MariaDB from 11.4 on has words.
    const auto read_only = session.query("SELECT @@GLOBAL.read_only").scalar().value_or("0");
    role.read_only = read_only != "0" && read_only != "OFF";
    role.group = read_group(session);
    return role;
}

std::optional<ReplicationSource> replicates_from(Session& session) {
    Rows channels;
    try {
        channels = session.query("SHOW REPLICA STATUS");
    } catch (const Error& error) {
        if (error.server_errno() != kSyntaxError) {
            throw;
        }
        channels = session.query("SHOW SLAVE STATUS");  // before 8.0.22
    }
    const auto column = [&](const Row& row, const char* name, const char* former_name) {
        for (std::size_t i = 0; i < channels.columns.size(); ++i) {
            if (channels.columns[i] == name || channels.columns[i] == former_name) {
                return row.at(i).value_or("");
            }
        }
        return std::string();
    };
    for (const Row& row : channels.rows) {
        // Of members of a group, which decides itself who may write.
        if (column(row, "Channel_Name", "").starts_with("group_replication_")) {
            continue;
        }
        // One that was promoted and keeps a channel that is stopped is none any more.
        if (column(row, "Replica_IO_Running", "Slave_IO_Running") != "No" ||
            column(row, "Replica_SQL_Running", "Slave_SQL_Running") != "No") {
            return ReplicationSource{
                column(row, "Source_Host", "Master_Host") + ":" +
                    column(row, "Source_Port", "Master_Port"),
                column(row, "Source_UUID", "Master_UUID")};
        }
    }
    return std::nullopt;
}

std::optional<std::vector<std::string>> unapplied_transactions(Session& session) {
    const auto rows = query_if_shown(
        session,
        "SELECT missing FROM (SELECT GTID_SUBTRACT(RECEIVED_TRANSACTION_SET, "
        "@@GLOBAL.gtid_executed) AS missing FROM "
        "performance_schema.replication_connection_status) AS channels WHERE missing <> ''"
    );
    if (!rows) {
        return std::nullopt;
    }
    std::vector<std::string> sets;
    for (const Row& row : rows->rows) {
        sets.push_back(row.at(0).value_or(""));
    }
    return sets;
}

bool has_applied(Session& session, const std::vector<std::string>& sets) {
    return std::all_of(sets.begin(), sets.end(), [&session](const std::string& set) {
        const std::string look =
            "SELECT GTID_SUBSET(" + mysql::quote_string(set) + ", @@GLOBAL.gtid_executed)";
        return session.query(look).scalar().value_or("0") == "1";
    });
}

}  // namespace doppel::sql
