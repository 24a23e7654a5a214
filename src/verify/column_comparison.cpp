// SPDX-License-Identifier: Apache-2.0
#include "verify/column_comparison.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace doppel::verify {
namespace {

using schema::Column;

enum class Family {
    integer,
    decimal,
    floating,
    temporal,
    timestamp,
    bit,
    labels,  ///< ENUM, SET
    text,
    binary,
    json,
    spatial,
    vector,
};

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), type) != types.end();
}

std::optional<Family> family_of(const Column& column) {
    const std::string_view type = column.data_type;
    const auto is = [type](std::initializer_list<std::string_view> types) {
        return is_one_of(type, types);
    };
    if (column.is_integer()) {
        return Family::integer;
    }
    if (is({"decimal"})) {
        return Family::decimal;
    }
    if (is({"float", "double"})) {
        return Family::floating;
    }
    if (is({"date", "time", "datetime", "year"})) {
        return Family::temporal;
    }
    if (is({"timestamp"})) {
        return Family::timestamp;
    }
    if (is({"bit"})) {
        return Family::bit;
    }
    if (is({"enum", "set"})) {
        return Family::labels;
    }
    if (is({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})) {
        return Family::text;
    }
    if (is({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})) {
        return Family::binary;
    }
    if (is({"json"})) {
        return Family::json;
    }
    if (is({"geometry",
            "point",
            "linestring",
            "polygon",
            "multipoint",
            "multilinestring",
            "multipolygon",
            "geomcollection",
            "geometrycollection"})) {
        return Family::spatial;
    }
    if (is({"vector"})) {
        return Family::vector;
    }
    return std::nullopt;
}

Form form_of(Family family) {
    switch (family) {
        case Family::integer:
        case Family::decimal:
        case Family::temporal:
        case Family::binary:
            return Form::value;
        case Family::floating:
            return Form::floating;
        case Family::timestamp:
            return Form::instant;
        case Family::bit:
        case Family::labels:
            return Form::number;
        case Family::json:
            return Form::json;
        case Family::text:
        case Family::spatial:
        case Family::vector:
            return Form::bytes;
    }
    return Form::value;
}

/// FLOAT(7,2): rounds what is stored and pads what is shown.
bool has_digits(const Column& column) {
    return column.type.find('(') != std::string::npos;
}

/// CHAR loses trailing spaces and BINARY pads with NULs, where the source's type does neither.
bool pads(const Column& source, const Column& shadow) {
    return is_one_of(shadow.data_type, {"char", "binary"}) && source.data_type != shadow.data_type;
}

bool is_text_without_charset_limit(const Column& column) {
    return is_one_of(column.data_type, {"char", "varchar"});
}

/// CHARSET_bin compares bytes and ignores trailing spaces, in every version of the server. (utf8mb3
/// has names that changed.)
bool is_comparable_by_bytes(std::string_view charset) {
    return is_one_of(charset, {"utf8mb4", "latin1", "ascii"});
}

/// Conversions that the server makes without losing or changing a character.
bool is_subset(std::string_view charset, std::string_view of) {
    return (of == "utf8mb4" && is_one_of(charset, {"utf8mb3", "utf8", "ascii", "latin1"})) ||
           (is_one_of(of, {"utf8mb3", "utf8", "latin1"}) && charset == "ascii");
}

bool keeps_text(const Column& source, const Column& shadow) {
    if (pads(source, shadow)) {
        return false;
    }
    if (source.charset == shadow.charset) {
        return shadow.length_bytes >= source.length_bytes;
    }
    return is_subset(source.charset, shadow.charset) && is_text_without_charset_limit(source) &&
           is_text_without_charset_limit(shadow) &&
           shadow.length_characters >= source.length_characters;
}

/// Whether every value survives the change of type, so that it can be compared as it is.
bool keeps_values(Family family, const Column& source, const Column& shadow) {
    switch (family) {
        case Family::integer:
        case Family::bit:
        case Family::json:
        case Family::vector:
        case Family::spatial:
            return true;  // what does not fit is an error of the copy
        case Family::decimal:
            return shadow.numeric_scale >= source.numeric_scale;
        case Family::floating:
            return source.type == shadow.type ||
                   (!has_digits(source) && !has_digits(shadow) && shadow.data_type == "double");
        case Family::temporal:
        case Family::timestamp:
            return source.data_type == shadow.data_type &&
                   shadow.fractional_digits >= source.fractional_digits;
        case Family::labels:
            return source.type == shadow.type && source.charset == shadow.charset &&
                   source.collation == shadow.collation;
        case Family::text:
            return keeps_text(source, shadow);
        case Family::binary:
            return !pads(source, shadow) && shadow.length_bytes >= source.length_bytes &&
                   (shadow.data_type != "binary" || shadow.length_bytes == source.length_bytes);
    }
    return false;
}

base::Failure unknown_type(const Column& column) {
    return base::Failure{fmt::format(
        "column `{}` is of type {}, of which doppel does not know how to compare it",
        column.name,
        column.type
    )};
}

}  // namespace

std::string as_bytes(const std::string& value) {
    return "CAST(" + value + " AS BINARY)";
}

base::Result<ColumnComparison> compare_columns(const Column& source, const Column& shadow) {
    const auto before = family_of(source);
    const auto after = family_of(shadow);
    if (!before || !after) {
        return unknown_type(before ? shadow : source);
    }
    ColumnComparison comparison;
    comparison.form = form_of(*after);
    comparison.converted = *before != *after || !keeps_values(*after, source, shadow);
    if (!comparison.converted && *after == Family::text && source.charset != shadow.charset) {
        comparison.form = Form::bytes_in;
        comparison.charset = shadow.charset;
    } else if (!comparison.converted && *after == Family::text && is_comparable_by_bytes(shadow.charset)) {
        comparison.form = Form::text;
        comparison.charset = shadow.charset;
    }
    return comparison;
}

std::string equal_condition(
    const ColumnComparison& comparison, const std::string& source, const std::string& shadow
) {
    switch (comparison.form) {
        case Form::value:
            return fmt::format("{} <=> {}", source, shadow);
        case Form::floating:
            // The server compares FLOAT(7,2) after rounding; a sum it does not round. Its text
            // tells -0 from 0.
            return fmt::format(
                "({0} + 0e0) <=> ({1} + 0e0) AND ({0} <> 0 OR {0} IS NULL OR {2} <=> {3})",
                source,
                shadow,
                as_bytes(source),
                as_bytes(shadow)
            );
        case Form::bytes:
            return fmt::format("{} <=> {}", as_bytes(source), as_bytes(shadow));
        case Form::text:
            // What differs in nothing but trailing spaces differs in length.
            return fmt::format(
                "{0} <=> {1} COLLATE {2}_bin AND LENGTH({0}) <=> LENGTH({1})",
                source,
                shadow,
                comparison.charset
            );
        case Form::bytes_in:
            return fmt::format(
                "{} <=> {}",
                as_bytes(fmt::format("CONVERT({} USING {})", source, comparison.charset)),
                as_bytes(shadow)
            );
        case Form::number:
            return fmt::format("CAST({} AS UNSIGNED) <=> CAST({} AS UNSIGNED)", source, shadow);
        case Form::instant:
            return fmt::format("UNIX_TIMESTAMP({}) <=> UNIX_TIMESTAMP({})", source, shadow);
        case Form::json:
            return fmt::format(
                "{} <=> {} AND {} <=> {}", as_bytes(source), as_bytes(shadow), source, shadow
            );
    }
    return "FALSE";
}

}  // namespace doppel::verify
