// SPDX-License-Identifier: Apache-2.0
#include "mysql/reconcile_statement.hpp"

#include "mysql/identifier.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::mysql {
namespace {

std::string condition(
    const TablePair& tables,
    const KeyPlaces& columns,
    std::span<const Key> keys,
    const std::optional<std::vector<KeyRange>>& confined_to
) {
    std::string text = in_condition(tables.shape, columns, keys);
    if (confined_to) {
        text += " AND " + any_range_condition(tables.shape, columns, *confined_to);
    }
    return text;
}

std::string select_held(
    const TablePair& tables, const std::string& what, std::span<const Key> keys
) {
    return fmt::format(
        "SELECT {} FROM {} FORCE INDEX ({}) WHERE {}",
        what,
        tables.source.quoted(),
        quote_identifier(tables.source_index),
        condition(tables, tables.source_key, keys, std::nullopt)
    );
}

}  // namespace

std::string delete_statement(
    const TablePair& tables,
    std::span<const Key> keys,
    const std::optional<std::vector<KeyRange>>& confined_to
) {
    return fmt::format(
        "DELETE FROM {} WHERE {}",
        tables.shadow.quoted(),
        condition(tables, tables.shadow_key, keys, confined_to)
    );
}

std::string insert_statement(
    const TablePair& tables,
    std::span<const Key> keys,
    const std::optional<std::vector<KeyRange>>& confined_to
) {
    return fmt::format(
        "INSERT INTO {} ({}) SELECT {} FROM {} FORCE INDEX ({}) WHERE {}",
        tables.shadow.quoted(),
        tables.shadow_list,
        tables.source_list,
        tables.source.quoted(),
        quote_identifier(tables.source_index),
        condition(tables, tables.source_key, keys, confined_to)
    );
}

std::string upsert_statement(
    const TablePair& tables, std::span<const Key> keys, const std::string& assignments
) {
    return insert_statement(tables, keys, std::nullopt) + " ON DUPLICATE KEY UPDATE " + assignments;
}

std::string count_statement(const TablePair& tables, std::span<const Key> keys) {
    return select_held(tables, "COUNT(*)", keys);
}

std::string held_keys_statement(const TablePair& tables, std::span<const Key> keys) {
    return select_held(
        tables, fmt::format("{}", fmt::join(tables.shape.select_expressions(), ", ")), keys
    );
}

}  // namespace doppel::mysql
