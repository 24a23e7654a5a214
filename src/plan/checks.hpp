// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/progress.hpp"
#include "mysql/identifier.hpp"
#include "plan/facts.hpp"
#include "schema/key_choice.hpp"
#include "statement/alter_statement.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doppel::plan {

/// What stands in the way of any change, native or by copy: the server, the account's rights on the
/// table, the table itself, clauses no online change can carry out. All findings, not just the
/// first.
[[nodiscard]] std::vector<Finding> before_native(
    const Facts& facts, const statement::AlterStatement& statement
);

/// What stands in the way of a copy, beyond `before_native`: the binlog, rights for the copy,
/// foreign keys, triggers, keys, names. All findings, not just the first.
[[nodiscard]] std::vector<Finding> before_copy(
    const Facts& facts, const statement::AlterStatement& statement
);

/// One check and what it found; nothing: all is well.
struct Judged {
    std::string name;    ///< stable: what is looked at
    std::string passed;  ///< what can be said when there are no findings
    std::vector<Finding> findings;
};
/// The same checks one by one, also those that find nothing.
[[nodiscard]] std::vector<Judged> judge_before_native(
    const Facts& facts, const statement::AlterStatement& statement
);
[[nodiscard]] std::vector<Judged> judge_before_copy(
    const Facts& facts, const statement::AlterStatement& statement
);

/// True when one of the findings is a refusal.
[[nodiscard]] bool refused(const std::vector<Finding>& findings);

/// How many more connections than a run needs the account may have at a time; the largest number
/// where it has no limit.
[[nodiscard]] std::uint64_t spare_connections(const Facts& facts);

/// For the caller who could not get the migration lock of the table. `holder`: connection id.
[[nodiscard]] Finding migration_running(
    const mysql::TableName& table, std::optional<std::uint64_t> holder
);

/// For the caller who made the shadow and found no key that both tables share.
[[nodiscard]] Finding no_shared_key(
    const mysql::TableName& table, const std::vector<schema::RejectedIndex>& rejected
);

/// For the caller who found that rows cannot be compared before the swap: `reason` begins with what
/// stands in the way, "column `x` ..".
[[nodiscard]] Finding not_verifiable(const mysql::TableName& table, const std::string& reason);
/// The same where only a privilege is missing; `columns` need it.
[[nodiscard]] Finding no_temporary_tables(
    const Facts& facts, const std::vector<std::string>& columns
);

}  // namespace doppel::plan
