// SPDX-License-Identifier: Apache-2.0
#include "migration/row_layout.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using binlog::ColumnType;

/// DATA_TYPE and the types that the binlog has for it: the one of today, and that of columns that
/// an old server made.
struct TypeName {
    std::string_view name;
    ColumnType type;
    ColumnType old_type;
};

constexpr std::array<TypeName, 31> kTypes{{
    {"tinyint", ColumnType::tiny, ColumnType::tiny},
    {"smallint", ColumnType::short_integer, ColumnType::short_integer},
    {"mediumint", ColumnType::int24, ColumnType::int24},
    {"int", ColumnType::long_integer, ColumnType::long_integer},
    {"bigint", ColumnType::longlong, ColumnType::longlong},
    {"float", ColumnType::float_number, ColumnType::float_number},
    {"double", ColumnType::double_number, ColumnType::double_number},
    {"decimal", ColumnType::newdecimal, ColumnType::newdecimal},
    {"bit", ColumnType::bit, ColumnType::bit},
    {"year", ColumnType::year, ColumnType::year},
    {"date", ColumnType::date, ColumnType::newdate},
    {"time", ColumnType::time2, ColumnType::time_old},
    {"datetime", ColumnType::datetime2, ColumnType::datetime_old},
    {"timestamp", ColumnType::timestamp2, ColumnType::timestamp_old},
    {"char", ColumnType::string, ColumnType::string},
    {"binary", ColumnType::string, ColumnType::string},
    {"varchar", ColumnType::varchar, ColumnType::var_string},
    {"varbinary", ColumnType::varchar, ColumnType::var_string},
    {"tinytext", ColumnType::blob, ColumnType::tiny_blob},
    {"tinyblob", ColumnType::blob, ColumnType::tiny_blob},
    {"text", ColumnType::blob, ColumnType::blob},
    {"blob", ColumnType::blob, ColumnType::blob},
    {"mediumtext", ColumnType::blob, ColumnType::medium_blob},
    {"mediumblob", ColumnType::blob, ColumnType::medium_blob},
    {"longtext", ColumnType::blob, ColumnType::long_blob},
    {"longblob", ColumnType::blob, ColumnType::long_blob},
    {"json", ColumnType::json, ColumnType::json},
    {"vector", ColumnType::vector, ColumnType::vector},
    {"geometry", ColumnType::geometry, ColumnType::geometry},
    {"enum", ColumnType::enumeration, ColumnType::enumeration},
    {"set", ColumnType::set, ColumnType::set},
}};

bool same_digits(const schema::Column& planned, const binlog::Column& column) {
    switch (column.type) {
        case ColumnType::newdecimal:
            return column.length == planned.numeric_precision &&
                   column.scale == planned.numeric_scale;
        case ColumnType::time2:
        case ColumnType::datetime2:
        case ColumnType::timestamp2:
            return column.length == planned.fractional_digits;
        default:
            return true;
    }
}

bool may_be(const schema::Column& planned, const binlog::Column& column) {
    const auto* const known = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeName& type) {
        return type.name == planned.data_type;
    });
    if (known == kTypes.end()) {
        return true;
    }
    const bool same_sign = !planned.is_integer() || !column.is_unsigned ||
                           *column.is_unsigned == planned.is_unsigned();
    return (column.type == known->type || column.type == known->old_type) && same_sign &&
           same_digits(planned, column);
}

}  // namespace

std::optional<std::string> layout_difference(
    const std::vector<schema::Column>& planned, const std::vector<binlog::Column>& columns
) {
    if (columns.size() != planned.size()) {
        return fmt::format(
            "its rows now have {} columns instead of {}", columns.size(), planned.size()
        );
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!may_be(planned[i], columns[i])) {
            return fmt::format(
                "column {} ({}) now has {}values of type {}",
                planned[i].name,
                planned[i].type,
                columns[i].is_unsigned.value_or(false) ? "unsigned " : "",
                to_string(columns[i].type)
            );
        }
    }
    return std::nullopt;
}

}  // namespace doppel::migration
