// SPDX-License-Identifier: Apache-2.0
#include "copy/chunk_statement.hpp"

#include "mysql/identifier.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::copy {

std::string copy_statement(const mysql::TablePair& tables, const mysql::KeyRange& range) {
    return fmt::format(
        "INSERT INTO {} ({}) SELECT {} FROM {} FORCE INDEX ({}) WHERE {}",
        tables.shadow.quoted(),
        tables.shadow_list,
        tables.source_list,
        tables.source.quoted(),
        mysql::quote_identifier(tables.source_index),
        mysql::range_condition(tables.shape, tables.source_key, range)
    );
}

std::string clear_statement(
    const mysql::TablePair& tables,
    const mysql::KeyRange& range,
    std::optional<std::size_t> rows_max
) {
    return fmt::format(
        "DELETE FROM {} WHERE {}{}",
        tables.shadow.quoted(),
        mysql::range_condition(tables.shape, tables.shadow_key, range),
        rows_max ? fmt::format(" LIMIT {}", *rows_max) : ""
    );
}

std::string keys_statement(const mysql::TablePair& tables, const mysql::KeyRange& range) {
    return fmt::format(
        "SELECT {} FROM {} FORCE INDEX ({}) WHERE {} ORDER BY {}",
        fmt::join(tables.shape.select_expressions(), ", "),
        tables.source.quoted(),
        mysql::quote_identifier(tables.source_index),
        mysql::range_condition(tables.shape, tables.source_key, range),
        mysql::column_list(tables.source_key)
    );
}

std::string boundary_statement(
    const mysql::TablePair& tables, const std::optional<mysql::Key>& lower, std::size_t rows
) {
    return fmt::format(
        "SELECT {} FROM {} FORCE INDEX ({}) WHERE {} ORDER BY {} LIMIT 1 OFFSET {}",
        fmt::join(tables.shape.select_expressions(), ", "),
        tables.source.quoted(),
        mysql::quote_identifier(tables.source_index),
        mysql::range_condition(tables.shape, tables.source_key, {lower, std::nullopt}),
        mysql::column_list(tables.source_key),
        rows - 1
    );
}

}  // namespace doppel::copy
