// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/key.hpp"
#include "mysql/table_pair.hpp"
#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"
#include "verify/column_comparison.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace doppel::verify {

struct ComparedColumn {
    std::string source;
    std::string shadow;
    ColumnComparison comparison;
    schema::Conversion conversion =
        schema::Conversion::none;  ///< of converted ones, as in the copy
};

/// Two tables and what is compared of them. A value.
struct Subject {
    mysql::TablePair tables;
    std::string shadow_index;  ///< index of the key in the shadow, for FORCE INDEX
    /// The key with the names that its columns have in the shadow. Keys read from the shadow are
    /// encoded by it; both shapes encode alike, but the text of a value may be longer there
    /// ("2024-01-01 00:00:00.000").
    mysql::KeyShape shadow_shape;
    std::vector<ComparedColumn> columns;
    /// A temporary table, known to the session that compares only, for values that the server has
    /// to convert first.
    mysql::TableName scratch;

    /// Whether the scratch table is needed.
    [[nodiscard]] bool converts() const;
};

/// Whether the server can match rows of both tables by `=` of the key's columns and find ranges of
/// them in both, and both write keys in the same way. Not so where the collation changes, INT
/// becomes DECIMAL, or the shadow has the columns in another order.
[[nodiscard]] bool can_match_rows(
    const mysql::TablePair& tables,
    std::string_view shadow_index,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow
);

/// `pairs` are the columns to compare; key columns among them are compared byte by byte like the
/// others. Requires can_match_rows. Fails for a column of an unknown type.
[[nodiscard]] base::Result<Subject> make_subject(
    mysql::TablePair tables,
    std::string shadow_index,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const std::vector<schema::ColumnPair>& pairs
);

}  // namespace doppel::verify
