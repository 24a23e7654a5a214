// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/key.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace doppel::misfit {

/// How many keys are told.
inline constexpr std::size_t kKeysTold = 10;

/// Rows that do not fit, each group for the same reason: of a duplicate all rows of one value.
using Groups = std::vector<std::vector<mysql::Key>>;

/// Puts rows that collide, directly or by way of others, into one group; the rows in order.
[[nodiscard]] Groups group_collisions(const Groups& collisions);

/// Error(data_misfit) that tells in the words of the new table what the server said of one of the
/// rows: constraint, columns, keys, and a query for all of them.
[[nodiscard]] Error report(
    const NewSchema& schema, const mysql::KeyShape& shape, const Groups& rows, const Error& said
);

/// The same for rows that are refused each time, though what stands in their way does not stay.
[[nodiscard]] Error report_futile(
    const NewSchema& schema, const mysql::KeyShape& shape, const Groups& rows, const Error& said
);

/// What the server complains of, as a name that tells one constraint from another.
[[nodiscard]] std::string constraint_of(const NewSchema& schema, const Error& said);

}  // namespace doppel::misfit
