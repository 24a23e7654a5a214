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

}  // namespace doppel::cutover
