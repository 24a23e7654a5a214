// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key_condition.hpp"
#include "sql/session.hpp"
#include "verify/compare_statement.hpp"
#include "verify/subject.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace doppel::verify {

/// A row in which two tables differ.
struct Difference {
    mysql::Key key;
    RowKind kind = RowKind::different;  ///< different, missing, extra or duplicate
};

/// What one comparison found.
struct Comparison {
    std::vector<Difference> differences;
    bool complete = true;    ///< false: there are more
    std::uint64_t rows = 0;  ///< of the source in the range; 0 for keys and in walks
    /// Keys of rows of the shadow, in words, that no row of the source can have: 1.5 in a DECIMAL
    /// that was INT. Nothing that is on its way excuses them.
    std::vector<std::string> impossible;
};

/// Runs the statements of a comparison. Blocking, without state: any session in READ COMMITTED,
/// autocommit and strict sql_mode will do, also one that holds both tables under LOCK TABLES. What
/// is found was so at some moment during the call, and for converted columns at two moments.
class Comparer final {
public:
    /// `differences_max`: of one range, 1 or more. `subject` must outlive the comparer.
    Comparer(const Subject& subject, std::size_t differences_max)
        : subject_(subject), differences_max_(differences_max) {}

    /// Throws what the session throws; a source value that does not fit the shadow's type is an
    /// Error as the server makes it.
    [[nodiscard]] Comparison compare(sql::Session& session, const mysql::KeyRange& range) const;
    /// Rows of the shadow alone, with ExtraRows::by_walk: `range` is one of the walk's shape.
    [[nodiscard]] Comparison walk(sql::Session& session, const mysql::KeyRange& range) const;
    /// Those of `keys`, one or more, in which the tables differ. Names each table once in a
    /// statement.
    [[nodiscard]] Comparison compare(sql::Session& session, std::span<const mysql::Key> keys) const;

    /// Whether `key` is one of `others` for the server, which may take different bytes for the same
    /// key. Also true when neither table has the key: then nothing can be said.
    [[nodiscard]] bool is_among(
        sql::Session& session, const mysql::Key& key, std::span<const mysql::Key> others
    ) const;

    /// A range of about `rows` rows from the lower end of `range` on, in whichever table has more
    /// there; `range` itself if it has fewer.
    [[nodiscard]] mysql::KeyRange first_part(
        sql::Session& session, const mysql::KeyRange& range, std::size_t rows
    ) const;
    /// The same of a walk.
    [[nodiscard]] mysql::KeyRange first_step(
        sql::Session& session, const mysql::KeyRange& range, std::size_t rows
    ) const;

private:
    /// What is being collected, at most `max` differences.
    struct Collection {
        Comparison result;
        std::size_t max = 0;
    };
    void add(RowKind kind, mysql::Key key, Collection& found) const;
    void add(const sql::Row& row, Collection& found) const;
    void add_of_shadow(const sql::Row& row, Collection& found) const;
    void add_extra(sql::Session& session, const Area& area, Collection& found) const;
    void add_null_keys(sql::Session& session, const mysql::KeyRange& range, Collection& found)
        const;
    void add_converted(sql::Session& session, const Area& area, Collection& found) const;
    [[nodiscard]] std::optional<mysql::Key> key_for_source(const sql::Row& row, std::size_t first)
        const;

    const Subject& subject_;
    std::size_t differences_max_;
};

}  // namespace doppel::verify
