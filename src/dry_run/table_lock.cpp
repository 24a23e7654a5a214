// SPDX-License-Identifier: Apache-2.0
#include "dry_run/table_lock.hpp"

#include "dry_run/query.hpp"

#include <string>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using mysql::quote_string;

constexpr unsigned kLockWaitTimeout = 1205;
constexpr unsigned kTimeIsUp = 3024;  // of a SELECT, also while it waits for a lock

struct Holder {
    std::string connection;
    std::string text;
};

/// Who keeps others from reading the table; a change of its definition does so while it waits, too.
std::optional<Holder> find_holder(sql::Session& session, const mysql::TableName& table) {
    const auto rows = query_if_told(
        session,
        fmt::format(
            "SELECT t.PROCESSLIST_ID, t.PROCESSLIST_USER, m.LOCK_TYPE FROM "
            "performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.THREAD_ID "
            "= m.OWNER_THREAD_ID WHERE m.OBJECT_TYPE = 'TABLE' AND m.OBJECT_SCHEMA = {} AND "
            "m.OBJECT_NAME = {} AND m.LOCK_TYPE IN ('SHARED_NO_READ_WRITE', 'EXCLUSIVE') AND "
            "t.PROCESSLIST_ID <> CONNECTION_ID() ORDER BY m.LOCK_STATUS LIMIT 1",
            quote_string(table.schema),
            quote_string(table.table)
        )
    );
    if (!rows || rows->empty()) {
        return std::nullopt;
    }
    const sql::Row& row = rows->rows.front();
    Holder holder;
    holder.connection = row.at(0).value_or("");
    holder.text = fmt::format(
        "connection {} of {} ({})",
        holder.connection,
        row.at(1).value_or("?"),
        row.at(2) == "EXCLUSIVE" ? "a change of its definition" : "LOCK TABLES .. WRITE"
    );
    return holder;
}

/// A read of no row takes no time but that of the lock.
bool can_be_read(sql::Session& session, const mysql::TableName& table) {
    return query_if_told(session, "SELECT 1 FROM " + table.quoted() + " LIMIT 0").has_value();
}

}  // namespace

std::optional<Error> as_table_lock(
    sql::Session& session, const mysql::TableName& table, const Error& error
) {
    const unsigned number = error.server_errno();
    if (number != kLockWaitTimeout && number != kTimeIsUp) {
        return std::nullopt;
    }
    const auto holder = find_holder(session, table);
    if (!holder && number == kTimeIsUp && can_be_read(session, table)) {
        return std::nullopt;
    }
    return Error(
        Errc::interrupted,
        fmt::format(
            "{} is locked by {}, and cannot be looked at; the run would wait, too. Wait until the "
            "lock is gone, or end it ({}), then run again; nothing was changed: {}",
            table.str(),
            holder ? holder->text : "somebody",
            holder ? fmt::format("KILL {}", holder->connection)
                   : "performance_schema.metadata_locks tells who holds it",
            error.what()
        ),
        *error.server()
    );
}

}  // namespace doppel::dry_run
