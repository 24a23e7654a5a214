// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/identifier.hpp"
#include "statement/alter_statement.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {

/// A statement and the table that it is about.
struct AlterRequest {
    statement::AlterStatement statement;
    mysql::TableName table;
};

/// Fails with what is wrong with the statement, or when neither it nor the connection names a
/// schema. Pure.
[[nodiscard]] inline base::Result<AlterRequest> alter_request(
    const std::string& text, const std::string& default_schema
) {
    auto parsed = statement::parse_alter(text);
    if (!parsed) {
        return parsed.failure();
    }
    const std::string schema = parsed->schema.value_or(default_schema);
    if (schema.empty()) {
        return base::Failure{fmt::format(
            "the statement names no schema: write ALTER TABLE schema.{} or give --database",
            parsed->table
        )};
    }
    mysql::TableName table{schema, parsed->table};
    return AlterRequest{std::move(*parsed), std::move(table)};
}

}  // namespace doppel::migration
