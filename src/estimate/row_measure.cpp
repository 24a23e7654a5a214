// SPDX-License-Identifier: Apache-2.0
#include "estimate/row_measure.hpp"

#include "estimate/column_bytes.hpp"
#include "mysql/identifier.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::estimate {
namespace {

using schema::Column;
using schema::TableDefinition;

/// Header of a record, and its share of the page's directory.
constexpr double kRecordHead = 5.5;
/// DB_TRX_ID and DB_ROLL_PTR, of records of the clustered index.
constexpr unsigned kSystemColumns = 13;
/// A record above this has its longest values in pages of their own (half a page).
constexpr unsigned kRecordMax = 8'100;
constexpr unsigned kPagePointer = 20;
constexpr unsigned kPageOfValue = 15'900;

/// What the new table's column gets, as an expression over the source.
class Values final {
public:
    Values(const TableDefinition& source, const schema::ColumnMap& columns)
        : source_(source), columns_(columns) {}

    [[nodiscard]] std::string of(const Column& column) const {
        for (const schema::ColumnPair& pair : columns_.pairs) {
            if (schema::same_identifier(pair.shadow, column.name)) {
                return copied(pair, column);
            }
        }
        const Column* before = source_.column(column.name);
        if (column.is_generated() && before != nullptr && before->is_generated()) {
            return mysql::quote_identifier(before->name);
        }
        if (!column.default_value || column.nullable) {
            return column.default_value &&
                           column.extra.find("DEFAULT_GENERATED") == std::string::npos
                       ? mysql::quote_string(*column.default_value)
                       : (column.nullable ? "NULL" : "''");
        }
        return mysql::quote_string(*column.default_value);
    }

private:
    [[nodiscard]] std::string copied(const schema::ColumnPair& pair, const Column& column) const {
        const Column* source = source_.column(pair.source);
        const std::string name = mysql::quote_identifier(pair.source);
        if (source == nullptr || fixed_bytes(column)) {
            return name;
        }
        if (column.data_type == "json" && source->data_type != "json") {
            return fmt::format("IF(JSON_VALID({0}), CAST({0} AS JSON), NULL)", name);
        }
        if (!column.charset.empty() && !source->charset.empty() &&
            column.charset != source->charset) {
            return fmt::format("CONVERT({} USING {})", name, column.charset);
        }
        if (!column.charset.empty() && source->charset.empty()) {
            return fmt::format("CAST({} AS CHAR)", name);
        }
        return name;
    }

