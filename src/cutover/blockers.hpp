// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace doppel::cutover {

/// A connection that holds a metadata lock on the source and so keeps LOCK TABLES waiting.
struct Blocker {
    std::uint64_t connection_id = 0;
    std::string user;
    double seconds = 0;     ///< since its transaction or statement began
    std::string statement;  ///< what it runs now; empty when idle in a transaction
    [[nodiscard]] std::string describe() const;
};

/// Who has held a metadata lock on `table` for at least `seconds_min`. Empty also when
/// performance_schema is off, does not record metadata locks, or may not be read: then the lock
/// attempt itself will tell.
[[nodiscard]] std::vector<Blocker> find_blockers(
    sql::Session& session, const mysql::TableName& table, double seconds_min
);

/// Whether a transaction has read `table` and may go on to write to it. If it does so while LOCK
/// TABLES waits for it, each waits for the other, and the server ends the transaction (error 1213,
/// a statement that waits for a table lock is never its choice). False also where this cannot be
/// seen, as with `find_blockers`. A look of about a millisecond, at this moment.
[[nodiscard]] bool may_turn_to_writing(sql::Session& session, const mysql::TableName& table);

}  // namespace doppel::cutover
