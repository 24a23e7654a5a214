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
    geometry,
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
    bool has_srid = false;  ///< SRID 4326 is part of the definition
    /// Small plain values only, which most other types can hold.
    bool tame = false;

    [[nodiscard]] std::string sql() const;
    /// TEXT, BLOB, JSON ..: no literal default, no index without a prefix.
    [[nodiscard]] bool large() const;
    [[nodiscard]] bool is_number() const;
    [[nodiscard]] bool is_temporal() const;
};

/// Which characters a character set has, as far as values of ours go.
struct Repertoire {
    bool western = false;
    bool cyrillic = false;
    bool chinese = false;
    bool all_of_bmp = false;
    bool all = false;
};
[[nodiscard]] Repertoire repertoire_of(const std::string& charset);
[[nodiscard]] Repertoire common(const Repertoire& one, const Repertoire& other);

/// What the session's sql_mode lets through.
struct ValueRules {
    bool zero_dates = false;
    bool ansi = false;  ///< double quotes are for names, backslashes are plain
    bool operator==(const ValueRules&) const = default;
};

[[nodiscard]] Type simple_type(
    Kind kind, std::string name, unsigned length = 0, unsigned scale = 0
);
[[nodiscard]] Type random_type(Random& random);
[[nodiscard]] Type random_text_type(Random& random);
[[nodiscard]] Type random_integer_type(Random& random);
void choose_charset(Type& type, Random& random);
/// One that the server could convert `from` into: mostly wider, sometimes not.
[[nodiscard]] Type changed_type(const Type& from, Random& random);

/// A literal of the type. Not NULL.
[[nodiscard]] std::string random_literal(const Type& type, const ValueRules& rules, Random& random);
/// A literal of `from` that the server can most likely convert to `to` as well.
[[nodiscard]] std::string fitting_literal(
    const Type& from, const Type& to, const ValueRules& rules, Random& random
);
/// Characters of the repertoire, at most `length` of them unless that is 0.
[[nodiscard]] std::string text_literal(
    const Repertoire& repertoire, unsigned length, bool tame, Random& random
);
[[nodiscard]] std::string bytes_literal(const std::string& bytes);
/// What stands behind DEFAULT.
[[nodiscard]] std::string random_default(const Type& type, Random& random);

}  // namespace doppel::differential
