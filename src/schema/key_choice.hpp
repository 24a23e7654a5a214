// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"
#include "schema/column_map.hpp"
#include "schema/table_definition.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace doppel::schema {

/// An index that cannot be the key of a migration, and why; for the operator.
struct RejectedIndex {
    std::string index;
    std::string reason;
};

/// The key K that source and shadow share.
struct KeyChoice {
    std::string index;                        ///< its index in the source, for FORCE INDEX
    std::string shadow_index;                 ///< its index in the shadow
    mysql::KeyShape shape;                    ///< columns as the source names and defines them
    std::vector<std::string> shadow_columns;  ///< the same columns as the shadow names them
    std::vector<std::size_t> ordinals;        ///< places of the key columns in a row image
    bool descending = false;                  ///< the source's index is descending in all parts
};

/// Indexes of the source that could be the key if the shadow has them too, best first: PRIMARY,
/// then keys of integers, then the narrowest. Indexes that are not unique are neither listed nor
/// rejected.
struct KeyCandidates {
    std::vector<const Index*> indexes;  ///< point into the definition
    std::vector<RejectedIndex> rejected;
};
[[nodiscard]] KeyCandidates key_candidates(const TableDefinition& source);

struct KeyDecision {
    std::optional<KeyChoice> choice;
    std::vector<RejectedIndex> rejected;  ///< every unique index better than the choice, or all
};

/// The best candidate whose columns are also unique and not null in the shadow, in the same order,
/// with types that hold the same values in the same order of keys.
[[nodiscard]] KeyDecision choose_key(
    const TableDefinition& source, const TableDefinition& shadow, const ColumnMap& columns
);

/// Per column of the key its literal DEFAULT in the key's encoding: a row image may leave out a
/// column that took it (binlog::TableInterest::defaults). Nothing for columns without one, and for
/// text and binary ones, whose default the server does not show byte by byte.
[[nodiscard]] std::vector<std::optional<std::string>> key_defaults(
    const TableDefinition& source, const mysql::KeyShape& shape
);

}  // namespace doppel::schema
