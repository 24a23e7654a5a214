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
constexpr const char* kMergeShadow = "/*+ MERGE(g) */";

void add_name(Names& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
    }
}

enum class Which { direct, converted };

bool takes_part(const ComparedColumn& column, Which which) {
    return column.comparison.converted == (which == Which::converted);
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

/// One condition per column of the key.
std::string all_of(
    const std::vector<KeyMatch>& key, std::string (*condition)(const KeyMatch& match)
) {
    std::string text;
    for (const KeyMatch& match : key) {
        text += (text.empty() ? "" : " AND ") + condition(match);
    }
    return text;
}

/// Everything is the same. False also where one side has no row: key columns are never NULL. (IS
/// NULL would not do: for DATE NOT NULL it also finds '0000-00-00'.)
std::string same_row(const std::vector<KeyMatch>& key, const std::vector<ComparedColumn>& columns) {
    std::string text = all_of(key, matched_condition);
    for (const ComparedColumn& column : columns) {
        text += " AND " +
                equal_condition(
                    column.comparison, qualified("s", column.source), qualified("g", column.shadow)
                );
    }
    return text;
}

std::vector<ComparedColumn> columns_of(const Subject& subject, Which which) {
    std::vector<ComparedColumn> columns;
    for (const ComparedColumn& column : subject.columns) {
        if (takes_part(column, which)) {
            columns.push_back(column);
        }
    }
    return columns;
}

std::string scratch_key_name(std::size_t place) {
    return fmt::format("k{}", place + 1);
}

std::string scratch_column_name(std::size_t place) {
    return fmt::format("c{}", place + 1);
}

/// The key as the scratch table names it.
std::vector<KeyMatch> scratch_key(const Subject& subject) {
    std::vector<KeyMatch> key = subject.key;
    for (std::size_t i = 0; i < key.size(); ++i) {
        key[i].column.name = scratch_key_name(i);
    }
    return key;
}

/// The converted columns as the scratch table names them.
std::vector<ComparedColumn> scratch_columns(const Subject& subject) {
    std::vector<ComparedColumn> columns = columns_of(subject, Which::converted);
    for (std::size_t i = 0; i < columns.size(); ++i) {
        columns[i].source = scratch_column_name(i);
    }
    return columns;
}

Names names_in_source(
    const std::vector<KeyMatch>& key, const std::vector<ComparedColumn>& columns
) {
    Names names;
    for (const KeyMatch& match : key) {
        add_name(names, match.column.name);
    }
    for (const ComparedColumn& column : columns) {
        add_name(names, column.source);
    }
    return names;
}

mysql::KeyShape shape_of(const std::vector<KeyMatch>& key) {
    std::vector<mysql::KeyColumn> columns;
    for (const KeyMatch& match : key) {
        columns.push_back(match.column);
    }
    return mysql::KeyShape(std::move(columns));
}

/// What the shadow's row has as its key: for the source, then as it is.
std::string shadow_values(const Subject& subject) {
    std::string text;
    for (const KeyMatch& match : subject.key) {
        text += (text.empty() ? "" : ", ") + shadow_value(match);
    }
    for (const KeyMatch& match : subject.key) {
        text += ", " + mysql::KeyShape({match.there}).select_expressions("g.").front();
    }
    return text;
}

/// `rows` of the source, or of what was converted of it, that differ from the shadow's.
std::string differing(
    const Subject& subject,
    const std::vector<KeyMatch>& key,
    const std::vector<ComparedColumn>& columns,
    const std::string& rows,
    const Names& shadow_columns,
    std::size_t limit
) {
    return fmt::format(
        "SELECT {} IF({}, {}, {}) AS kind, 0 AS number, {} FROM {} LEFT JOIN {} ON {} WHERE NOT "
        "({}) "
        "LIMIT {}",
        kMerge,
        all_of(key, matched_condition),
        static_cast<int>(RowKind::different),
        static_cast<int>(RowKind::missing),
        fmt::join(shape_of(key).select_expressions("s."), ", "),
        rows,
        derived(subject.tables.shadow, subject.shadow_index, shadow_columns, {}, "g"),
        all_of(key, match_condition),
        same_row(key, columns),
        limit
    );
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
    const std::string& values,
    const std::string& from,
    const std::string& condition,
    const mysql::KeyPlaces& order,
    std::size_t rows
) {
    return fmt::format(
        "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT 1 OFFSET {}",
        values,
        from,
        condition,
        mysql::column_list(order),
        rows - 1
    );
}

}  // namespace

Area area_of(const Subject& subject, const mysql::KeyRange& range) {
    const mysql::TablePair& tables = subject.tables;
    return {
        mysql::range_condition(tables.shape, tables.source_key, range),
        subject.extra_rows == ExtraRows::by_range
            ? mysql::range_condition(tables.shape, tables.shadow_key, range)
            : std::string()};
}

Area area_of(const Subject& subject, std::span<const mysql::Key> keys) {
    const mysql::TablePair& tables = subject.tables;
    return {
        mysql::in_condition(tables.shape, tables.source_key, keys),
        mysql::in_condition(tables.shape, tables.shadow_key, keys)};
}

Area walk_area_of(const Subject& subject, const mysql::KeyRange& range) {
    return {{}, mysql::range_condition(subject.walk_shape, subject.walk_key, range)};
}

std::string differing_statement(const Subject& subject, const Area& area, std::size_t limit) {
    const auto columns = columns_of(subject, Which::direct);
    return differing(
        subject,
        subject.key,
        columns,
        source_table(subject, names_in_source(subject.key, columns), area.in_source),
        shadow_names(subject, Which::direct),
        limit
    );
}

