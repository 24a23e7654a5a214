// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace doppel::mysql {

/// A piece of a table along its key: above `lower` (exclusive) up to `upper` (inclusive). A missing
/// bound means the end of the table.
struct KeyRange {
    std::optional<Key> lower;
    std::optional<Key> upper;
    bool operator==(const KeyRange&) const = default;
};

/// `columns` in the functions below are the key's column names (unquoted) in the table that the
/// condition is for, in the order of the shape: the shadow may name them differently.

/// "`a` IN (1,2)" or "(`a`,`b`) IN ((1,'x'),(2,'y'))": the forms that MySQL's range optimizer turns
/// into point ranges (MySQL manual, "Range Optimization of Row Constructor Expressions"). A
/// composite key with an ENUM is written as `a` = 1 AND `e` = 2 OR ..: in a list of several row
/// constructors MySQL 9.7 compares the ENUM's number as text and finds nothing. Requires at least
/// one key.
[[nodiscard]] std::string in_condition(
    const KeyShape& shape, const std::vector<std::string>& columns, std::span<const Key> keys
);

/// The rows of a range. Row constructors are expanded, since the optimizer uses no index for
/// `(a,b) > (x,y)`. "TRUE" for a range without bounds.
[[nodiscard]] std::string range_condition(
    const KeyShape& shape, const std::vector<std::string>& columns, const KeyRange& range
);

/// The rows of any of the ranges; "FALSE" for none.
[[nodiscard]] std::string any_range_condition(
    const KeyShape& shape, const std::vector<std::string>& columns, std::span<const KeyRange> ranges
);

/// "`a`, `b`" for ORDER BY.
[[nodiscard]] std::string column_list(const std::vector<std::string>& columns);

}  // namespace doppel::mysql
