// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "estimate/row_measure.hpp"
#include "mysql/key_condition.hpp"
#include "mysql/table_pair.hpp"
#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"
#include "sql/session.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace doppel::dry_run {

/// Pieces of a table all over its key. Reads a few index entries for each.
struct Sample {
    std::vector<mysql::KeyRange> ranges;  ///< in order, apart from each other
    bool spread = false;  ///< false: the key has no measure, so these are its two ends only
    bool whole = false;   ///< the ranges are the whole table
};

[[nodiscard]] Sample take_sample(
    sql::Session& session,
    const mysql::TablePair& tables,
    std::size_t pieces,
    std::size_t rows_each,
    const std::function<void()>& require_running
);

/// The end of a piece of `rows` rows above `lower`; nothing: the table ends before.
[[nodiscard]] std::optional<mysql::Key> end_of_piece(
    sql::Session& session,
    const mysql::TablePair& tables,
    const std::optional<mysql::Key>& lower,
    std::size_t rows
);

struct Measured {
    estimate::RowAverages row;
    double seconds_per_row = 0;  ///< of a bare read
};
/// Averages over the sample; falls back to the present definition where an expression fails.
[[nodiscard]] Measured measure(
    sql::Session& session,
    const mysql::TablePair& tables,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const schema::ColumnMap& columns,
    const Sample& sample,
    const std::function<void()>& require_running
);

}  // namespace doppel::dry_run
