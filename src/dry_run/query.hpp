// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/session.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::dry_run {

/// Nothing where the server does not answer: a privilege is missing, a table of this version, or
/// the time is up. A lost connection is thrown.
[[nodiscard]] std::optional<sql::Rows> query_if_told(
    sql::Session& session, std::string_view statement
);

/// "name, value" rows, names in lower case.
using Names = std::map<std::string, std::string>;
[[nodiscard]] Names read_names(const std::optional<sql::Rows>& rows);

[[nodiscard]] double number(const sql::Value& value, double otherwise = 0);
[[nodiscard]] double number(const Names& names, const std::string& name, double otherwise = 0);
/// The cell of the first row under a column's name; empty where there is none.
[[nodiscard]] std::string cell(
    const sql::Rows& rows, std::size_t row, std::string_view name, std::string_view former_name
);

}  // namespace doppel::dry_run