std::string counted_statement(const Subject& subject, const Area& area, std::size_t limit) {
    const mysql::TablePair& tables = subject.tables;
    const std::size_t columns = tables.source_key.size();
    std::string text = fmt::format(
        "({}) UNION ALL ({})",
        differing_statement(subject, area, limit),
        count_statement(
            RowKind::source_rows,
            forced(tables.source, tables.source_index),
            area.in_source,
            columns
        )
    );
    if (!area.in_shadow.empty()) {
        text += fmt::format(
            " UNION ALL ({})",
            count_statement(
                RowKind::shadow_rows,
                forced(tables.shadow, subject.shadow_index),
                area.in_shadow,
                columns
            )
        );
    }
    return text;
}

std::string extra_statement(const Subject& subject, const Area& area, std::size_t limit) {
    return fmt::format(
        "SELECT {} {} AS kind, 0 AS number, {} FROM {} LEFT JOIN {} ON {} WHERE NOT ({}) LIMIT {}",
        kMerge,
        static_cast<int>(RowKind::extra),
        shadow_values(subject),
        shadow_table(subject, mysql::column_names(subject.tables.shadow_key), area.in_shadow),
        source_table(subject, mysql::column_names(subject.tables.source_key), {}),
        all_of(subject.key, reverse_match_condition),
        all_of(subject.key, matched_condition),
        limit
    );
}

std::string duplicates_statement(const Subject& subject, const Area& area, std::size_t limit) {
    std::string identities;
    for (const KeyMatch& match : subject.key) {
        identities += (identities.empty() ? "" : ", ") + identity(match);
    }
    return fmt::format(
        "SELECT {} {} AS kind, COUNT(*) AS number, {} FROM {} GROUP BY {} HAVING COUNT(*) > 1 "
        "LIMIT {}",
        kMergeShadow,
        static_cast<int>(RowKind::duplicate),
        shadow_values(subject),
        shadow_table(subject, mysql::column_names(subject.tables.shadow_key), area.in_shadow),
        identities,
        limit
    );
}

std::string null_keys_statement(const Subject& subject, std::size_t limit) {
    std::string condition;
    for (const std::string& name : mysql::column_names(subject.tables.shadow_key)) {
        condition += (condition.empty() ? "" : " OR ") + quote_identifier(name) + " IS NULL";
    }
    return fmt::format(
        "SELECT COUNT(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT {}) AS g",
        forced(subject.tables.shadow, subject.shadow_index),
        condition,
        limit
    );
}

std::string drop_scratch_statement(const Subject& subject) {
    return "DROP TEMPORARY TABLE IF EXISTS " + subject.scratch.quoted();
}

std::string create_scratch_statement(const Subject& subject) {
    // Strict SQL asks for values even of rows that will not be there.
    Names key;
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < subject.key.size(); ++i) {
        key.push_back(scratch_key_name(i));
        columns.push_back("NULL AS " + key.back());
    }
    for (const ComparedColumn& column : columns_of(subject, Which::converted)) {
        columns.push_back(
            quote_identifier(column.shadow) + " AS " +
            scratch_column_name(columns.size() - key.size())
        );
    }
    return fmt::format(
        "CREATE TEMPORARY TABLE {} ({}, PRIMARY KEY ({})) ENGINE=InnoDB SELECT {} FROM {} WHERE "
        "FALSE",
        subject.scratch.quoted(),
        fmt::join(subject.scratch_key, ", "),
        mysql::quote_identifiers(key),
        fmt::join(columns, ", "),
        subject.tables.shadow.quoted()
    );
}

std::string convert_statement(const Subject& subject, const Area& area) {
    const mysql::TablePair& tables = subject.tables;
    std::string from = mysql::column_list(tables.source_key);
    for (const ComparedColumn& column : columns_of(subject, Which::converted)) {
        from += ", " + schema::convert(column.conversion, quote_identifier(column.source));
    }
    return fmt::format(
        "INSERT INTO {} ({}) SELECT {} FROM {} WHERE {}",
        subject.scratch.quoted(),
        mysql::quote_identifiers(names_in_source(scratch_key(subject), scratch_columns(subject))),
        from,
        forced(tables.source, tables.source_index),
        area.in_source
    );
}

std::string converted_statement(const Subject& subject, std::size_t limit) {
    const auto key = scratch_key(subject);
    const auto columns = scratch_columns(subject);
    return differing(
        subject,
        key,
        columns,
        derived(subject.scratch, {}, names_in_source(key, columns), {}, "s"),
        shadow_names(subject, Which::converted),
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
        fmt::format("{}", fmt::join(tables.shape.select_expressions(), ", ")),
        forced(tables.source, tables.source_index),
        mysql::range_condition(tables.shape, tables.source_key, range),
        tables.source_key,
        rows
    );
}

std::string shadow_boundary_statement(
    const Subject& subject, const mysql::KeyRange& range, std::size_t rows
) {
    const mysql::TablePair& tables = subject.tables;
    return boundary_statement(
        kMergeShadow + (" " + shadow_values(subject)),
        shadow_table(
            subject,
            mysql::column_names(tables.shadow_key),
            mysql::range_condition(tables.shape, tables.shadow_key, range)
        ),
        "TRUE",
        tables.shadow_key,
        rows
    );
}

std::string walk_boundary_statement(
    const Subject& subject, const mysql::KeyRange& range, std::size_t rows
) {
    return boundary_statement(
        fmt::format("{}", fmt::join(subject.walk_shape.select_expressions(), ", ")),
        forced(subject.tables.shadow, subject.shadow_index),
        mysql::range_condition(subject.walk_shape, subject.walk_key, range),
        subject.walk_key,
        rows
    );
}

}  // namespace doppel::verify
