// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "misfit/new_schema.hpp"
#include "mysql/table_pair.hpp"

#include <string>

namespace doppel::replay {

/// True when several batches may be under way and do not get into each other's way.
///
/// It needs keys that the client can compare, of which byte-different ones are different rows in
/// both tables (else the Coordinator gives out one batch at a time), and a shadow in which rows of
/// different keys cannot collide: each unique index holds the whole key. Otherwise two sessions
/// would meet each other's rows there, wait for each other, and be refused rows whose way the other
/// one is just clearing: right in the end, and slower than one.
[[nodiscard]] bool may_share_work(
    const mysql::TablePair& tables, const schema::TableDefinition& shadow
);

/// The assignments of mysql::upsert_statement; empty where rows must be deleted and inserted.
///
/// INSERT .. ON DUPLICATE KEY UPDATE writes the row that it meets, whichever index it met it by. So
/// it needs, beyond `may_share_work`, the key as the shadow's primary key, of the same types as in
/// the source: then a row that is met is the row of the key, and no two keys of the source are one
/// in the shadow. And it must leave the row as a new one would be. Columns that are not inserted
/// keep what they have, which is the same where their default is a constant. JSON is left as it is
/// where it compares equal ([1] and [1.0]; Field_json::cmp_binary in sql/field.cc), so that tables
/// with such columns are excluded; all other types are compared by their bytes.
[[nodiscard]] std::string upsert_assignments(
    const mysql::TablePair& tables, const misfit::NewSchema& schema
);

}  // namespace doppel::replay
