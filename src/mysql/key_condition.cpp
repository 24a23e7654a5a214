// SPDX-License-Identifier: Apache-2.0
#include "mysql/key_condition.hpp"

#include "base/hex.hpp"
#include "mysql/identifier.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace doppel::mysql {
namespace {

/// Longer lists of an ENUM's numbers cost more than the index saves.
constexpr std::uint64_t kListedNumbersMax = 300;

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string text;
    for (const std::string& part : parts) {
        if (!text.empty()) {
            text += separator;
        }
        text += part;
    }
    return text;
}

/// The literals of one key and the values behind them, column by column.
struct KeyValues {
    std::vector<std::string> literals;
    std::vector<std::string> values;  ///< only where something needs them
};

KeyValues values_of(const KeyShape& shape, const Key& key) {
    return {shape.literals(key), shape.values(key)};
}

KeyValues values_for(const KeyShape& shape, const KeyPlaces& columns, const Key& key) {
    const bool needed = std::any_of(columns.begin(), columns.end(), [](const KeyPlace& place) {
        return place.bytewise || place.padded_bytes > 0;
    });
    return needed ? values_of(shape, key) : KeyValues{shape.literals(key), {}};
}

bool is_converted(const KeyColumn& column, const KeyPlace& place) {
    return place.bytewise && place.charset != column.charset;
}

std::string padded(const std::string& value, std::size_t bytes) {
    std::string longer = value;
    longer.resize(std::max(bytes, value.size()), '\0');
    return "x'" + base::to_hex(longer) + "'";
}

/// The value as the place's own type has it, so that its index finds it.
std::string literal_there(
    const KeyShape& shape, const KeyPlaces& columns, const KeyValues& key, std::size_t i
) {
    const KeyPlace& place = columns[i];
    if (place.padded_bytes > 0) {
        return padded(key.values[i], place.padded_bytes);
    }
    if (is_converted(shape.columns()[i], place)) {
        return "CONVERT(" + key.literals[i] + " USING " + place.charset + ") COLLATE " +
               place.collation;
    }
    return key.literals[i];
}

std::string bytes_literal(const KeyValues& key, std::size_t i) {
    return "x'" + base::to_hex(key.values[i]) + "'";
}

/// The bytes that the source has for the value of the place.
std::string bytes_there(const KeyColumn& column, const KeyPlace& place) {
    const std::string name = quote_identifier(place.name);
    const bool converted = is_converted(column, place);
    return "CAST(" + (converted ? "CONVERT(" + name + " USING " + column.charset + ")" : name) +
           " AS BINARY)";
}

/// What a range compares: the place's value as the source orders it.
std::string ordered_there(const KeyColumn& column, const KeyPlace& place) {
    std::string name = quote_identifier(place.name);
    if (!place.bytewise ||
        (place.charset == column.charset && place.collation == column.collation)) {
        return name;
    }
    const bool converted = is_converted(column, place);
    return (converted ? "CONVERT(" + name + " USING " + column.charset + ")" : name) + " COLLATE " +
           column.collation;
}

/// "`e` IN (3,4)" for `e` > 2 of an ENUM with four values. Number 0 is the invalid value.
std::optional<std::string> listed(
    const KeyColumn& column, const std::string& name, const std::string& value, std::string_view op
) {
    std::uint64_t number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    if (column.kind != KeyKind::enumeration || column.members == 0 || number > column.members) {
        return std::nullopt;
    }
    const bool above = op.find('>') != std::string_view::npos;
    const bool with_itself = op.find('=') != std::string_view::npos;
    const std::uint64_t first = above ? number + (with_itself ? 0 : 1) : 0;
    const std::uint64_t end = above ? column.members + 1 : number + (with_itself ? 1 : 0);
    if (first == end) {
        // Nothing. With a number that no value has the optimizer still reads in the order of the
        // index; with FALSE it sorts all that is left.
        return above ? name + " IN (" + std::to_string(end) + ")" : "FALSE";
    }
    if (end - first > kListedNumbersMax) {
        return std::nullopt;
    }
    std::string list;
    for (std::uint64_t i = first; i < end; ++i) {
        list += (i == first ? "" : ",") + std::to_string(i);
    }
    return name + " IN (" + list + ")";
}

std::string reversed(std::string_view op) {
    std::string text(op);
    for (char& c : text) {
        c = c == '<' ? '>' : c == '>' ? '<' : c;
    }
    return text;
}

/// a > x OR (a = x AND (b > y OR (b = y AND c >= z))): `strict` is the operator of all columns but
/// the last, `last` that of the last one.
std::string compare(
    const KeyShape& shape,
    const KeyPlaces& columns,
    const KeyValues& key,
    std::string_view strict,
    std::string_view last,
    std::size_t from = 0
) {
    const KeyColumn& column = shape.columns()[from];
    const std::string name = ordered_there(column, columns[from]);
    const std::string literal = columns[from].padded_bytes > 0
                                    ? padded(key.values[from], columns[from].padded_bytes)
                                    : key.literals[from];
    const bool is_last = from + 1 == columns.size();
    const std::string ascending(is_last ? last : strict);
    const std::string op = columns[from].descending ? reversed(ascending) : ascending;
    std::string differs = listed(column, name, key.values[from], op).value_or(name + op + literal);
    if (is_last) {
        return differs;
    }
    return "(" + differs + " OR (" + name + " = " + literal + " AND " +
           compare(shape, columns, key, strict, last, from + 1) + "))";
}

