// SPDX-License-Identifier: Apache-2.0
#include "schema/column_map.hpp"

#include "mysql/identifier.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace doppel::schema {
namespace {

using statement::AlterStatement;
using statement::ClauseKind;

bool drops_column(const AlterStatement& statement, std::string_view name) {
    return std::any_of(
        statement.clauses.begin(),
        statement.clauses.end(),
        [&](const statement::Clause& clause) {
            return clause.kind == ClauseKind::drop_column && same_identifier(clause.column, name);
        }
    );
}

// The name a source column has after the statement. All renames refer to the names before it, so a
// chain or a swap needs no order.
std::string name_after(
    const std::vector<statement::ColumnRename>& renames, const std::string& source_column
) {
    const auto rename = std::find_if(renames.begin(), renames.end(), [&](const auto& candidate) {
        return same_identifier(candidate.from, source_column);
    });
    return rename == renames.end() ? source_column : rename->to;
}

void append_to_list(std::string& list, std::string_view name) {
    if (!list.empty()) {
        list += ", ";
    }
    list += mysql::quote_identifier(name);
}

bool needs_implicit_default(const Column& column) {
    return !column.nullable && !column.auto_increment && !column.default_value &&
           column.extra.find("DEFAULT_GENERATED") == std::string::npos;
}

/// Whether a native ALTER that adds a DATE or DATETIME which must not be NULL fails for a row. A
/// TIMESTAMP becomes zero in any mode (tried on 9.7).
bool refuses_zero_date(std::string_view sql_mode) {
    const auto has = [sql_mode](std::string_view mode) {
        return sql_mode.find(mode) != std::string_view::npos;
    };
    return has("NO_ZERO_DATE") && (has("STRICT_TRANS_TABLES") || has("STRICT_ALL_TABLES"));
}

std::string implicit_default(const Column& column, std::string_view sql_mode) {
    const std::string& type = column.data_type;
    const auto is_one_of = [&type](std::initializer_list<std::string_view> types) {
        return std::find(types.begin(), types.end(), type) != types.end();
    };
    if (column.is_integer() ||
        is_one_of({"decimal", "numeric", "float", "double", "real", "bit", "year"})) {
        return "0";
    }
    if (is_one_of({"enum"})) {
        return "1";  // the first value
    }
    if (is_one_of({"time"})) {
        return "'00:00:00'";
    }
    if (is_one_of({"timestamp"})) {
        return "'0000-00-00 00:00:00'";
    }
    if (is_one_of({"date", "datetime"})) {
        return refuses_zero_date(sql_mode) ? "NULL" : "'0000-00-00'";
    }
    if (is_one_of({"json"})) {
        return "'null'";  // the JSON value; native rows read as it, too
    }
    if (is_one_of(
            {"char",
             "varchar",
             "binary",
             "varbinary",
             "tinytext",
             "text",
             "mediumtext",
             "longtext",
             "tinyblob",
             "blob",
             "mediumblob",
             "longblob",
             "set"}
        )) {
        return "''";
    }
    // Spatial types have none. A VECTOR of no bytes, which a native ALTER makes, no INSERT can.
    return "NULL";
}

}  // namespace

std::string ColumnMap::shadow_list() const {
    std::string list;
    for (const ColumnPair& pair : pairs) {
        append_to_list(list, pair.shadow);
    }
    for (const ImplicitDefault& column : implicit_defaults) {
        append_to_list(list, column.shadow);
    }
    return list;
}

std::string ColumnMap::source_list(std::string_view qualifier) const {
    std::string list;
    for (const ColumnPair& pair : pairs) {
        list += list.empty() ? "" : ", ";
        list +=
            convert(pair.conversion, std::string(qualifier) + mysql::quote_identifier(pair.source));
    }
    for (const ImplicitDefault& column : implicit_defaults) {
        list += list.empty() ? "" : ", ";
        list += column.literal;
    }
    return list;
}

const std::string* ColumnMap::shadow_of(std::string_view source_column) const {
    const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const ColumnPair& pair) {
        return same_identifier(pair.source, source_column);
    });
    return found == pairs.end() ? nullptr : &found->shadow;
}

const std::string* ColumnMap::without_value() const {
    const auto found = std::find_if(
        implicit_defaults.begin(),
        implicit_defaults.end(),
        [](const ImplicitDefault& column) { return column.refuses_rows(); }
    );
    return found == implicit_defaults.end() ? nullptr : &found->shadow;
}

base::Result<ColumnMap> map_columns(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const AlterStatement& statement,
    std::string_view sql_mode
) {
    const std::vector<statement::ColumnRename> renames = statement.column_renames();
    ColumnMap map;
    std::vector<ColumnPair> kept;
    for (const Column& column : source.columns) {
        if (drops_column(statement, column.name)) {
            map.dropped.push_back(column.name);
            continue;
        }
        const std::string target = name_after(renames, column.name);
        const Column* counterpart = shadow.column(target);
        if (counterpart == nullptr) {
            return base::Failure{
                "column `" + column.name + "` should be `" + target +
                "` after the statement, but the new table has no such column"};
        }
        kept.push_back({column.name, counterpart->name, conversion_of(column, *counterpart)});
    }
    for (const Column& column : shadow.columns) {
        if (column.is_generated()) {
            map.recomputed.push_back(column.name);
            continue;
        }
        const auto pair = std::find_if(kept.begin(), kept.end(), [&](const ColumnPair& candidate) {
            return candidate.shadow == column.name;
        });
        if (pair == kept.end()) {
            map.added.push_back(column.name);
            if (needs_implicit_default(column)) {
                map.implicit_defaults.push_back({column.name, implicit_default(column, sql_mode)});
            }
        } else {
            map.pairs.push_back(*pair);
        }
    }
    return map;
}

}  // namespace doppel::schema
