// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doppel::load {

/// A column as information_schema.columns has it.
struct ColumnInfo {
    std::string name;
    std::string data_type;  ///< lower case, e.g. "varchar"
    bool operator==(const ColumnInfo&) const = default;
};

/// A SQL expression with the value of a column as bytes in which different values differ and equal
/// ones agree; NULL stays NULL. Text comes in its own charset without conversion, binary types as
/// they are, FLOAT widened to DOUBLE, which the server prints with as many digits as distinguish it
/// (FLOAT itself is cut to six), ENUM, SET, BIT and YEAR as numbers, so that an invalid ENUM
/// differs from ''. JSON is compared as text: 1 and 1.0 differ, but not a DECIMAL 1.0 and a
/// DOUBLE 1.0 inside of it. Temporal values depend on the session's time zone: set the same one
/// everywhere.
[[nodiscard]] std::string bytes_expression(const ColumnInfo& column);

/// A SQL expression with a SHA-256 in hexadecimal over all columns of a row, each with its length
/// before it (MySQL 9.6 and later have no MD5 without a component). Long types enter by their own
/// hash, so that no row exceeds max_allowed_packet,
/// which would make the whole expression NULL.
[[nodiscard]] std::string row_hash_expression(const std::vector<ColumnInfo>& columns);

/// A SQL aggregate over any number of row hashes in any order: the XOR of their first 64 bits.
/// Rows hold their key, so two equal ones cannot cancel each other.
[[nodiscard]] std::string chunk_hash_expression(const std::vector<ColumnInfo>& columns);

}  // namespace doppel::load
