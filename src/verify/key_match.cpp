// SPDX-License-Identifier: Apache-2.0
#include "verify/key_match.hpp"

#include "mysql/identifier.hpp"
#include "schema/key_types.hpp"
#include "verify/column_comparison.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::verify {
namespace {

using mysql::KeyKind;

KeyMatch::Form form_of(
    const schema::Column& source, const schema::Column& shadow, const mysql::KeyPlace& place
) {
    if (place.bytewise) {
        return KeyMatch::Form::bytes;
    }
    if (place.padded_bytes > 0) {
        return KeyMatch::Form::padded;
    }
    const bool labels = source.data_type == "enum" || source.data_type == "set";
    const bool alike = source.charset == shadow.charset && source.collation == shadow.collation;
    return labels && !alike ? KeyMatch::Form::number : KeyMatch::Form::value;
}

std::string in_source(const KeyMatch& match) {
    return "s." + mysql::quote_identifier(match.column.name);
}

std::string in_shadow(const KeyMatch& match) {
    return "g." + mysql::quote_identifier(match.place.name);
}

std::string number(const std::string& value) {
    return "CAST(" + value + " AS UNSIGNED)";
}

std::string using_charset(
    const std::string& value, const std::string& charset, const std::string& now
) {
    return charset == now ? value : "CONVERT(" + value + " USING " + charset + ")";
}

std::string for_shadow(const KeyMatch& match) {
    return using_charset(in_source(match), match.place.charset, match.column.charset);
}

std::string for_source(const KeyMatch& match) {
    return using_charset(in_shadow(match), match.column.charset, match.place.charset);
}

std::string longer(const KeyMatch& match) {
    return fmt::format("CAST({} AS BINARY({}))", in_source(match), match.place.padded_bytes);
}

/// How much of the text is the source's; the rest has to be zeros.
std::size_t length_of_value(const KeyMatch& match, const std::string& text) {
    switch (match.column.kind) {
        case KeyKind::text:
            return text.size();
        case KeyKind::binary_string:
            return match.column.fixed_length_bytes > 0 ? 2 * match.column.fixed_length_bytes
                                                       : text.size();
        case KeyKind::date:
            return std::string_view("2024-01-01").size();
        default: {
            const std::size_t point = text.find('.');
            if (point == std::string::npos) {
                return text.size();
            }
            return match.digits == 0 ? point : point + 1 + match.digits;
        }
    }
}

}  // namespace

KeyMatch match_column(
    const schema::Column& source, const schema::Column& shadow, const mysql::KeyPlace& place
) {
    KeyMatch match;
    match.form = form_of(source, shadow, place);
    match.column = schema::key_column(source);
    match.place = place;
    match.there = schema::key_column(shadow);
    match.digits = source.data_type == "decimal" ? source.numeric_scale : source.fractional_digits;
    return match;
}

std::string match_condition(const KeyMatch& match) {
    switch (match.form) {
        case KeyMatch::Form::value:
            return in_shadow(match) + " = " + in_source(match);
        case KeyMatch::Form::number:
            return in_shadow(match) + " = " + number(in_source(match));
        case KeyMatch::Form::padded:
            return in_shadow(match) + " = " + longer(match);
        case KeyMatch::Form::bytes:
            return fmt::format(
                "{0} = {1} COLLATE {2} AND {3} = {4}",
                in_shadow(match),
                for_shadow(match),
                match.place.collation,
                as_bytes(in_shadow(match)),
                as_bytes(for_shadow(match))
            );
    }
    return "FALSE";
}

std::string reverse_match_condition(const KeyMatch& match) {
    switch (match.form) {
        case KeyMatch::Form::value:
            return match_condition(match);
        case KeyMatch::Form::number:
            return in_source(match) + " = " + number(in_shadow(match));
        case KeyMatch::Form::padded:
            return fmt::format(
                "{} = LEFT({}, {}) AND {}",
                in_source(match),
                in_shadow(match),
                match.column.fixed_length_bytes,
                match_condition(match)
            );
        case KeyMatch::Form::bytes:
            return fmt::format(
                "{} = {} COLLATE {} AND {} = {}",
                in_source(match),
                for_source(match),
                match.column.collation,
                as_bytes(for_shadow(match)),
                as_bytes(in_shadow(match))
            );
    }
    return "FALSE";
}

std::string matched_condition(const KeyMatch& match) {
    switch (match.form) {
        case KeyMatch::Form::value:
            return in_shadow(match) + " <=> " + in_source(match);
        case KeyMatch::Form::number:
            return number(in_shadow(match)) + " <=> " + number(in_source(match));
        case KeyMatch::Form::padded:
            return in_shadow(match) + " <=> " + longer(match);
        case KeyMatch::Form::bytes:
            return as_bytes(in_shadow(match)) + " <=> " + as_bytes(for_shadow(match));
    }
    return "FALSE";
}

std::string identity(const KeyMatch& match) {
    return match.form == KeyMatch::Form::bytes ? as_bytes(in_shadow(match)) : in_shadow(match);
}

std::string shadow_value(const KeyMatch& match) {
    if (match.form != KeyMatch::Form::bytes || match.column.charset == match.place.charset) {
        return mysql::KeyShape({match.there}).select_expressions("g.").front();
    }
    // What the charset lacks becomes '?'.
    const std::string value = for_source(match);
    return fmt::format(
        "IF({} = {}, HEX({}), NULL)",
        as_bytes("CONVERT(" + value + " USING " + match.place.charset + ")"),
        as_bytes(in_shadow(match)),
        value
    );
}

std::optional<std::string> spelled_for_source(const KeyMatch& match, const std::string& text) {
    const std::size_t length = length_of_value(match, text);
    if (text.size() < length || text.find_first_not_of(" 0:.", length) != std::string::npos) {
        return std::nullopt;
    }
    return text.substr(0, length);
}

}  // namespace doppel::verify
