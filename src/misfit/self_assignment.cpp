// SPDX-License-Identifier: Apache-2.0
#include "misfit/self_assignment.hpp"

#include "doppel/error.hpp"
#include "mysql/identifier.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::misfit {
namespace {

using schema::Column;

bool is_number(const Column& column) {
    const std::string& type = column.data_type;
    return column.is_integer() || type == "decimal" || type == "float" || type == "double" ||
           type == "year";
}

bool is_string(const Column& column) {
    const std::string& type = column.data_type;
    return type.ends_with("char") || type.ends_with("text") || type.ends_with("binary") ||
           type.ends_with("blob");
}

bool is_bits(const Column& column) {
    return column.data_type == "bit" || column.data_type == "set";
}

bool is_enum(const Column& column) {
    return column.data_type == "enum";
}

bool is_unique_part(const NewSchema& schema, const Column& column) {
    return std::any_of(
        schema.shadow.indexes.begin(),
        schema.shadow.indexes.end(),
        [&](const schema::Index& index) {
            return index.unique && std::any_of(
                                       index.parts.begin(),
                                       index.parts.end(),
                                       [&](const schema::IndexPart& part) {
                                           return part.column.empty() ||
                                                  schema::same_identifier(part.column, column.name);
                                       }
                                   );
        }
    );
}

/// The lower the plainer. Dates and the like come late: zero dates are a matter of sql_mode.
unsigned rank(const NewSchema& schema, const Column& column) {
    if (column.is_integer()) {
        return 0;
    }
    if (is_number(column)) {
        return 1;
    }
    if (is_string(column)) {
        return 2;
    }
    if (is_bits(column)) {
        return 3;
    }
    if (!is_enum(column)) {
        return 4;
    }
    return is_unique_part(schema, column) ? 6 : 5;
}

const Column& plainest_column(const NewSchema& schema) {
    const Column* best = nullptr;
    for (const schema::ColumnPair& pair : schema.columns.pairs) {
        const Column* column = schema.shadow.column(pair.shadow);
        if (column != nullptr && (best == nullptr || rank(schema, *column) < rank(schema, *best))) {
            best = column;
        }
    }
    if (best == nullptr) {
        throw Error(Errc::failed, "internal error: no column of the new table is copied to");
    }
    return *best;
}

/// The column's own value in a form that it takes.
std::string own_value(const Column& column, const std::string& name) {
    if (is_bits(column)) {
        return "CAST(" + name + " AS UNSIGNED)";
    }
    return is_enum(column) ? "GREATEST(CAST(" + name + " AS UNSIGNED), 1)" : name;
}

}  // namespace

std::string self_assignment(const NewSchema& schema, std::string_view effect) {
    const Column& column = plainest_column(schema);
    const std::string name =
        schema.shadow.name.quoted() + "." + mysql::quote_identifier(column.name);
    return fmt::format("{0} = IF({1} IS NULL, {2}, {2})", name, effect, own_value(column, name));
}

}  // namespace doppel::misfit