    const TableDefinition& source_;
    const schema::ColumnMap& columns_;
};

std::string sum(const std::vector<std::string>& terms, double constant) {
    return terms.empty() ? fmt::format("{}", constant)
                         : fmt::format("{} + {}", fmt::join(terms, " + "), constant);
}

double null_bitmap(const TableDefinition& table) {
    const auto nullable =
        std::count_if(table.columns.begin(), table.columns.end(), [](const auto& c) {
            return c.nullable && c.generated != schema::GeneratedKind::virtual_value;
        });
    return static_cast<double>((nullable + 7) / 8);
}

bool is_stored(const Column& column) {
    return column.generated != schema::GeneratedKind::virtual_value;
}

struct Record {
    std::string inside;
    std::string outside;
};

/// Which values of a long record move out of it is the server's choice: the longest first.
Record split_long_values(
    const std::string& whole, const std::vector<std::string>& lengths, double longest_record
) {
    if (longest_record <= kRecordMax || lengths.empty()) {
        return {whole, "0"};
    }
    const auto pages = [](const std::string& length) {
        return fmt::format("CEIL(({}) / {}) * 16384", length, kPageOfValue);
    };
    const std::string longest = lengths.size() == 1
                                    ? lengths.front()
                                    : fmt::format("GREATEST({})", fmt::join(lengths, ", "));
    std::vector<std::string> all;
    std::vector<std::string> kept;
    for (const std::string& length : lengths) {
        all.push_back(fmt::format("IF({} > 40, {}, 0)", length, pages(length)));
        kept.push_back(fmt::format("IF({0} > 40, {0} - {1}, 0)", length, kPagePointer));
    }
    const std::string one_moved =
        fmt::format("({}) - ({}) + {} <= {}", whole, longest, kPagePointer, kRecordMax);
    return {
        fmt::format(
            "CASE WHEN ({0}) <= {1} THEN {0} WHEN {2} THEN ({0}) - ({3}) + {4} ELSE ({0}) - ({5}) "
            "END",
            whole,
            kRecordMax,
            one_moved,
            longest,
            kPagePointer,
            fmt::join(kept, " + ")
        ),
        fmt::format(
            "CASE WHEN ({}) <= {} THEN 0 WHEN {} THEN {} ELSE {} END",
            whole,
            kRecordMax,
            one_moved,
            pages(longest),
            fmt::join(all, " + ")
        )};
}

template <class ValueOf>
Record record_of(const TableDefinition& table, const ValueOf& value_of) {
    std::vector<std::string> terms;
    std::vector<std::string> lengths;
    double longest = 0;
    for (const Column& column : table.columns) {
        if (!is_stored(column)) {
            continue;
        }
        terms.push_back(stored_bytes(column, value_of(column)));
        longest += static_cast<double>(bytes_max(column));
        if (!fixed_bytes(column) && bytes_max(column) > 255) {
            lengths.push_back(terms.back());
        }
    }
    return split_long_values(
        sum(terms, kRecordHead + null_bitmap(table) + kSystemColumns), lengths, longest
    );
}

/// A column that is part of an index, up to its prefix.
template <class ValueOf>
std::string entry_part(
    const TableDefinition& table, const schema::IndexPart& part, const ValueOf& value_of
) {
    const Column* column = table.column(part.column);
    if (column == nullptr) {
        return "12";  // of an expression: what its type is, is not shown
    }
    std::string value = value_of(*column);
    if (part.prefix_length > 0 && !fixed_bytes(*column)) {
        value = fmt::format("LEFT({}, {})", value, part.prefix_length);
    }
    return stored_bytes(*column, value);
}

template <class ValueOf>
std::string entry_of(
    const TableDefinition& table, const schema::Index& index, const ValueOf& value_of
) {
    std::vector<std::string> terms;
    std::vector<std::string> names;
    bool nullable = false;
    for (const schema::IndexPart& part : index.parts) {
        terms.push_back(entry_part(table, part, value_of));
        names.push_back(part.column);
        const Column* column = table.column(part.column);
        nullable = nullable || column == nullptr || column->nullable;
    }
    const schema::Index* primary = table.index("PRIMARY");
    if (primary == nullptr) {
        return sum(terms, kRecordHead + (nullable ? 1 : 0) + 6);
    }
    for (const schema::IndexPart& part : primary->parts) {
        const bool there = std::any_of(names.begin(), names.end(), [&](const auto& name) {
            return schema::same_identifier(name, part.column);
        });
        if (!there) {
            terms.push_back(entry_part(table, part, value_of));
        }
    }
    return sum(terms, kRecordHead + (nullable ? 1 : 0));
}

std::string own_value(const Column& column) {
    return mysql::quote_identifier(column.name);
}

}  // namespace

std::vector<const schema::Index*> secondary_indexes(const TableDefinition& table) {
    std::vector<const schema::Index*> indexes;
    for (const schema::Index& index : table.indexes) {
        if (!index.is_primary()) {
            indexes.push_back(&index);
        }
    }
    return indexes;
}

RowExpressions row_expressions(
    const TableDefinition& source, const TableDefinition& shadow, const schema::ColumnMap& columns
) {
    const Values values(source, columns);
    const auto value_of = [&](const Column& column) { return values.of(column); };
    RowExpressions row;
    row.now = record_of(source, own_value).inside;
    Record record = record_of(shadow, value_of);
    row.record = std::move(record.inside);
    row.outside = std::move(record.outside);
    std::vector<std::string> logged;
    for (const Column& column : shadow.columns) {
        logged.push_back(logged_bytes(column, value_of(column)));
    }
    row.logged = sum(logged, static_cast<double>((shadow.columns.size() + 7) / 8));
    for (const schema::Index* index : secondary_indexes(shadow)) {
        row.entries.push_back(entry_of(shadow, *index, value_of));
    }
    return row;
}

RowExpressions row_expressions(const TableDefinition& source) {
    schema::ColumnMap same;
    for (const Column& column : source.columns) {
        if (!column.is_generated()) {
            same.pairs.push_back({column.name, column.name});
        }
    }
    return row_expressions(source, source, same);
}

std::string leading_value(
    const TableDefinition& source,
    const TableDefinition& shadow,
    const schema::ColumnMap& columns,
    const schema::Index& index
) {
    if (index.parts.empty()) {
        return {};
    }
    const Column* column = shadow.column(index.parts.front().column);
    return column == nullptr ? std::string() : Values(source, columns).of(*column);
}

}  // namespace doppel::estimate
