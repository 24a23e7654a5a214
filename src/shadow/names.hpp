// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"

#include <string>
#include <string_view>

namespace doppel::shadow {

/// The tables a migration makes beside its source, all in the source's schema; unquoted.
struct DerivedNames {
    std::string shadow;     ///< `_t_new`
    std::string old_table;  ///< `_t_old`: the source after cut-over
    std::string state;      ///< `_t_doppel`: the checkpoint
};

/// The same names for the same table, always. A name is at most 56 characters, so that names the
/// server derives from it keep within 64 (MySQL manual, "Identifier Length Limits"; "_t_new_chk_12"
/// of a CHECK constraint). One that has to be cut carries a hash of the whole table name, so that
/// tables which only differ at their ends get different names. `table` is UTF-8.
[[nodiscard]] DerivedNames derive_names(std::string_view table);

/// Tables that a dry run makes for moments: one that is kept out of the binary log, and one whose
/// rows are in it.
struct ScratchNames {
    std::string quiet;  ///< `_t_dry`
    std::string probe;  ///< `_t_probe`
};
[[nodiscard]] ScratchNames derive_scratch_names(std::string_view table);

/// Comments of such tables begin with this.
inline constexpr std::string_view kScratchCommentPrefix = "doppel scratch v1";
/// The whole comment, as state_comment.
[[nodiscard]] std::string scratch_comment(const mysql::TableName& source);
/// The name for GET_LOCK that one dry run of a table holds at a time.
[[nodiscard]] std::string scratch_lock_name(const mysql::TableName& source);

/// `name` if it has at most 64 characters; else as much of it as fits with a hash of the whole.
[[nodiscard]] std::string fit_identifier(std::string_view name);

/// The name for GET_LOCK that only one migration of a table can hold: at most 64 characters, and
/// different for different tables. Lock names are server-wide.
[[nodiscard]] std::string lock_name(const mysql::TableName& source);

/// Comments of state tables of ours begin with this. The state table is made before the shadow and
/// only when the shadow's name is free. So while a state table exists, the shadow is ours too.
inline constexpr std::string_view kStateCommentPrefix = "doppel state v1";
/// The whole comment of the state table for a source: printable ASCII, for people; names are cut
/// down to that.
[[nodiscard]] std::string state_comment(const mysql::TableName& source);

}  // namespace doppel::shadow
