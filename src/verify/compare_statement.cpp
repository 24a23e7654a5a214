// SPDX-License-Identifier: Apache-2.0
#include "verify/compare_statement.hpp"

#include "mysql/identifier.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::verify {
namespace {

using mysql::quote_identifier;
using Names = std::vector<std::string>;

/// Merged into the statement around it whatever the server's optimizer_switch says: put into a
/// temporary table instead, the whole of the other table would be read for every range.
constexpr const char* kMerge = "/*+ MERGE(s, g) */";

void add_name(Names& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
    }
}

enum class Which { direct, converted };

bool takes_part(const ComparedColumn& column, Which which) {
    return column.comparison.converted == (which == Which::converted);
}

Names source_names(const Subject& subject, Which which) {
    Names names = mysql::column_names(subject.tables.source_key);
    for (const ComparedColumn& column : subject.columns) {
        if (takes_part(column, which)) {
            add_name(names, column.source);
        }
    }
    return names;
}

Names shadow_names(const Subject& subject, Which which) {
    Names names = mysql::column_names(subject.tables.shadow_key);
    for (const ComparedColumn& column : subject.columns) {
        if (takes_part(column, which)) {
            add_name(names, column.shadow);
        }
    }
    return names;
}

/// A derived table, so that conditions on its columns need no qualifier and the table no alias.
std::string derived(
    const mysql::TableName& table,
    const std::string& index,
    const Names& names,
    const std::string& condition,
    const char* alias
) {
    return fmt::format(
        "(SELECT {} FROM {}{}{}) AS {}",
        mysql::quote_identifiers(names),
        table.quoted(),
        index.empty() ? "" : " FORCE INDEX (" + quote_identifier(index) + ")",
        condition.empty() ? "" : " WHERE " + condition,
        alias
    );
}

std::string qualified(const char* table, const std::string& column) {
    return std::string(table) + "." + quote_identifier(column);
}

/// "g.`x` = s.`a` AND .."
std::string keys_match(
    const mysql::KeyPlaces& s_key, const mysql::KeyPlaces& g_key, const char* comparison
) {
    std::string text;
    for (std::size_t i = 0; i < s_key.size(); ++i) {
        text += fmt::format(
            "{}{} {} {}",
            i == 0 ? "" : " AND ",
            qualified("g", g_key[i].name),
            comparison,
            qualified("s", s_key[i].name)
        );
    }
    return text;
}

/// Everything is the same. False also where one side has no row: key columns are never NULL. (IS
/// NULL would not do: for DATE NOT NULL it also finds '0000-00-00'.)
std::string same_row(const Subject& subject, Which which) {
    const bool converted = which == Which::converted;
    const mysql::KeyPlaces& s_key =
        converted ? subject.tables.shadow_key : subject.tables.source_key;
    std::string text = keys_match(s_key, subject.tables.shadow_key, "<=>");
    for (const ComparedColumn& column : subject.columns) {
        if (takes_part(column, which)) {
            text += " AND " + equal_condition(
                                  column.comparison,
                                  qualified("s", converted ? column.shadow : column.source),
                                  qualified("g", column.shadow)
                              );
        }
    }
    return text;
}

std::string key_values(const mysql::KeyShape& shape, const char* qualifier) {
    return fmt::format("{}", fmt::join(shape.select_expressions(qualifier), ", "));
}

std::string shadow_table(const Subject& subject, const Names& names, const std::string& condition) {
    return derived(subject.tables.shadow, subject.shadow_index, names, condition, "g");
}

std::string source_table(const Subject& subject, const Names& names, const std::string& condition) {
    return derived(subject.tables.source, subject.tables.source_index, names, condition, "s");
}

std::string count_statement(
    RowKind kind, const std::string& table, const std::string& condition, std::size_t key_columns
) {
    std::string nulls;
    for (std::size_t i = 0; i < key_columns; ++i) {
        nulls += ", NULL";
    }
    return fmt::format(
        "SELECT {}, COUNT(*){} FROM {} WHERE {}", static_cast<int>(kind), nulls, table, condition
    );
}

std::string forced(const mysql::TableName& table, const std::string& index) {
    return table.quoted() + " FORCE INDEX (" + quote_identifier(index) + ")";
}

std::string boundary_statement(
    const mysql::TableName& table,
    const std::string& index,
    const mysql::KeyShape& shape,
    const mysql::KeyPlaces& key,
    const mysql::KeyRange& range,
    std::size_t rows
) {
    return fmt::format(
        "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT 1 OFFSET {}",
        fmt::join(shape.select_expressions(), ", "),
        forced(table, index),
        mysql::range_condition(shape, key, range),
        mysql::column_list(key),
        rows - 1
    );
}

}  // namespace

Area area_of(const Subject& subject, const mysql::KeyRange& range) {
    const mysql::TablePair& tables = subject.tables;
    return {
        mysql::range_condition(tables.shape, tables.source_key, range),
        mysql::range_condition(tables.shape, tables.shadow_key, range)};
}

Area area_of(const Subject& subject, std::span<const mysql::Key> keys) {
    const mysql::TablePair& tables = subject.tables;
    return {
        mysql::in_condition(tables.shape, tables.source_key, keys),
        mysql::in_condition(tables.shape, tables.shadow_key, keys)};
}

