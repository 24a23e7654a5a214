// SPDX-License-Identifier: Apache-2.0
#include "schema/conversion.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace doppel::schema {
namespace {

bool is_one_of(const Column& column, std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), column.data_type) != types.end();
}

bool is_float(const Column& column) {
    return is_one_of(column, {"float", "double"});
}

bool is_string(const Column& column) {
    return column.data_type.ends_with("char") || column.data_type.ends_with("text") ||
           column.data_type.ends_with("binary") || column.data_type.ends_with("blob");
}

bool is_bytes(const Column& column) {
    return column.data_type.ends_with("binary") || column.data_type.ends_with("blob") ||
           is_one_of(column, {"vector"});
}

Conversion of_number(const Column& source, const Column& shadow) {
    if (is_float(source) && is_one_of(shadow, {"bit", "year"})) {
        return Conversion::rounded;
    }
    const bool by_text =
        is_string(shadow) ||
        is_one_of(shadow, {"enum", "set", "json", "date", "time", "datetime", "timestamp"});
    return by_text ? Conversion::as_text : Conversion::none;
}

}  // namespace

Conversion conversion_of(const Column& source, const Column& shadow) {
    if (source.is_integer() || is_float(source) || is_one_of(source, {"decimal", "year"})) {
        return of_number(source, shadow);
    }
    if (is_bytes(source) && is_string(shadow) && shadow.charset == "ascii") {
        return Conversion::as_bytes;
    }
    const bool json = is_one_of(source, {"json"});
    if (is_one_of(shadow, {"bit"})) {
        const bool by_bytes = json || is_string(source) || is_one_of(source, {"date", "vector"});
        return by_bytes ? Conversion::as_integer : Conversion::none;
    }
    if (json && !is_one_of(shadow, {"json", "decimal"})) {
        return Conversion::as_text;
    }
    return is_one_of(source, {"date"}) && is_one_of(shadow, {"year"}) ? Conversion::as_number
                                                                      : Conversion::none;
}

std::string convert(Conversion conversion, const std::string& expression) {
    switch (conversion) {
        case Conversion::none:
            break;
        case Conversion::as_text:
            return "CAST(" + expression + " AS CHAR)";
        case Conversion::as_integer:
            return "CAST(" + expression + " AS SIGNED)";
        case Conversion::rounded:
            return "ROUND(" + expression + ")";
        case Conversion::as_number:
            return expression + " + 0";
        case Conversion::as_bytes:
            return "CAST(" + expression + " AS BINARY)";
    }
    return expression;
}

}  // namespace doppel::schema
