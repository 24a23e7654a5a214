// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"
#include "mysql/key_place.hpp"
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
    std::string index;                  ///< its index in the source, for FORCE INDEX
    std::string shadow_index;           ///< an index of the shadow that finds its rows
    mysql::KeyShape shape;              ///< columns as the source names and defines them
    mysql::KeyPlaces source_key;        ///< where they are in the source
    mysql::KeyPlaces shadow_key;        ///< where they are in the shadow
    std::vector<std::size_t> ordinals;  ///< places of the key columns in a row image
    bool descending = false;            ///< the source's index is descending in all parts
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

/// The best candidate whose columns are copied to the shadow, into types that keep its values one
/// to one (place_in_shadow), and are the first of an index there. `why_not_utc`: why the sessions
/// that copy cannot run in UTC, as keys with a TIMESTAMP need it (zone_dependence).
[[nodiscard]] KeyDecision choose_key(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const ColumnMap& columns,
    const std::optional<std::string>& why_not_utc = std::nullopt
);

/// Per column of the key its literal DEFAULT in the key's encoding: a row image may leave out a
/// column that took it (binlog::TableInterest::defaults). Nothing for columns without one, and for
/// text and binary ones, whose default the server does not show byte by byte.
[[nodiscard]] std::vector<std::optional<std::string>> key_defaults(
    const TableDefinition& source, const mysql::KeyShape& shape
);

}  // namespace doppel::schema
