// SPDX-License-Identifier: Apache-2.0
#include "mysql/key_condition.hpp"

#include "mysql/identifier.hpp"

#include <algorithm>

namespace doppel::mysql {
namespace {

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

/// a > x OR (a = x AND (b > y OR (b = y AND c >= z))): `strict` is the operator of all columns but
/// the last, `last` that of the last one.
std::string compare(
    const std::vector<std::string>& columns,
    const std::vector<std::string>& literals,
    std::string_view strict,
    std::string_view last,
    std::size_t from = 0
) {
    const std::string column = quote_identifier(columns[from]);
    if (from + 1 == columns.size()) {
        return column + std::string(last) + literals[from];
    }
    return "(" + column + std::string(strict) + literals[from] + " OR (" + column + " = " +
           literals[from] + " AND " + compare(columns, literals, strict, last, from + 1) + "))";
}

bool has_enumeration(const KeyShape& shape) {
    return std::any_of(shape.columns().begin(), shape.columns().end(), [](const KeyColumn& column) {
        return column.kind == KeyKind::enumeration;
    });
}

std::string any_equal(
    const KeyShape& shape, const std::vector<std::string>& columns, std::span<const Key> keys
) {
    std::vector<std::string> alternatives;
    for (const Key& key : keys) {
        const auto literals = shape.literals(key);
        std::vector<std::string> parts;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            parts.push_back(quote_identifier(columns[i]) + " = " + literals[i]);
        }
        alternatives.push_back("(" + join(parts, " AND ") + ")");
    }
    return "(" + join(alternatives, " OR ") + ")";
}

}  // namespace

std::string column_list(const std::vector<std::string>& columns) {
    std::vector<std::string> quoted;
    quoted.reserve(columns.size());
    for (const std::string& column : columns) {
        quoted.push_back(quote_identifier(column));
    }
    return join(quoted, ", ");
}

std::string in_condition(
    const KeyShape& shape, const std::vector<std::string>& columns, std::span<const Key> keys
) {
    if (columns.size() > 1 && has_enumeration(shape)) {
        return any_equal(shape, columns, keys);
    }
    const bool composite = columns.size() > 1;
    std::string text = composite ? "(" + column_list(columns) + ")" : column_list(columns);
    text += " IN (";
    bool first = true;
    for (const Key& key : keys) {
        if (!first) {
            text += ",";
        }
        first = false;
        const std::string values = join(shape.literals(key), ",");
        if (composite) {
            text.append("(").append(values).append(")");
        } else {
            text += values;
        }
    }
    text += ")";
    return text;
}

std::string range_condition(
    const KeyShape& shape, const std::vector<std::string>& columns, const KeyRange& range
) {
    std::vector<std::string> parts;
    if (range.lower) {
        parts.push_back(compare(columns, shape.literals(*range.lower), " > ", " > "));
    }
    if (range.upper) {
        parts.push_back(compare(columns, shape.literals(*range.upper), " < ", " <= "));
    }
    return parts.empty() ? "TRUE" : join(parts, " AND ");
}

std::string any_range_condition(
    const KeyShape& shape, const std::vector<std::string>& columns, std::span<const KeyRange> ranges
) {
    std::vector<std::string> parts;
    for (const KeyRange& range : ranges) {
        parts.push_back("(" + range_condition(shape, columns, range) + ")");
    }
    return parts.empty() ? "FALSE" : "(" + join(parts, " OR ") + ")";
}

}  // namespace doppel::mysql
