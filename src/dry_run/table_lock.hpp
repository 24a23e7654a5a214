// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "mysql/identifier.hpp"
#include "sql/session.hpp"

#include <optional>

namespace doppel::dry_run {

/// `error` again, as a lock of somebody else on the table that kept a statement of ours waiting,
/// with who holds it where the account may see that. Nothing: it is about something else.
[[nodiscard]] std::optional<Error> as_table_lock(
    sql::Session& session, const mysql::TableName& table, const Error& error
);

}  // namespace doppel::dry_run
