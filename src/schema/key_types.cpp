// SPDX-License-Identifier: Apache-2.0
#include "schema/key_types.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace doppel::schema {
namespace {

using mysql::KeyKind;
using mysql::KeyPlace;
using Reason = std::optional<std::string>;

/// The server compares a SET with a number as DOUBLE, which is exact for so many bits.
constexpr std::size_t kSetMembersMax = 53;

/// Charsets whose values come back unchanged from a conversion to Unicode and back, or make a
/// strict conversion fail: tried with all values of one byte on MySQL 9.7. Of those that are left
/// out, some have several codes for a character (sjis, cp932, armscii8), the rest is untried.
constexpr std::array<std::string_view, 27> kReversibleCharsets{
    "utf8mb4", "utf8mb3", "utf8",   "utf16", "utf16le", "utf32", "ucs2",    "ascii",    "latin1",
    "latin2",  "latin5",  "latin7", "cp850", "cp852",   "cp866", "cp1250",  "cp1251",   "cp1256",
    "cp1257",  "koi8r",   "koi8u",  "greek", "hebrew",  "macce", "keybcs2", "macroman", "dec8"};

std::optional<KeyKind> key_kind(const Column& column) {
    static const std::vector<std::pair<std::string_view, KeyKind>> kinds{
        {"binary", KeyKind::binary_string},
        {"varbinary", KeyKind::binary_string},
        {"char", KeyKind::text},
        {"varchar", KeyKind::text},
        {"decimal", KeyKind::decimal},
        {"date", KeyKind::date},
        {"time", KeyKind::time},
        {"datetime", KeyKind::datetime},
        {"timestamp", KeyKind::timestamp},
        {"year", KeyKind::year},
        {"enum", KeyKind::enumeration},
        {"set", KeyKind::set},
        {"bit", KeyKind::bits}};
    if (column.is_integer()) {
        return column.is_unsigned() ? KeyKind::unsigned_integer : KeyKind::signed_integer;
    }
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) {
        return kind.first == column.data_type;
    });
    return found == kinds.end() ? std::nullopt : std::optional(found->second);
}

/// How many values "enum('a','it''s')" lists.
std::size_t count_members(std::string_view type) {
    std::size_t members = 0;
    bool quoted = false;
    for (const char c : type) {
        // A doubled quote ends a value and begins it again.
        quoted = c == '\'' ? !quoted : quoted;
        members += c == ',' && !quoted ? 1U : 0U;
    }
    return members + 1;
}

/// True when the list of the values of `before` is how that of `after` begins, so that each value
/// keeps its number.
bool keeps_numbers(const Column& before, const Column& after) {
    if (before.type.empty()) {
        return false;
    }
    const std::string_view list = std::string_view(before.type).substr(0, before.type.size() - 1);
    return after.type.size() > list.size() && after.type.compare(0, list.size(), list) == 0 &&
           (after.type[list.size()] == ',' || after.type[list.size()] == ')');
}

bool is_reversible(std::string_view charset) {
    return std::find(kReversibleCharsets.begin(), kReversibleCharsets.end(), charset) !=
           kReversibleCharsets.end();
}

base::Result<KeyPlace> text_place(const Column& source, const Column& shadow) {
    const bool same_type = source.data_type == shadow.data_type ||
                           (source.data_type == "char" && shadow.data_type == "varchar");
    if (!same_type) {
        return base::Failure{"its type changes"};
    }
    if (shadow.length_characters < source.length_characters) {
        return base::Failure{"it gets shorter"};
    }
    KeyPlace place(shadow.name);
    if (source.charset == shadow.charset && source.collation == shadow.collation) {
        return place;
    }
    const bool reversible = source.charset == shadow.charset ||
                            (is_reversible(source.charset) && is_reversible(shadow.charset));
    if (!reversible) {
        return base::Failure{fmt::format(
            "its character set changes from {} to {}, and not every such value is known to have "
            "one counterpart only",
            source.charset,
            shadow.charset
        )};
    }
    place.bytewise = true;
    place.charset = shadow.charset;
    place.collation = shadow.collation;
    return place;
}

base::Result<KeyPlace> binary_place(const Column& source, const Column& shadow) {
    const bool fixed = source.data_type == "binary";
    if (shadow.data_type != source.data_type && !(fixed && shadow.data_type == "varbinary")) {
        return base::Failure{
            shadow.data_type == "binary" ? "it gets padded, which makes different values equal"
                                         : "its type changes"};
    }
    if (shadow.length_bytes < source.length_bytes) {
        return base::Failure{"it gets shorter"};
    }
    KeyPlace place(shadow.name);
    if (shadow.data_type == "binary" && shadow.length_bytes > source.length_bytes) {
        place.padded_bytes = static_cast<std::size_t>(shadow.length_bytes);
    }
    return place;
}

