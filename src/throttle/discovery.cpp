// SPDX-License-Identifier: Apache-2.0
#include "throttle/discovery.hpp"

#include "base/text.hpp"
#include "doppel/error.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace doppel::throttle {
namespace {

constexpr unsigned kParseError = 1064;

std::optional<std::size_t> column_of(
    const sql::Rows& rows, std::string_view name, std::string_view old_name
) {
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
        if (base::equals_ignore_case(rows.columns[i], name) ||
            base::equals_ignore_case(rows.columns[i], old_name)) {
            return i;
        }
    }
    return std::nullopt;
}

std::string text_at(const sql::Row& row, const std::optional<std::size_t>& column) {
    return column && *column < row.size() ? row[*column].value_or("") : std::string();
}

sql::Rows show_replicas(sql::Session& session) {
    try {
        return session.query("SHOW REPLICAS");
    } catch (const Error& error) {
        if (error.server_errno() != kParseError) {
            throw;
        }
    }
    return session.query("SHOW SLAVE HOSTS");  // before 8.0.22
}

std::optional<sql::Rows> query_if_allowed(sql::Session& session, std::string_view statement) {
    try {
        return session.query(statement);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
    }
    return std::nullopt;
}

/// "10.0.0.2:51234" -> "10.0.0.2".
std::string without_port(const std::string& host) {
    const auto colon = host.rfind(':');
    return colon == std::string::npos || host.find(']') != std::string::npos
               ? host
               : host.substr(0, colon);
}

std::vector<DumpThread> dump_threads(sql::Session& session) {
    std::vector<DumpThread> threads;
    // A replica tells its UUID by a user variable of the connection.
    const auto known = query_if_allowed(
        session,
        "SELECT t.PROCESSLIST_HOST, v.VARIABLE_VALUE FROM performance_schema.threads t JOIN "
        "performance_schema.user_variables_by_thread v ON v.THREAD_ID = t.THREAD_ID WHERE "
        "t.PROCESSLIST_COMMAND LIKE 'Binlog Dump%' AND v.VARIABLE_NAME IN ('replica_uuid', "
        "'slave_uuid') LIMIT 200"
    );
    if (known) {
        for (const sql::Row& row : known->rows) {
            threads.push_back({row.at(0).value_or(""), row.at(1).value_or("")});
        }
        return threads;
    }
    const auto listed = query_if_allowed(
        session,
        "SELECT HOST FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' LIMIT "
        "200"
    );
    if (listed) {
        for (const sql::Row& row : listed->rows) {
            threads.push_back({without_port(row.at(0).value_or("")), {}});
        }
    }
    return threads;
}

}  // namespace

std::vector<FoundReplica> join_replicas(
    const sql::Rows& replicas, const std::vector<DumpThread>& threads
) {
    const auto host = column_of(replicas, "Host", "Host");
    const auto port = column_of(replicas, "Port", "Port");
    const auto uuid = column_of(replicas, "Replica_UUID", "Slave_UUID");
    std::vector<FoundReplica> found;
    for (const sql::Row& row : replicas.rows) {
        FoundReplica replica;
        replica.uuid = text_at(row, uuid);
        replica.report_host = text_at(row, host);
        const std::string number = text_at(row, port);
        std::from_chars(number.data(), number.data() + number.size(), replica.port);
        for (const DumpThread& thread : threads) {
            const bool may_be_it = thread.uuid.empty() || thread.uuid == replica.uuid;
            const bool is_new =
                std::find(replica.peers.begin(), replica.peers.end(), thread.host) ==
                replica.peers.end();
            if (may_be_it && is_new && !thread.host.empty()) {
                replica.peers.push_back(thread.host);
            }
        }
        if (!replica.uuid.empty() && replica.port != 0) {
            found.push_back(std::move(replica));
        }
    }
    return found;
}

std::vector<FoundReplica> find_replicas(sql::Session& session) {
    const sql::Rows replicas = show_replicas(session);
    return replicas.rows.empty() ? std::vector<FoundReplica>()
                                 : join_replicas(replicas, dump_threads(session));
}

}  // namespace doppel::throttle
