// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key_condition.hpp"
#include "verify/subject.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace doppel::verify {

// The statements of a comparison. In READ COMMITTED each has one read view, over both tables, and
// takes no row lock. Each table is named once and without an alias where that is said, which is
// what LOCK TABLES asks for.
//
// Rows come as (kind, count, key columns); see RowKind. Those of extra_statement and
// duplicates_statement have the key twice: what shadow_value gives, then as the shadow has it, for
// KeyMatch::there.

/// A part of both tables: a range, or some keys.
struct Area {
    std::string in_source;  ///< condition on the source's key
    std::string in_shadow;  ///< the same on the shadow's; empty where there is no such condition
};
/// The shadow's part is empty with ExtraRows::by_walk.
[[nodiscard]] Area area_of(const Subject& subject, const mysql::KeyRange& range);
[[nodiscard]] Area area_of(const Subject& subject, std::span<const mysql::Key> keys);
/// A range of the shadow alone, of keys of the walk's shape.
[[nodiscard]] Area walk_area_of(const Subject& subject, const mysql::KeyRange& range);

/// What a row of a result says.
enum class RowKind {
    different = 0,  ///< both have the key, with other values
    missing = 1,    ///< only the source has the key
    extra = 2,      ///< only the shadow has the key
    source_rows = 3,
    shadow_rows = 4,
    duplicate = 5,  ///< the shadow has the key more than once
};

/// Rows of the source that the shadow lacks or holds with other values, at most `limit`, each table
/// once; columns that must be converted first are left out. The keys are as the source has them.
[[nodiscard]] std::string differing_statement(
    const Subject& subject, const Area& area, std::size_t limit
);
/// The same and, from the same read view, how many rows both have there (with ExtraRows::by_walk:
/// how many the source has). With the missing rows among the first, the numbers tell how many the
/// shadow has too many, which is found much faster than by looking every row up.
[[nodiscard]] std::string counted_statement(
    const Subject& subject, const Area& area, std::size_t limit
);
/// Rows of the shadow whose key the source lacks, at most `limit`, each table once.
[[nodiscard]] std::string extra_statement(
    const Subject& subject, const Area& area, std::size_t limit
);
/// Keys that the shadow has more than once, at most `limit`.
[[nodiscard]] std::string duplicates_statement(
    const Subject& subject, const Area& area, std::size_t limit
);
/// One number: how many rows of the shadow have NULL in their key, at most `limit`. Reads all of an
/// index.
[[nodiscard]] std::string null_keys_statement(const Subject& subject, std::size_t limit);

/// The scratch table with the source's key and the shadow's definitions of the converted columns,
/// empty.
[[nodiscard]] std::string drop_scratch_statement(const Subject& subject);
[[nodiscard]] std::string create_scratch_statement(const Subject& subject);
/// Converts the source's values there. Strict SQL makes it fail for values that do not fit.
[[nodiscard]] std::string convert_statement(const Subject& subject, const Area& area);
/// Rows of the scratch table that the shadow holds with other values or not at all. The keys are as
/// the source has them.
[[nodiscard]] std::string converted_statement(const Subject& subject, std::size_t limit);

/// One row with two flags: whether either table has `key`, and whether either has it as one of
/// `others`: the server's judgement of which keys are the same.
[[nodiscard]] std::string among_statement(
    const Subject& subject, const mysql::Key& key, std::span<const mysql::Key> others
);

/// The key `rows` rows above the lower end of a range, if the range has as many: of the source's
/// rows; of the shadow's along the source's order, twice as in extra_statement; or of the shadow's
/// in the walk's shape.
[[nodiscard]] std::string source_boundary_statement(
    const Subject& subject, const mysql::KeyRange& range, std::size_t rows
);
[[nodiscard]] std::string shadow_boundary_statement(
    const Subject& subject, const mysql::KeyRange& range, std::size_t rows
);
[[nodiscard]] std::string walk_boundary_statement(
    const Subject& subject, const mysql::KeyRange& range, std::size_t rows
);

}  // namespace doppel::verify
