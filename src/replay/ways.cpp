// SPDX-License-Identifier: Apache-2.0
#include "replay/ways.hpp"

#include "mysql/identifier.hpp"

#include <algorithm>
#include <set>

namespace doppel::replay {
namespace {

bool holds_whole(const schema::Index& index, const std::string& column) {
    return std::any_of(index.parts.begin(), index.parts.end(), [&](const auto& part) {
        return part.column == column && part.prefix_length == 0;
    });
}

bool holds_whole_key(const schema::Index& index, const mysql::KeyPlaces& key) {
    return std::all_of(key.begin(), key.end(), [&](const mysql::KeyPlace& place) {
        return holds_whole(index, place.name);
    });
}

const schema::Column* find_column(const schema::TableDefinition& table, const std::string& name) {
    const auto found =
        std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& each) {
            return each.name == name;
        });
    return found == table.columns.end() ? nullptr : &*found;
}

bool is_same_type(const schema::Column* one, const schema::Column* other) {
    return one != nullptr && other != nullptr && one->type == other->type &&
           one->charset == other->charset && one->collation == other->collation;
}

bool is_primary_key_of_same_types(const mysql::TablePair& tables, const misfit::NewSchema& schema) {
    const auto& indexes = schema.shadow.indexes;
    const auto primary = std::find_if(indexes.begin(), indexes.end(), [](const auto& index) {
        return index.is_primary();
    });
    if (primary == indexes.end() || primary->parts.size() != tables.shadow_key.size() ||
        !holds_whole_key(*primary, tables.shadow_key)) {
        return false;
    }
    for (std::size_t i = 0; i < tables.shadow_key.size(); ++i) {
        if (!is_same_type(
                find_column(schema.source, tables.source_key[i].name),
                find_column(schema.shadow, tables.shadow_key[i].name)
            )) {
            return false;
        }
    }
    return true;
}

std::set<std::string> inserted_columns(const schema::ColumnMap& columns) {
    std::set<std::string> names;
    for (const auto& pair : columns.pairs) {
        names.insert(pair.shadow);
    }
    for (const auto& column : columns.implicit_defaults) {
        names.insert(column.shadow);
    }
    return names;
}

/// A row that stays has the value that a new one would get.
bool keeps_its_value(const schema::Column& column) {
    // EXTRA: "DEFAULT_GENERATED on update CURRENT_TIMESTAMP"
    return column.is_generated() ||
           (!column.auto_increment && column.extra.find("DEFAULT_GENERATED") == std::string::npos &&
            column.extra.find("on update") == std::string::npos);
}

}  // namespace

bool may_share_work(const mysql::TablePair& tables, const schema::TableDefinition& shadow) {
    const mysql::KeyPlaces& key = tables.shadow_key;
    const bool bytewise =
        std::any_of(key.begin(), key.end(), [](const auto& place) { return place.bytewise; });
    return tables.shape.exactly_comparable() && !bytewise &&
           std::all_of(shadow.indexes.begin(), shadow.indexes.end(), [&](const auto& index) {
               return !index.unique || holds_whole_key(index, key);
           });
}

std::string upsert_assignments(const mysql::TablePair& tables, const misfit::NewSchema& schema) {
    if (!may_share_work(tables, schema.shadow) || !is_primary_key_of_same_types(tables, schema)) {
        return {};
    }
    const std::set<std::string> inserted = inserted_columns(schema.columns);
    const auto is_inserted = [&](const std::string& name) { return inserted.contains(name); };
    const bool key_is_inserted = std::all_of(
        tables.shadow_key.begin(),
        tables.shadow_key.end(),
        [&](const mysql::KeyPlace& place) { return is_inserted(place.name); }
    );
    std::string assignments;
    for (const schema::Column& column : schema.shadow.columns) {
        if (column.data_type == "json" || !(is_inserted(column.name) || keeps_its_value(column))) {
            return {};
        }
        if (is_inserted(column.name)) {
            const std::string name = mysql::quote_identifier(column.name);
            assignments += (assignments.empty() ? "" : ", ") + name + " = VALUES(" + name + ")";
        }
    }
    return key_is_inserted ? assignments : std::string();
}

}  // namespace doppel::replay
