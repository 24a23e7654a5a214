// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"

namespace doppel::sql {

/// What a failed write into the shadow means for what to do next.
enum class FailureKind {
    connection_lost,  ///< reconnect and look: the statement may have taken effect
    conflict,         ///< deadlock, lock wait timeout, KILL QUERY: rolled back, try again
    duplicate,        ///< a unique index refused a row: stale rows in the shadow, or the data
    misfit,           ///< a value does not fit the new schema
    other,
};

/// True when an error comes from the state that the server or the account is in, and not from the
/// statement or the data: the same may work later.
[[nodiscard]] bool may_pass(const Error& error);

/// By error number (MySQL manual, "Server Error Message Reference").
[[nodiscard]] FailureKind classify_write_failure(const Error& error);

/// A duplicate or a misfit: the shadow refuses a row as it is.
[[nodiscard]] bool is_refusal(const Error& error);

}  // namespace doppel::sql
