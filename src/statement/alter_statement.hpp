// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::statement {

enum class ClauseKind {
    add_column,
    add_index,  ///< ADD INDEX | KEY | UNIQUE | FULLTEXT | SPATIAL
    add_primary_key,
    add_constraint_check,
    add_foreign_key,
    drop_column,
    drop_index,
    drop_primary_key,
    drop_constraint,  ///< DROP CONSTRAINT | CHECK
    drop_foreign_key,
    modify_column,
    change_column,
    rename_column,
    rename_index,
    alter_column,  ///< ALTER COLUMN: default, visibility
    alter_index,   ///< ALTER INDEX, ALTER CONSTRAINT | CHECK
    rename_table,
    order_by,
    convert_charset,
    table_option,  ///< ENGINE=, COMMENT=, AUTO_INCREMENT=, ROW_FORMAT=, ...
    partitioning,  ///< any partition clause
    keys_switch,   ///< ENABLE | DISABLE KEYS
    tablespace,    ///< DISCARD | IMPORT TABLESPACE
    force,
    algorithm,   ///< ALGORITHM=
    lock,        ///< LOCK=
    validation,  ///< WITH | WITHOUT VALIDATION
    other,       ///< not recognised; the server judges it
};

/// One clause. Plain value; comparable.
struct Clause {
    ClauseKind kind = ClauseKind::other;
    /// As written, trimmed, comments kept; may stand alone behind ALTER TABLE. The markers of an
    /// executable comment around the whole clause are left out, those inside it are kept. An
    /// element of `ADD [COLUMN] (..)` is written out as a clause of its own: "ADD COLUMN b INT".
    std::string text;
    std::string column;    ///< unquoted column, index or constraint name it is about; may be empty
    std::string new_name;  ///< for change_column, rename_column, rename_index, rename_table
                           ///< ("name" or "schema.name", unquoted)
    std::string option;    ///< table_option: its name in upper case, "ENGINE", "CHARACTER SET"
    /// add_, modify_, change_column: the definition has a REFERENCES part. MySQL 9.0, MariaDB 10.5
    /// and later make a foreign key of it, older servers ignore it (manual, "FOREIGN KEY
    /// Constraints").
    bool inline_references = false;

    bool operator==(const Clause&) const = default;
};

struct ColumnRename {
    std::string from;
    std::string to;
    bool operator==(const ColumnRename&) const = default;
};

/// One `ALTER TABLE` statement, taken apart as far as Doppel needs it. What is legal is left to the
/// server. Names are unquoted and in UTF-8. `ONLINE`, `IF EXISTS`, `WAIT n` and `NOWAIT` of
/// MariaDB's head are accepted; of them only `mariadb_word` is kept. The content of executable
/// comments counts as active; whether a given server skips it is the server's to say, so compare
/// the tables' real columns with `column_renames()` before relying on it.
struct AlterStatement {
    std::optional<std::string> schema;
    std::string table;
    std::vector<Clause> clauses;
    /// All clauses as written, ready to follow "ALTER TABLE <other table> "; without ALGORITHM and
    /// LOCK clauses, with executable comments kept. Ends with a token or the end of an executable
    /// comment, so text may be appended. Empty when there are only ALGORITHM and LOCK clauses.
    std::string clauses_text;
    /// What stands in the head and is a syntax error for MySQL (9.7: error 1064), e.g. "ONLINE".
    std::string mariadb_word;

    /// Column renames by CHANGE and RENAME COLUMN, in the order written; a CHANGE to the same name
    /// is none, one that only changes case is one. All renames refer to the names before the
    /// statement, so (a to b, b to a) swaps.
    [[nodiscard]] std::vector<ColumnRename> column_renames() const;
    [[nodiscard]] bool has(ClauseKind kind) const;
};

/// Parses one statement; a trailing `;` is allowed. Fails, with the offset, on anything that is not
/// one complete ALTER TABLE: another statement, two statements, an open quote, comment or
/// parenthesis, no clause at all. ALTER IGNORE fails because it drops rows. Also fails where an
/// executable comment holds only a part of what decides a clause's meaning, so that its meaning
/// would depend on the server's version. Simple `CREATE INDEX` and `DROP INDEX` statements are
/// accepted and become ADD INDEX and DROP INDEX clauses.
///
/// Reads the text as a server without ANSI_QUOTES and NO_BACKSLASH_ESCAPES in sql_mode does: use it
/// in sessions without them. The text must be UTF-8. Pure; safe from any thread.
[[nodiscard]] base::Result<AlterStatement> parse_alter(std::string_view text);

}  // namespace doppel::statement
