// SPDX-License-Identifier: Apache-2.0
#include "verify/subject.hpp"

#include <algorithm>
#include <utility>

namespace doppel::verify {
namespace {

mysql::KeyShape renamed(const mysql::KeyShape& shape, const std::vector<std::string>& names) {
    std::vector<mysql::KeyColumn> columns = shape.columns();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        columns[i].name = names[i];
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

}  // namespace

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
        columns.push_back({before->name, after->name, *comparison});
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
