// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/key.hpp"
#include "mysql/table_pair.hpp"
#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"
#include "verify/column_comparison.hpp"
#include "verify/key_match.hpp"

#include <string>
#include <vector>

namespace doppel::verify {

struct ComparedColumn {
    std::string source;
    std::string shadow;
    ColumnComparison comparison;
    schema::Conversion conversion =
        schema::Conversion::none;  ///< of converted ones, as in the copy
};

/// How rows that only the shadow has are found.
enum class ExtraRows {
    /// In each range by counting: an index of the shadow has the source's order.
    by_range,
    /// By a walk along the shadow's index, in its own order.
    by_walk,
};

/// Two tables and what is compared of them. A value.
struct Subject {
    mysql::TablePair tables;
    std::string shadow_index;   ///< index of the key in the shadow, for FORCE INDEX
    std::vector<KeyMatch> key;  ///< column by column, in the order of tables.shape
    ExtraRows extra_rows = ExtraRows::by_range;
    /// The key as the shadow defines it, in the order of its index, for walks.
    mysql::KeyShape walk_shape;
    mysql::KeyPlaces walk_key;
    /// Whether two rows of the shadow can have one key.
    bool may_have_duplicates = false;
    /// Whether a row of the shadow can have NULL in its key.
    bool may_have_null_keys = false;
    std::vector<ComparedColumn> columns;
    /// A temporary table, known to the session that compares only, for values that the server has
    /// to convert first: with the source's key and the shadow's columns.
    mysql::TableName scratch;
    std::vector<std::string> scratch_key;  ///< definitions of `k1`, `k2`, ..

    /// Whether the scratch table is needed.
    [[nodiscard]] bool converts() const;
};

/// `pairs` are the columns to compare; key columns among them are compared byte by byte like the
/// others, where matching rows does not say as much. `tables` and `shadow_index` as
/// schema::choose_key chose them. Fails for a column of an unknown type.
[[nodiscard]] base::Result<Subject> make_subject(
    mysql::TablePair tables,
    std::string shadow_index,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const std::vector<schema::ColumnPair>& pairs
);

}  // namespace doppel::verify
