// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace doppel::estimate {

/// What is measured of a row, as SQL over a row of the source, and its averages over a sample.
struct RowExpressions {
    std::string now;                   ///< bytes of the record in the present table
    std::string record;                ///< bytes in the new table's clustered index
    std::string outside;               ///< bytes of pages beside it, for long values
    std::string logged;                ///< bytes of the row image in the binary log
    std::vector<std::string> entries;  ///< of each secondary index of the new table, in its order
};

struct RowAverages {
    std::uint64_t rows = 0;  ///< in the sample
    double now = 0;
    double record = 0;
    double outside = 0;
    double logged = 0;
    std::vector<double> entries;
    /// Share of neighbours in the order of the key that are also in the index's order: 1 for an
    /// index that grows at its end, about 0.5 for one whose values come in no order.
    std::vector<double> ascending;
};

/// Records with what every record has beside its values. Pure.
[[nodiscard]] RowExpressions row_expressions(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const schema::ColumnMap& columns
);

/// For tables of which nothing but the present definition is known.
[[nodiscard]] RowExpressions row_expressions(const schema::TableDefinition& source);

/// The secondary indexes of a table, in its order.
[[nodiscard]] std::vector<const schema::Index*> secondary_indexes(
    const schema::TableDefinition& table
);

/// The first column of the index as an expression over the source; empty where there is none.
[[nodiscard]] std::string leading_value(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const schema::ColumnMap& columns,
    const schema::Index& index
);

}  // namespace doppel::estimate