bool has_named_numbers(const KeyShape& shape) {
    return std::any_of(shape.columns().begin(), shape.columns().end(), [](const KeyColumn& column) {
        return column.kind == KeyKind::enumeration || column.kind == KeyKind::set;
    });
}

bool any_bytewise(const KeyPlaces& columns) {
    return std::any_of(columns.begin(), columns.end(), [](const KeyPlace& place) {
        return place.bytewise;
    });
}

std::string any_equal(const KeyShape& shape, const KeyPlaces& columns, std::span<const Key> keys) {
    std::vector<std::string> alternatives;
    for (const Key& key : keys) {
        const KeyValues values = values_for(shape, columns, key);
        std::vector<std::string> parts;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            parts.push_back(
                quote_identifier(columns[i].name) + " = " + literal_there(shape, columns, values, i)
            );
            if (columns[i].bytewise) {
                parts.push_back(
                    bytes_there(shape.columns()[i], columns[i]) + " = " + bytes_literal(values, i)
                );
            }
        }
        alternatives.push_back("(" + join(parts, " AND ") + ")");
    }
    return "(" + join(alternatives, " OR ") + ")";
}

/// "a" or "(a,b)".
std::string tuple(const std::vector<std::string>& parts, std::string_view separator) {
    return parts.size() == 1 ? parts.front() : "(" + join(parts, separator) + ")";
}

/// With `bytes` the columns that are compared bytewise are compared so, else by their index.
std::string in_list(
    const KeyShape& shape, const KeyPlaces& columns, std::span<const Key> keys, bool bytes
) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        names.push_back(
            bytes && columns[i].bytewise ? bytes_there(shape.columns()[i], columns[i])
                                         : quote_identifier(columns[i].name)
        );
    }
    std::string text = tuple(names, ", ") + " IN (";
    for (const Key& key : keys) {
        const KeyValues values = values_for(shape, columns, key);
        std::vector<std::string> literals;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            literals.push_back(
                bytes && columns[i].bytewise ? bytes_literal(values, i)
                                             : literal_there(shape, columns, values, i)
            );
        }
        text += (&key == keys.data() ? "" : ",") + tuple(literals, ",");
    }
    return text + ")";
}

}  // namespace

std::string same_key_condition(
    const KeyShape& shape,
    const KeyPlaces& source_key,
    const KeyPlaces& shadow_key,
    std::string_view source,
    std::string_view shadow
) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < source_key.size(); ++i) {
        const KeyPlace& place = shadow_key[i];
        const std::string there = std::string(shadow) + "." + quote_identifier(place.name);
        std::string here = std::string(source) + "." + quote_identifier(source_key[i].name);
        if (place.padded_bytes > 0) {
            here = fmt::format("CAST({} AS BINARY({}))", here, place.padded_bytes);
        }
        if (!place.bytewise) {
            parts.push_back(fmt::format("{} = {}", there, here));
            continue;
        }
        if (is_converted(shape.columns()[i], place)) {
            here = fmt::format("CONVERT({} USING {})", here, place.charset);
        }
        parts.push_back(fmt::format("{} = {} COLLATE {}", there, here, place.collation));
        parts.push_back(fmt::format("CAST({} AS BINARY) = CAST({} AS BINARY)", there, here));
    }
    return join(parts, " AND ");
}

std::vector<std::string> column_names(const KeyPlaces& columns) {
    std::vector<std::string> names;
    names.reserve(columns.size());
    for (const KeyPlace& column : columns) {
        names.push_back(column.name);
    }
    return names;
}

std::string column_list(const KeyPlaces& columns) {
    std::vector<std::string> quoted;
    quoted.reserve(columns.size());
    for (const KeyPlace& column : columns) {
        quoted.push_back(quote_identifier(column.name) + (column.descending ? " DESC" : ""));
    }
    return join(quoted, ", ");
}

std::string in_condition(
    const KeyShape& shape, const KeyPlaces& columns, std::span<const Key> keys
) {
    if (columns.size() > 1 && has_named_numbers(shape)) {
        return any_equal(shape, columns, keys);
    }
    std::string text = in_list(shape, columns, keys, false);
    if (any_bytewise(columns)) {
        text += " AND " + in_list(shape, columns, keys, true);
    }
    return text;
}

std::string range_condition(
    const KeyShape& shape, const KeyPlaces& columns, const KeyRange& range
) {
    std::vector<std::string> parts;
    if (range.lower) {
        parts.push_back(compare(shape, columns, values_of(shape, *range.lower), " > ", " > "));
    }
    if (range.upper) {
        parts.push_back(compare(shape, columns, values_of(shape, *range.upper), " < ", " <= "));
    }
    return parts.empty() ? "TRUE" : join(parts, " AND ");
}

std::string any_range_condition(
    const KeyShape& shape, const KeyPlaces& columns, std::span<const KeyRange> ranges
) {
    std::vector<std::string> parts;
    for (const KeyRange& range : ranges) {
        parts.push_back("(" + range_condition(shape, columns, range) + ")");
    }
    return parts.empty() ? "FALSE" : "(" + join(parts, " OR ") + ")";
}

}  // namespace doppel::mysql
