// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/identifier.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace doppel::shadow {

/// Names of CHECK constraints are unique in a schema (MySQL manual, "CHECK Constraints"), so source
/// and shadow cannot both have them. Names the server made, `t_chk_1`, follow the table when it is
/// renamed; names of the user's do not. All functions here are pure.

/// A CHECK constraint as SHOW CREATE TABLE writes it.
struct WrittenCheck {
    std::string name;
    std::string definition;  ///< "CHECK ((`a` > 0)) /*!80016 NOT ENFORCED */"
    bool operator==(const WrittenCheck&) const = default;
};

/// All CHECK constraints of a table in the order of its SHOW CREATE TABLE text, whose identifiers
/// are quoted with backticks or, under ANSI_QUOTES, with double quotes.
[[nodiscard]] std::vector<WrittenCheck> written_checks(std::string_view create_text);

/// What a constraint of the source is called on the shadow.
struct CheckRename {
    std::string source;
    std::string shadow;
    /// True when the cut-over gives the source's name back, as the server made it.
    bool comes_back = false;
};

/// `t_chk_3` becomes `_t_new_chk_3`, which the renaming to `t` turns back. The user's `positive`
/// becomes
/// `_positive` for good, and `_positive` becomes `positive`, so that a second migration gives the
/// first name back; where a name is in `taken`, underscores are put before it until it is not.
[[nodiscard]] std::vector<CheckRename> rename_checks(
    const std::vector<WrittenCheck>& checks,
    const mysql::TableName& source,
    const mysql::TableName& shadow,
    const std::vector<std::string>& taken
);

/// The clauses with each constraint of the list under its shadow name, behind the words CONSTRAINT
/// and CHECK. Fails on text that is not SQL.
[[nodiscard]] base::Result<std::string> rename_in_clauses(
    std::string_view clauses, const std::vector<CheckRename>& renames
);

}  // namespace doppel::shadow
