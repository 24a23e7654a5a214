// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "mysql/server_version.hpp"
#include "schema/table_definition.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::schema {

/// Reads a table or view; nothing when there is none that this account may see. Sets
/// `information_schema_stats_expiry` and `show_gipk_in_create_table_and_information_schema` for the
/// session where the server knows them, so that numbers are current and no column stays hidden.
/// Not atomic: DDL in between may mix two states. Throws what the session throws.
[[nodiscard]] std::optional<TableDefinition> read_table(
    sql::Session& session, const mysql::TableName& name, const mysql::ServerVersion& version
);

/// True when the table has a row that this session sees.
[[nodiscard]] bool has_rows(sql::Session& session, const mysql::TableName& name);

/// The next AUTO_INCREMENT value right now, as SHOW CREATE TABLE has it; nothing when the table has
/// no such column or the value is still 1. Also works on tables held under LOCK TABLES.
[[nodiscard]] std::optional<std::uint64_t> read_auto_increment(
    sql::Session& session, const mysql::TableName& name
);

/// The same from the text of SHOW CREATE TABLE. Pure.
[[nodiscard]] std::optional<std::uint64_t> auto_increment_of(std::string_view create_text);

/// The text of SHOW CREATE TABLE without the AUTO_INCREMENT value, so that two texts can be
/// compared while rows are being inserted. Pure.
[[nodiscard]] std::string without_auto_increment(std::string_view create_text);

}  // namespace doppel::schema
