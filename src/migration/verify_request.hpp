// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/identifier.hpp"
#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace doppel::migration {

/// "db.t", "t", "`a b`.t": a table's name as in SQL. Pure, as is everything here.
[[nodiscard]] base::Result<mysql::TableName> parse_table_name(
    std::string_view text, const std::string& default_schema
);

/// "a=b, `c d`=e": columns of the first table and of the second. Empty text gives no pairs.
[[nodiscard]] base::Result<std::vector<schema::ColumnPair>> parse_column_pairs(std::string_view text
);

/// What of two tables is compared.
struct PairedColumns {
    std::vector<schema::ColumnPair> pairs;  ///< those that were named, then the others
    std::vector<std::string> first_only;
    std::vector<std::string> second_only;
};
/// Fails when a pair names a column that is not there, or the same one twice.
[[nodiscard]] base::Result<PairedColumns> pair_columns(
    const schema::TableDefinition& first,
    const schema::TableDefinition& second,
    const std::vector<schema::ColumnPair>& named
);

}  // namespace doppel::migration
