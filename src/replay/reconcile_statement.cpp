// SPDX-License-Identifier: Apache-2.0
#include "replay/reconcile_statement.hpp"

#include "mysql/identifier.hpp"

#include <fmt/format.h>

namespace doppel::replay {
namespace {

std::string condition(
    const mysql::TablePair& tables,
    const mysql::KeyPlaces& columns,
    std::span<const mysql::Key> keys,
    const std::optional<std::vector<mysql::KeyRange>>& confined_to
) {
    std::string text = mysql::in_condition(tables.shape, columns, keys);
    if (confined_to) {
        text += " AND " + mysql::any_range_condition(tables.shape, columns, *confined_to);
    }
    return text;
}

}  // namespace

std::string delete_statement(
    const mysql::TablePair& tables,
    std::span<const mysql::Key> keys,
    const std::optional<std::vector<mysql::KeyRange>>& confined_to
) {
    return fmt::format(
        "DELETE FROM {} WHERE {}",
        tables.shadow.quoted(),
        condition(tables, tables.shadow_key, keys, confined_to)
    );
}

std::string insert_statement(
    const mysql::TablePair& tables,
    std::span<const mysql::Key> keys,
    const std::optional<std::vector<mysql::KeyRange>>& confined_to
) {
    return fmt::format(
        "INSERT INTO {} ({}) SELECT {} FROM {} FORCE INDEX ({}) WHERE {}",
        tables.shadow.quoted(),
        tables.shadow_list,
        tables.source_list,
        tables.source.quoted(),
        mysql::quote_identifier(tables.source_index),
        condition(tables, tables.source_key, keys, confined_to)
    );
}

}  // namespace doppel::replay
