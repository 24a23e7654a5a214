// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/random.hpp"

#include <string>
#include <vector>

namespace doppel::differential {

enum class Kind {
    integer,
    decimal,
    approximate,
    bit,
    text,
    binary,
    enumeration,
    set,
    date,
    time,
    datetime,
    year,
    json,
    point,
    vector,
};

/// A column type as the server knows it, with what is needed to make values of it.
struct Type {
    Kind kind = Kind::integer;
    std::string name;  ///< "bigint", "varchar", "timestamp" ..
    bool is_unsigned = false;
    unsigned length = 0;  ///< characters, bytes, bits, precision, dimensions
    unsigned scale = 0;   ///< digits behind the point, of a second too
    std::string charset;
    std::string collation;
    std::vector<std::string> elements;
    /// Small plain values only, so that changes of the type have a chance to succeed.
    bool tame = false;

    [[nodiscard]] std::string sql() const;
    /// TEXT, BLOB, JSON ..: no literal default, no index without a prefix.
    [[nodiscard]] bool large() const;
    [[nodiscard]] bool temporal_with_day() const;
};

/// What the session's sql_mode lets through.
struct ValueRules {
    bool zero_dates = false;
};

[[nodiscard]] Type random_type(Random& random);
[[nodiscard]] Type random_text_type(Random& random);
[[nodiscard]] Type random_integer_type(Random& random);
/// One that the server could convert `from` into: mostly wider, sometimes not.
[[nodiscard]] Type changed_type(const Type& from, Random& random);
/// A literal of the type. Not NULL.
[[nodiscard]] std::string random_literal(const Type& type, const ValueRules& rules, Random& random);
/// What stands behind DEFAULT.
[[nodiscard]] std::string random_default(const Type& type, Random& random);

}  // namespace doppel::differential
