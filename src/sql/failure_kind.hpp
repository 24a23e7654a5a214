// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "mysql/identifier.hpp"

#include <string_view>

namespace doppel::sql {

/// What a failed write into the shadow means for what to do next.
enum class FailureKind {
    connection_lost,  ///< reconnect and look: the statement may have taken effect
    conflict,         ///< deadlock or lock wait timeout: rolled back, try again
    duplicate,        ///< a unique index refused a row: stale rows in the shadow, or the data
    misfit,           ///< a value does not fit the new schema
    other,
};

/// By error number (MySQL manual, "Server Error Message Reference").
[[nodiscard]] FailureKind classify_write_failure(const Error& error);

/// Error(data_misfit) for the operator: "a row of .." or "the row (12) of .." does not fit.
[[nodiscard]] Error data_misfit(
    std::string_view row, const mysql::TableName& table, const Error& error
);

}  // namespace doppel::sql
