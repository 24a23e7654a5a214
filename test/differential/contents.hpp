// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/session.hpp"

#include <string>
#include <vector>

namespace doppel::differential {

/// What two tables are compared by: the definition with AUTO_INCREMENT, without the name of the
/// table and with the names of CHECK constraints as they were before Doppel (a documented limit) or
/// RENAME changed them, columns in CHECK constraints spelled as they are in the table; and every
/// bit of every row, in no particular order of rows.
struct Contents {
    std::string definition;
    std::vector<std::string> rows;
};

[[nodiscard]] Contents read_contents(
    sql::Session& session, const std::string& schema, const std::string& table
);
/// The definition without the counter, which a replica does not share.
[[nodiscard]] Contents without_counter(Contents contents);
/// Empty when equal; else which part differs, in one word, and how.
struct Difference {
    std::string what;
    std::string text;
};
[[nodiscard]] Difference compare(const Contents& ours, const Contents& expected);

}  // namespace doppel::differential
