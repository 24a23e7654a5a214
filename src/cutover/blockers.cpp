// SPDX-License-Identifier: Apache-2.0
#include "cutover/blockers.hpp"

#include "doppel/error.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace doppel::cutover {
namespace {

/// Nothing where the server refuses it.
sql::Rows look_if_allowed(sql::Session& session, const std::string& query) {
    try {
        return session.query(query);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        return {};
    }
}

}  // namespace

std::string Blocker::describe() const {
    return fmt::format(
        "connection {} of {}, for {:.1f} s{}",
        connection_id,
        user,
        seconds,
        statement.empty() ? ", idle in a transaction" : ": " + statement
    );
}

std::vector<Blocker> find_blockers(
    sql::Session& session, const mysql::TableName& table, double seconds_min
) {
    // MySQL manual, "The metadata_locks Table". A thread's age on the lock is that of its
    // transaction or, outside of one, of its statement.
    const std::string statement = fmt::format(
        "SELECT t.processlist_id, t.processlist_user, "
        "GREATEST(COALESCE(TIMESTAMPDIFF(MICROSECOND, x.trx_started, NOW(6)) / 1e6, 0), "
        "IF(t.processlist_command = 'Sleep', 0, COALESCE(t.processlist_time, 0))) AS seconds, "
        "LEFT(COALESCE(t.processlist_info, ''), 200) "
        "FROM performance_schema.metadata_locks m "
        "JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id "
        "LEFT JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = t.processlist_id "
        "WHERE m.object_type = 'TABLE' AND m.object_schema = {} AND m.object_name = {} "
        "AND m.lock_status = 'GRANTED' AND t.processlist_id <> CONNECTION_ID() "
        "HAVING seconds >= {} ORDER BY seconds DESC LIMIT 10",
        mysql::quote_string(table.schema),
        mysql::quote_string(table.table),
        seconds_min
    );
    const sql::Rows rows = look_if_allowed(session, statement);
    std::vector<Blocker> blockers;
    for (const sql::Row& row : rows.rows) {
        Blocker blocker;
        blocker.connection_id = std::strtoull(row[0].value_or("0").c_str(), nullptr, 10);
        blocker.user = row[1].value_or("");
        blocker.seconds = std::strtod(row[2].value_or("0").c_str(), nullptr);
        blocker.statement = row[3].value_or("");
        blockers.push_back(std::move(blocker));
    }
    return blockers;
}

bool may_turn_to_writing(sql::Session& session, const mysql::TableName& table) {
    // Outside of a transaction, and in a READ ONLY one, nothing follows the read. Who writes holds
    // a second, stronger lock.
    const std::string statement = fmt::format(
        "SELECT 1 FROM performance_schema.metadata_locks r "
        "JOIN performance_schema.events_transactions_current x ON x.thread_id = r.owner_thread_id "
        "WHERE r.object_type = 'TABLE' AND r.object_schema = {0} AND r.object_name = {1} "
        "AND r.lock_status = 'GRANTED' AND r.lock_type = 'SHARED_READ' "
        "AND x.state = 'ACTIVE' AND x.autocommit = 'NO' AND x.access_mode = 'READ WRITE' "
        "AND NOT EXISTS (SELECT 1 FROM performance_schema.metadata_locks w "
        "WHERE w.object_type = 'TABLE' AND w.object_schema = {0} AND w.object_name = {1} "
        "AND w.owner_thread_id = r.owner_thread_id AND w.lock_status = 'GRANTED' "
        "AND w.lock_type <> 'SHARED_READ') LIMIT 1",
        mysql::quote_string(table.schema),
        mysql::quote_string(table.table)
    );
    return !look_if_allowed(session, statement).empty();
}

}  // namespace doppel::cutover
