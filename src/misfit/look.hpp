// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/key.hpp"
#include "mysql/table_pair.hpp"
#include "sql/session.hpp"

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace doppel::misfit {

/// What looking at rows needs to know beside the tables.
struct LookTables {
    const mysql::TablePair& tables;
    const NewSchema& schema;  ///< of the same tables
};

/// Two rows of the source that the server cannot put into the shadow together.
using Collision = std::pair<mysql::Key, mysql::Key>;

struct DuplicateLook {
    /// Both rows were read in one read view: the source itself holds the duplicate.
    std::vector<Collision> collisions;
    /// Rows of the shadow that stand in the way although the source has them no more, or no longer
    /// with that value: their change is still on its way.
    std::vector<mysql::Key> stale;
};

/// Tries the rows of `keys` together with those that stand in their way, and takes everything back.
/// The server converts and compares: collations, prefixes, functional and multi-valued parts are
/// its own. Throws what the statements throw; a row that is refused for another reason is one such.
///
/// The transaction changes rows of the shadow only, and reads the source without locks. It must run
/// on a session in READ COMMITTED that is in autocommit mode.
[[nodiscard]] DuplicateLook look_for_duplicates(
    sql::Session& session, const LookTables& look, std::span<const mysql::Key> keys
);

/// Tries the rows of `keys` alone and takes that back: why the server refuses them, if it does.
[[nodiscard]] std::optional<Error> try_rows(
    sql::Session& session, const LookTables& look, std::span<const mysql::Key> keys
);

}  // namespace doppel::misfit
