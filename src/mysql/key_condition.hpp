// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"
#include "mysql/key_place.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::mysql {

/// A piece of a table along its key: above `lower` (exclusive) up to `upper` (inclusive). A missing
/// bound means the end of the table.
struct KeyRange {
    std::optional<Key> lower;
    std::optional<Key> upper;
    bool operator==(const KeyRange&) const = default;
};

/// `columns` in the functions below: the key's columns in the table that the condition is for, in
/// the order of the shape. Whatever their types there, a condition means what it means for the
/// source.

/// "`a` IN (1,2)" or "(`a`,`b`) IN ((1,'x'),(2,'y'))": the forms that MySQL's range optimizer turns
/// into point ranges (MySQL manual, "Range Optimization of Row Constructor Expressions"). A
/// composite key with an ENUM or SET is written as `a` = 1 AND `e` = 2 OR ..: in a list of several
/// row constructors MySQL 9.7 compares the ENUM's number as text and finds nothing. Columns that
/// are compared bytewise add a condition on their bytes; the one for the index stays. Requires at
/// least one key.
[[nodiscard]] std::string in_condition(
    const KeyShape& shape, const KeyPlaces& columns, std::span<const Key> keys
);

/// The rows of a range. Row constructors are expanded, since the optimizer uses no index for
/// `(a,b) > (x,y)`; ENUMs are compared by lists of their numbers, since it uses none for `e` > 2
/// either. "TRUE" for a range without bounds. On a column with another collation than the source's
/// no index can serve: its order is another.
[[nodiscard]] std::string range_condition(
    const KeyShape& shape, const KeyPlaces& columns, const KeyRange& range
);

/// The rows of any of the ranges; "FALSE" for none.
[[nodiscard]] std::string any_range_condition(
    const KeyShape& shape, const KeyPlaces& columns, std::span<const KeyRange> ranges
);

/// "g.`x` = s.`a` AND ..": that a row of the shadow, by the alias `shadow`, is that of a row of the
/// source, by the alias `source`. For joins; an index of the shadow's columns serves.
[[nodiscard]] std::string same_key_condition(
    const KeyShape& shape,
    const KeyPlaces& source_key,
    const KeyPlaces& shadow_key,
    std::string_view source,
    std::string_view shadow
);

/// The names alone, for statements of a form of their own.
[[nodiscard]] std::vector<std::string> column_names(const KeyPlaces& columns);

/// "`a`, `b`" for ORDER BY: the order of ranges on the source, and on a table whose key columns
/// have the same collations.
[[nodiscard]] std::string column_list(const KeyPlaces& columns);

}  // namespace doppel::mysql
