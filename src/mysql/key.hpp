// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::mysql {

/// How the values of a key column are encoded, ordered and written as SQL.
enum class KeyKind {
    signed_integer,
    unsigned_integer,
    binary_string,  ///< BINARY, VARBINARY: bytewise order
    text,           ///< CHAR, VARCHAR: order by collation, known to the server only
    decimal,
    date,
    time,
    datetime,
    timestamp,  ///< as UTC, where no hour comes twice
    year,
    enumeration,  ///< by its number
    set,          ///< by its number, one bit per member
    bits,         ///< BIT: by its number
};

/// One column of the chosen key as the source table defines it. Key columns are NOT NULL.
struct KeyColumn {
    std::string name;
    KeyKind kind = KeyKind::signed_integer;
    /// BINARY(n): n. 0 for a type of variable length. The row image of BINARY lacks trailing NULs.
    std::size_t fixed_length_bytes = 0;
    std::string charset;             ///< text only, e.g. "utf8mb4"
    std::string collation;           ///< text only
    std::size_t members = 0;         ///< enumeration only: how many values it has; 0 if not known
    unsigned fractional_digits = 0;  ///< decimal, time, datetime, timestamp: behind the point
    bool operator==(const KeyColumn&) const = default;
};

/// The value of a whole key in the encoding of its KeyShape; comparable and hashable as bytes.
/// Byte-equal keys name the same row. Where the shape is exactly comparable, byte order is the
/// server's order too; elsewhere byte-different keys may even be the same row to the server.
struct Key {
    std::string bytes;
    auto operator<=>(const Key&) const = default;
};

/// The columns of a key and the encoding of its values. Immutable; safe to share between threads.
///
/// Encoding, column after column:
/// - integers, year, enumeration, set, bits: 8 bytes big-endian, the sign bit of signed ones
/// flipped;
/// - BINARY(n): n bytes, padded with NULs;
/// - VARBINARY: every 00 byte as 00 FF, closed by 00 00;
/// - all others: length as 4 bytes big-endian, then the value: text as its bytes in the column's
///   charset, decimal and temporal values as the server prints them ("-1.50", "2024-02-29",
///   "-12:00:00.5", "2024-02-29 23:59:59.123456"), a TIMESTAMP in UTC.
class KeyShape final {
public:
    explicit KeyShape(std::vector<KeyColumn> columns);

    [[nodiscard]] const std::vector<KeyColumn>& columns() const noexcept { return columns_; }
    /// True when byte order of encoded keys is the server's order for every column.
    [[nodiscard]] bool exactly_comparable() const noexcept { return exactly_comparable_; }
    /// True when sessions that use `select_expressions` or `literals` need time_zone = '+00:00':
    /// with a TIMESTAMP among the columns.
    [[nodiscard]] bool needs_utc() const noexcept;

    /// Appends the encoding of one value that is a number to us: 8 bytes, see above.
    static void append_signed(std::string& out, std::int64_t value);
    static void append_unsigned(std::string& out, std::uint64_t value);
    /// Appends one BINARY/VARBINARY value.
    static void append_binary(
        std::string& out, std::string_view value, std::size_t fixed_length_bytes
    );
    /// Appends one value of any other kind.
    static void append_opaque(std::string& out, std::string_view value);

    /// SQL expression per column whose textual result `encode_text` understands, e.g. "`id`",
    /// "HEX(`uuid`)"; `qualifier` is put before the column ("s.") and may be empty.
    [[nodiscard]] std::vector<std::string> select_expressions(std::string_view qualifier = {})
        const;
    /// The key of a row selected with `select_expressions`. Fails on NULL or malformed values.
    [[nodiscard]] base::Result<Key> encode_text(
        const std::vector<std::optional<std::string>>& values
    ) const;

    /// One SQL literal per column. Requires a key of this shape; throws Error(failed) otherwise.
    [[nodiscard]] std::vector<std::string> literals(const Key& key) const;
    /// The values themselves: the digits of a number, the bytes of a string, the text of the rest.
    /// Requires and throws the same.
    [[nodiscard]] std::vector<std::string> values(const Key& key) const;
    /// "(12, 'abc')" for messages; values shortened, not for SQL.
    [[nodiscard]] std::string describe(const Key& key) const;

private:
    std::vector<KeyColumn> columns_;
    bool exactly_comparable_ = false;
};

}  // namespace doppel::mysql

template <>
struct std::hash<doppel::mysql::Key> {
    std::size_t operator()(const doppel::mysql::Key& key) const noexcept {
        return std::hash<std::string>{}(key.bytes);
    }
};