/// For numbers that the server compares exactly whatever their types; what the new type cannot hold
/// makes a strict INSERT fail.
Reason different_number(KeyKind kind, const Column& source, const Column& shadow) {
    const bool whole = kind != KeyKind::decimal || source.numeric_scale == 0;
    if (shadow.data_type == source.data_type && kind != KeyKind::decimal) {
        return std::nullopt;
    }
    if (shadow.is_integer()) {
        return whole ? std::nullopt : Reason("it loses fractional digits");
    }
    const bool from_decimal = kind == KeyKind::decimal || source.is_integer();
    if (from_decimal && shadow.data_type == "decimal") {
        return shadow.numeric_scale >= source.numeric_scale || whole
                   ? std::nullopt
                   : Reason("it loses fractional digits");
    }
    return source.is_integer() ? "it is no integer in the new table" : "its type changes";
}

Reason different_time(const Column& source, const Column& shadow) {
    const bool same = source.data_type == shadow.data_type ||
                      (source.data_type == "date" && shadow.data_type == "datetime");
    if (!same) {
        return "its type changes";
    }
    if (shadow.fractional_digits < source.fractional_digits) {
        return "it loses fractional digits";
    }
    return std::nullopt;
}

Reason different_members(const Column& source, const Column& shadow) {
    if (source.data_type == shadow.data_type && keeps_numbers(source, shadow)) {
        return std::nullopt;
    }
    return "its list of values changes other than by values added at the end";
}

Reason different_values(KeyKind kind, const Column& source, const Column& shadow) {
    switch (kind) {
        case KeyKind::signed_integer:
        case KeyKind::unsigned_integer:
        case KeyKind::decimal:
        case KeyKind::year:
        case KeyKind::bits:
            return different_number(kind, source, shadow);
        case KeyKind::date:
        case KeyKind::time:
        case KeyKind::datetime:
        case KeyKind::timestamp:
            return different_time(source, shadow);
        case KeyKind::enumeration:
        case KeyKind::set:
            return different_members(source, shadow);
        case KeyKind::text:
        case KeyKind::binary_string:
            break;
    }
    return "its type changes";
}

}  // namespace

std::optional<std::string> unusable_as_key(const Column& column) {
    if (column.nullable) {
        return fmt::format("column `{}` allows NULL", column.name);
    }
    if (column.generated == GeneratedKind::virtual_value) {
        return fmt::format("column `{}` is a virtual generated column", column.name);
    }
    const auto kind = key_kind(column);
    if (!kind) {
        return fmt::format(
            "column `{}` is of type {}, which cannot be followed as a key", column.name, column.type
        );
    }
    if (kind == KeyKind::set && count_members(column.type) > kSetMembersMax) {
        return fmt::format(
            "column `{}` is a SET of more than {} members, which the server does not compare "
            "exactly",
            column.name,
            kSetMembersMax
        );
    }
    return std::nullopt;
}

mysql::KeyColumn key_column(const Column& column) {
    mysql::KeyColumn key;
    key.name = column.name;
    key.kind = *key_kind(column);
    if (column.data_type == "binary") {
        key.fixed_length_bytes = static_cast<std::size_t>(column.length_bytes);
    }
    if (key.kind == KeyKind::text) {
        key.charset = column.charset;
        key.collation = column.collation;
    }
    if (key.kind == KeyKind::enumeration) {
        key.members = count_members(column.type);
    }
    key.fractional_digits =
        key.kind == KeyKind::decimal ? column.numeric_scale : column.fractional_digits;
    return key;
}

base::Result<KeyPlace> place_in_shadow(const Column& source, const Column& shadow) {
    if (shadow.is_generated()) {
        return base::Failure{"it is a generated column in the new table"};
    }
    const KeyKind kind = *key_kind(source);
    if (kind == KeyKind::text) {
        return text_place(source, shadow);
    }
    if (kind == KeyKind::binary_string) {
        return binary_place(source, shadow);
    }
    if (Reason reason = different_values(kind, source, shadow)) {
        return base::Failure{*reason};
    }
    return KeyPlace(shadow.name);
}

KeyPlace place_in_source(const Column& source, const KeyPlace& shadow) {
    KeyPlace place(source.name);
    place.bytewise = shadow.bytewise;
    if (place.bytewise) {
        place.charset = source.charset;
        place.collation = source.collation;
    }
    return place;
}

}  // namespace doppel::schema
