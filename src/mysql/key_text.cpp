// SPDX-License-Identifier: Apache-2.0
#include "mysql/key_text.hpp"

#include "mysql/identifier.hpp"

namespace doppel::mysql {
namespace {

/// Without the digits that only the new type has; they are zeros. Works on the text: a CAST to a
/// temporal type would judge zero dates by the session's sql_mode.
std::string with_digits(const std::string& name, unsigned digits) {
    const std::string text = "CAST(" + name + " AS CHAR)";
    return digits == 0
               ? "SUBSTRING_INDEX(" + text + ", '.', 1)"
               : "LEFT(" + text + ", LOCATE('.', " + text + ") + " + std::to_string(digits) + ")";
}

std::string text_bytes(const KeyColumn& column, const KeyPlace& place, const std::string& name) {
    const bool converted = place.bytewise && place.charset != column.charset;
    return "HEX(" + (converted ? "CONVERT(" + name + " USING " + column.charset + ")" : name) + ")";
}

std::string written_as_before(
    const KeyColumn& column, const KeyPlace& place, const std::string& name
) {
    constexpr unsigned kDateCharacters = 10;
    switch (column.kind) {
        case KeyKind::signed_integer:
            return "CAST(" + name + " AS SIGNED)";
        case KeyKind::unsigned_integer:
        case KeyKind::year:
        case KeyKind::enumeration:
        case KeyKind::set:
        case KeyKind::bits:
            return "CAST(" + name + " AS UNSIGNED)";
        case KeyKind::binary_string:
            return place.padded_bytes == 0 ? "HEX(" + name + ")"
                                           : "HEX(LEFT(" + name + ", " +
                                                 std::to_string(column.fixed_length_bytes) + "))";
        case KeyKind::text:
            return text_bytes(column, place, name);
        case KeyKind::date:
            return "LEFT(CAST(" + name + " AS CHAR), " + std::to_string(kDateCharacters) + ")";
        case KeyKind::decimal:
        case KeyKind::time:
        case KeyKind::datetime:
        case KeyKind::timestamp:
            return with_digits(name, column.fractional_digits);
    }
    return name;
}

}  // namespace

std::vector<std::string> select_shadow_key(
    const KeyShape& shape, const KeyPlaces& shadow_key, std::string_view qualifier
) {
    std::vector<std::string> expressions;
    expressions.reserve(shadow_key.size());
    for (std::size_t i = 0; i < shadow_key.size(); ++i) {
        const std::string name = std::string(qualifier) + quote_identifier(shadow_key[i].name);
        expressions.push_back(written_as_before(shape.columns()[i], shadow_key[i], name));
    }
    return expressions;
}

}  // namespace doppel::mysql
