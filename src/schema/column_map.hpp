// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "schema/conversion.hpp"
#include "schema/table_definition.hpp"
#include "statement/alter_statement.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace doppel::schema {

struct ColumnPair {
    std::string source;  ///< column of the source table
    std::string shadow;  ///< the column its values are copied to
    Conversion conversion = Conversion::none;
    bool operator==(const ColumnPair&) const = default;
};

/// A new NOT NULL column without DEFAULT. A native ALTER fills it with the implicit default of its
/// type (manual, "Data Type Default Values"), which a strict INSERT refuses to do by itself.
struct ImplicitDefault {
    std::string shadow;
    /// "NULL" where a native ALTER fails as soon as there is a row: the INSERT then fails the same
    /// way, and only for a row.
    std::string literal;
    [[nodiscard]] bool refuses_rows() const { return literal == "NULL"; }
    bool operator==(const ImplicitDefault&) const = default;
};

/// Which column of the source fills which column of the shadow.
struct ColumnMap {
    std::vector<ColumnPair> pairs;        ///< in the order of the shadow's columns
    std::vector<std::string> dropped;     ///< source columns that go away, with their data
    std::vector<std::string> added;       ///< plain shadow columns that take their default
    std::vector<std::string> recomputed;  ///< generated shadow columns; the server fills them
    std::vector<ImplicitDefault> implicit_defaults;  ///< of columns among `added`

    /// The new column that has no value for rows that exist; nullptr when each has one.
    [[nodiscard]] const std::string* without_value() const;

    /// "`a`, `b`" of the shadow, for INSERT INTO.
    [[nodiscard]] std::string shadow_list() const;
    /// "s.`a`, CAST(s.`b` AS CHAR)" of the source in the same order; `qualifier` is "s." or empty.
    [[nodiscard]] std::string source_list(std::string_view qualifier = {}) const;
    /// The shadow column that gets the values of a source column; nullptr when none does.
    [[nodiscard]] const std::string* shadow_of(std::string_view source_column) const;
};

/// Maps by name after the statement's renames: chains, swaps and case-only renames included. A
/// column that the statement drops and adds again is new. Fails when the statement and the two
/// definitions do not fit together (a source column vanished without a DROP, a rename names no
/// column): copying would then lose data. `sql_mode`: of the session that a native ALTER would run
/// in; it decides whether a new NOT NULL date may be zero.
[[nodiscard]] base::Result<ColumnMap> map_columns(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const statement::AlterStatement& statement,
    std::string_view sql_mode = {}
);

}  // namespace doppel::schema