std::string differing_statement(const Subject& subject, const Area& area, std::size_t limit) {
    const mysql::TablePair& tables = subject.tables;
    return fmt::format(
        "SELECT {} IF({}, {}, {}) AS kind, 0 AS number, {} FROM {} LEFT JOIN {} ON {} WHERE NOT "
        "({}) "
        "LIMIT {}",
        kMerge,
        keys_match(tables.source_key, tables.shadow_key, "<=>"),
        static_cast<int>(RowKind::different),
        static_cast<int>(RowKind::missing),
        key_values(tables.shape, "s."),
        source_table(subject, source_names(subject, Which::direct), area.in_source),
        shadow_table(subject, shadow_names(subject, Which::direct), {}),
        keys_match(tables.source_key, tables.shadow_key, "="),
        same_row(subject, Which::direct),
        limit
    );
}

std::string counted_statement(const Subject& subject, const Area& area, std::size_t limit) {
    const mysql::TablePair& tables = subject.tables;
    const std::size_t columns = tables.source_key.size();
    return fmt::format(
        "({}) UNION ALL ({}) UNION ALL ({})",
        differing_statement(subject, area, limit),
        count_statement(
            RowKind::source_rows,
            forced(tables.source, tables.source_index),
            area.in_source,
            columns
        ),
        count_statement(
            RowKind::shadow_rows,
            forced(tables.shadow, subject.shadow_index),
            area.in_shadow,
            columns
        )
    );
}

std::string extra_statement(const Subject& subject, const Area& area, std::size_t limit) {
    const mysql::TablePair& tables = subject.tables;
    return fmt::format(
        "SELECT {} {} AS kind, 0 AS number, {} FROM {} LEFT JOIN {} ON {} WHERE NOT ({}) LIMIT {}",
        kMerge,
        static_cast<int>(RowKind::extra),
        key_values(subject.shadow_shape, "g."),
        shadow_table(subject, mysql::column_names(tables.shadow_key), area.in_shadow),
        source_table(subject, mysql::column_names(tables.source_key), {}),
        keys_match(tables.source_key, tables.shadow_key, "="),
        keys_match(tables.source_key, tables.shadow_key, "<=>"),
        limit
    );
}

std::string drop_scratch_statement(const Subject& subject) {
    return "DROP TEMPORARY TABLE IF EXISTS " + subject.scratch.quoted();
}

std::string create_scratch_statement(const Subject& subject) {
    return fmt::format(
        "CREATE TEMPORARY TABLE {} (PRIMARY KEY ({})) ENGINE=InnoDB SELECT {} FROM {} WHERE FALSE",
        subject.scratch.quoted(),
        mysql::column_list(subject.tables.shadow_key),
        mysql::quote_identifiers(shadow_names(subject, Which::converted)),
        subject.tables.shadow.quoted()
    );
}

std::string convert_statement(const Subject& subject, const Area& area) {
    const mysql::TablePair& tables = subject.tables;
    std::string from = mysql::column_list(tables.source_key);
    Names to = mysql::column_names(tables.shadow_key);
    for (const ComparedColumn& column : subject.columns) {
        if (column.comparison.converted &&
            std::find(to.begin(), to.end(), column.shadow) == to.end()) {
            from += ", " + schema::convert(column.conversion, quote_identifier(column.source));
            to.push_back(column.shadow);
        }
    }
    return fmt::format(
        "INSERT INTO {} ({}) SELECT {} FROM {} WHERE {}",
        subject.scratch.quoted(),
        mysql::quote_identifiers(to),
        from,
        forced(tables.source, tables.source_index),
        area.in_source
    );
}

std::string converted_statement(const Subject& subject, std::size_t limit) {
    const Names names = shadow_names(subject, Which::converted);
    const mysql::KeyPlaces& key = subject.tables.shadow_key;
    return fmt::format(
        "SELECT {} IF({}, {}, {}) AS kind, 0 AS number, {} FROM {} LEFT JOIN {} ON {} WHERE NOT "
        "({}) "
        "LIMIT {}",
        kMerge,
        keys_match(key, key, "<=>"),
        static_cast<int>(RowKind::different),
        static_cast<int>(RowKind::missing),
        key_values(subject.shadow_shape, "s."),
        derived(subject.scratch, {}, names, {}, "s"),
        shadow_table(subject, names, {}),
        keys_match(key, key, "="),
        same_row(subject, Which::converted),
        limit
    );
}

std::string among_statement(
    const Subject& subject, const mysql::Key& key, std::span<const mysql::Key> others
) {
    const std::vector<mysql::Key> single{key};
    const Area here = area_of(subject, single);
    const Area there = area_of(subject, others);
    const auto exists = [](const std::string& table, const std::string& condition) {
        return fmt::format("EXISTS (SELECT 1 FROM {} WHERE {})", table, condition);
    };
    const std::string source = forced(subject.tables.source, subject.tables.source_index);
    const std::string shadow = forced(subject.tables.shadow, subject.shadow_index);
    return fmt::format(
        "SELECT {} OR {}, {} OR {}",
        exists(source, here.in_source),
        exists(shadow, here.in_shadow),
        exists(source, here.in_source + " AND " + there.in_source),
        exists(shadow, here.in_shadow + " AND " + there.in_shadow)
    );
}

std::string source_boundary_statement(
    const Subject& subject, const mysql::KeyRange& range, std::size_t rows
) {
    const mysql::TablePair& tables = subject.tables;
    return boundary_statement(
        tables.source, tables.source_index, tables.shape, tables.source_key, range, rows
    );
}

std::string shadow_boundary_statement(
    const Subject& subject, const mysql::KeyRange& range, std::size_t rows
) {
    const mysql::TablePair& tables = subject.tables;
    return boundary_statement(
        tables.shadow, subject.shadow_index, subject.shadow_shape, tables.shadow_key, range, rows
    );
}

}  // namespace doppel::verify
