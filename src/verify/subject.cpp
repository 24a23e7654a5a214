// SPDX-License-Identifier: Apache-2.0
#include "verify/subject.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace doppel::verify {
namespace {

mysql::KeyShape renamed(const mysql::KeyShape& shape, const mysql::KeyPlaces& places) {
    std::vector<mysql::KeyColumn> columns = shape.columns();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        columns[i].name = places[i].name;
    }
    return mysql::KeyShape(std::move(columns));
}

/// A temporary table hides a table of its name, so it must not have the name of one that is read.
mysql::TableName scratch_name(const mysql::TablePair& tables) {
    mysql::TableName name{tables.shadow.schema, "_doppel_compared"};
    while (schema::same_identifier(name.table, tables.source.table) ||
           schema::same_identifier(name.table, tables.shadow.table)) {
        name.table += "_";
    }
    return name;
}

bool is_one_of(const schema::Column& column, std::string_view first, std::string_view second) {
    return column.data_type == first || column.data_type == second;
}

bool are_written_alike(const schema::Column& before, const schema::Column& after) {
    const auto both = [&](std::string_view first, std::string_view second) {
        return is_one_of(before, first, second) && is_one_of(after, first, second);
    };
    if (before.collation != after.collation) {
        return false;
    }
    return before.data_type == after.data_type || (before.is_integer() && after.is_integer()) ||
           both("char", "varchar") || both("binary", "varbinary");
}

/// The columns in the order of the key and in one direction: otherwise each range would be looked
/// for through the whole table.
bool serves_ranges(const schema::Index& index, const mysql::KeyPlaces& key) {
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (i >= index.parts.size() ||
            !schema::same_identifier(index.parts[i].column, key[i].name) ||
            index.parts[i].descending != index.parts.front().descending) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool can_match_rows(
    const mysql::TablePair& tables,
    std::string_view shadow_index,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow
) {
    const schema::Index* index = shadow.index(shadow_index);
    if (!mysql::holds_plain_values(tables.shadow_key) || index == nullptr ||
        !serves_ranges(*index, tables.shadow_key)) {
        return false;
    }
    for (std::size_t i = 0; i < tables.source_key.size(); ++i) {
        const schema::Column* before = source.column(tables.source_key[i].name);
        const schema::Column* after = shadow.column(tables.shadow_key[i].name);
        if (before == nullptr || after == nullptr || !are_written_alike(*before, *after)) {
            return false;
        }
    }
    return true;
}

bool Subject::converts() const {
    return std::any_of(columns.begin(), columns.end(), [](const ComparedColumn& column) {
        return column.comparison.converted;
    });
}

base::Result<Subject> make_subject(
    mysql::TablePair tables,
    std::string shadow_index,
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const std::vector<schema::ColumnPair>& pairs
) {
    std::vector<ComparedColumn> columns;
    for (const schema::ColumnPair& pair : pairs) {
        const schema::Column* before = source.column(pair.source);
        const schema::Column* after = shadow.column(pair.shadow);
        if (before == nullptr || after == nullptr) {
            return base::Failure{
                "there is no column `" + (before == nullptr ? pair.source : pair.shadow) + "`"};
        }
        auto comparison = compare_columns(*before, *after);
        if (!comparison) {
            return comparison.failure();
        }
        if (pair.conversion != schema::Conversion::none) {
            comparison->converted = true;
        }
        columns.push_back({before->name, after->name, *comparison, pair.conversion});
    }
    mysql::TableName scratch = scratch_name(tables);
    mysql::KeyShape shadow_shape = renamed(tables.shape, tables.shadow_key);
    return Subject{
        std::move(tables),
        std::move(shadow_index),
        std::move(shadow_shape),
        std::move(columns),
        std::move(scratch)};
}

}  // namespace doppel::verify
