// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "schema/table_definition.hpp"
#include "sql/session.hpp"
#include "statement/alter_statement.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace doppel::shadow {

/// Where the shadow's AUTO_INCREMENT counter comes from. In all cases the server keeps it above the
/// largest value in the table.
struct CounterRule {
    enum class Origin {
        none,       ///< no such column, or one whose values are new: nothing to settle
        source,     ///< the source's counter, as long as the column has the attribute in both
        statement,  ///< the AUTO_INCREMENT option of the statement
        rows,       ///< the values alone: the statement gives the attribute to a column
    };
    Origin origin = Origin::none;
    std::uint64_t value = 1;  ///< of `statement`
    std::string column = {};  ///< of the shadow, which has the attribute; empty for `none`
    bool operator==(const CounterRule&) const = default;
};

/// The rule for a shadow that the statement was applied to. Pure.
[[nodiscard]] CounterRule counter_rule(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const statement::AlterStatement& statement
);

/// How the numbers in the shadow will differ from those of a native ALTER, in a sentence. Pure.
[[nodiscard]] std::optional<std::string> describe_numbering(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const statement::AlterStatement& statement
);

/// Sets the shadow's AUTO_INCREMENT to what a native ALTER would leave now: up, as the last rows of
/// the source may have been inserted and deleted without ever being copied, or down, as the shadow
/// may have held rows that are gone. Does nothing when the value is that already. A metadata
/// change; allowed on tables this session holds under LOCK TABLES .. WRITE. Returns true if it
/// asked for a change.
bool settle_auto_increment(
    sql::Session& session,
    const mysql::TableName& source,
    const mysql::TableName& shadow,
    const CounterRule& rule
);

}  // namespace doppel::shadow
