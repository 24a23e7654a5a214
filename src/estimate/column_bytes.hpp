// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/table_definition.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace doppel::estimate {

/// SQL that tells how many bytes a value takes: in an InnoDB record (MySQL manual, "InnoDB Row
/// Formats"), its length bytes included and 0 for NULL, and in a row image of the binary log. All
/// pure.

/// `value`: an expression with the value as `column` will hold it; NULL where it has none.
[[nodiscard]] std::string stored_bytes(const schema::Column& column, const std::string& value);
[[nodiscard]] std::string logged_bytes(const schema::Column& column, const std::string& value);

/// Bytes of every value of a type of fixed size; nothing for the others.
[[nodiscard]] std::optional<unsigned> fixed_bytes(const schema::Column& column);

/// The largest value in bytes.
[[nodiscard]] std::uint64_t bytes_max(const schema::Column& column);

/// The number of a "(..)" list behind the name of an ENUM or SET.
[[nodiscard]] std::size_t label_count(const schema::Column& column);

}  // namespace doppel::estimate
