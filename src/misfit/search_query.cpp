// SPDX-License-Identifier: Apache-2.0
#include "misfit/search_query.hpp"

#include "misfit/column_condition.hpp"
#include "mysql/identifier.hpp"
#include "mysql/key_condition.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace doppel::misfit {
namespace {

using mysql::quote_identifier;
using schema::Column;
using schema::same_identifier;
using Subject = Complaint::Subject;

const std::string* source_of(const NewSchema& schema, std::string_view shadow_column) {
    for (const schema::ColumnPair& pair : schema.columns.pairs) {
        if (same_identifier(pair.shadow, shadow_column)) {
            return &pair.source;
        }
    }
    return nullptr;
}

/// The source column `name` as a value of the shadow's column, as near as an expression gets.
std::string converted(const Column& source, const Column& shadow) {
    const std::string name = quote_identifier(source.name);
    if (source.type == shadow.type && source.collation == shadow.collation) {
        return name;
    }
    if (!shadow.charset.empty()) {
        return fmt::format(
            "CONVERT({} USING {}) COLLATE {}", name, shadow.charset, shadow.collation
        );
    }
    std::string type;
    if (shadow.is_integer()) {
        type = shadow.is_unsigned() ? "UNSIGNED" : "SIGNED";
    } else if (type_is(shadow, {"decimal"})) {
        type = fmt::format("DECIMAL({},{})", shadow.numeric_precision, shadow.numeric_scale);
    } else if (type_is(shadow, {"date", "float", "double", "json"})) {
        type = shadow.data_type;
    } else if (type_is(shadow, {"datetime", "timestamp"})) {
        type = fmt::format("DATETIME({})", shadow.fractional_digits);
    } else if (type_is(shadow, {"time"})) {
        type = fmt::format("TIME({})", shadow.fractional_digits);
    } else if (type_is(shadow, {"binary", "varbinary"})) {
        type = fmt::format("BINARY({})", shadow.length_bytes);
        return type_is(shadow, {"binary"}) ? fmt::format("CAST({} AS {})", name, type) : name;
    }
    return type.empty() ? name : fmt::format("CAST({} AS {})", name, type);
}

/// INFORMATION_SCHEMA prints expressions with quotes escaped.
std::string unescaped(std::string text) {
    for (auto at = text.find("\\'"); at != std::string::npos; at = text.find("\\'", at + 1)) {
        text.erase(at, 1);
    }
    return text;
}

/// Shadow columns that occur in an expression as the server prints it.
std::vector<const Column*> columns_in(const NewSchema& schema, std::string_view expression) {
    std::vector<const Column*> found;
    for (const Column& column : schema.shadow.columns) {
        if (expression.find(quote_identifier(column.name)) != std::string_view::npos) {
            found.push_back(&column);
        }
    }
    return found;
}

/// Builds a query whose expressions are in terms of the shadow's columns: a derived table gives
/// the source's columns their new names and types where these differ.
class QueryBuilder final {
public:
    explicit QueryBuilder(const NewSchema& schema) : schema_(schema) {}

    /// An expression over columns of the shadow; false when the source cannot tell its value.
    [[nodiscard]] bool use(const std::string& expression) {
        for (const Column* column : columns_in(schema_, expression)) {
            if (!use(*column)) {
                return false;
            }
        }
        return true;
    }
    /// The name of a plain column; a generated one is its expression; nothing for a new column.
    [[nodiscard]] std::optional<std::string> column_expression(const std::string& name) {
        const Column* column = schema_.shadow.column(name);
        if (column == nullptr) {
            return std::nullopt;
        }
        if (column->is_generated()) {
            std::string expression = "(" + unescaped(column->generation_expression) + ")";
            return use(expression) ? std::optional(std::move(expression)) : std::nullopt;
        }
        return use(*column) ? std::optional(quote_identifier(column->name)) : std::nullopt;
    }
    /// Selected beside what is used, under its own name.
    void also(const std::string& source_column) { others_.push_back(source_column); }

    [[nodiscard]] std::string from() const {
        const std::string table = schema_.source.name.quoted();
        if (plain_) {
            return table;
        }
        std::vector<std::string> selected = selected_;
        for (const std::string& other : others_) {
            const bool there = std::any_of(names_.begin(), names_.end(), [&](const auto& name) {
                return same_identifier(name, other);
            });
            if (!there) {
                selected.push_back(quote_identifier(other));
            }
        }
        return fmt::format("(SELECT {} FROM {}) AS converted", fmt::join(selected, ", "), table);
    }

private:
    bool use(const Column& column) {
        if (std::find(names_.begin(), names_.end(), column.name) != names_.end()) {
            return true;
        }
        const std::string* source_name = source_of(schema_, column.name);
        const Column* source = source_name ? schema_.source.column(*source_name) : nullptr;
        if (column.is_generated() || source == nullptr) {
            return false;
        }
        const std::string value = converted(*source, column);
        const std::string name = quote_identifier(column.name);
        plain_ = plain_ && value == name;
        names_.push_back(column.name);
        selected_.push_back(value == name ? name : value + " AS " + name);
        return true;
    }

    const NewSchema& schema_;
    bool plain_ = true;
    std::vector<std::string> names_;
    std::vector<std::string> selected_;
    std::vector<std::string> others_;
};

std::optional<std::string> part_expression(QueryBuilder& query, const schema::IndexPart& part) {
    if (part.column.empty()) {
        const std::string expression = "(" + unescaped(part.expression) + ")";
        const bool multi_valued = expression.find(" array)") != std::string::npos;
        return !multi_valued && query.use(expression) ? std::optional(expression) : std::nullopt;
    }
    auto expression = query.column_expression(part.column);
    if (expression && part.prefix_length > 0) {
        return fmt::format("LEFT({}, {})", *expression, part.prefix_length);
    }
    return expression;
}

std::string duplicates_query(const NewSchema& schema, const schema::Index& index) {
    QueryBuilder query(schema);
    std::vector<std::string> parts;
    std::vector<std::string> conditions;
    std::vector<std::string> places;
    for (const schema::IndexPart& part : index.parts) {
        const Column* column = schema.shadow.column(part.column);
        const bool is_new = column != nullptr && !column->is_generated() &&
                            source_of(schema, column->name) == nullptr;
        if (is_new && column->default_value && column->extra.empty()) {
            continue;  // the same value in every row
        }
        auto expression = part_expression(query, part);
        if (!expression) {
            return {};
        }
        conditions.push_back(*expression + " IS NOT NULL");
        parts.push_back(*std::move(expression));
        places.push_back(std::to_string(parts.size()));
    }
    if (parts.empty()) {
        return {};
    }
    return fmt::format(
        "SELECT {}, COUNT(*) FROM {} WHERE {} GROUP BY {} HAVING COUNT(*) > 1",
        fmt::join(parts, ", "),
        query.from(),
        fmt::join(conditions, " AND "),
        fmt::join(places, ", ")
    );
}

std::string column_query(
    const NewSchema& schema,
    const std::vector<std::string>& key_columns,
    const std::string& name,
    unsigned server_errno
) {
    const Column* shadow = schema.shadow.column(name);
    const std::string* source_name = source_of(schema, name);
    const Column* source = source_name ? schema.source.column(*source_name) : nullptr;
    if (shadow == nullptr || source == nullptr) {
        return {};
    }
    const std::string condition = column_condition(*source, *shadow, server_errno);
    if (condition.empty()) {
        return {};
    }
    std::vector<std::string> selected = key_columns;
    const bool in_key = std::any_of(selected.begin(), selected.end(), [&](const auto& column) {
        return same_identifier(column, source->name);
    });
    if (!in_key) {
        selected.push_back(source->name);
    }
    return fmt::format(
        "SELECT {} FROM {} WHERE {}",
        mysql::quote_identifiers(selected),
        schema.source.name.quoted(),
        condition
    );
}

const schema::CheckConstraint* find_check(const NewSchema& schema, std::string_view name) {
    for (const schema::CheckConstraint& check : schema.shadow.checks) {
        if (same_identifier(check.name, name)) {
            return &check;
        }
    }
    return nullptr;
}

std::string check_query(
    const NewSchema& schema, const std::vector<std::string>& key_columns, std::string_view name
) {
    const schema::CheckConstraint* check = find_check(schema, name);
    if (check == nullptr) {
        return {};
    }
    QueryBuilder query(schema);
    const std::string clause = unescaped(check->clause);
    if (!query.use(clause)) {
        return {};
    }
    for (const std::string& column : key_columns) {
        query.also(column);
    }
    return fmt::format(
        "SELECT {} FROM {} WHERE NOT ({})",
        mysql::quote_identifiers(key_columns),
        query.from(),
        clause
    );
}

std::vector<std::string> names_of(const std::vector<const Column*>& columns) {
    std::vector<std::string> names;
    for (const Column* column : columns) {
        names.push_back(column->name);
    }
    return names;
}

std::vector<std::string> index_columns(const NewSchema& schema, const schema::Index& index) {
    std::vector<std::string> names;
    for (const schema::IndexPart& part : index.parts) {
        if (!part.column.empty()) {
            names.push_back(part.column);
            continue;
        }
        for (std::string& name : names_of(columns_in(schema, part.expression))) {
            names.push_back(std::move(name));
        }
    }
    return names;
}

/// Where the server names no column, it can only be one that changes its type, if that is one.
std::vector<std::string> only_changed_column(const NewSchema& schema) {
    std::vector<std::string> names;
    for (const schema::ColumnPair& pair : schema.columns.pairs) {
        const Column* source = schema.source.column(pair.source);
        const Column* shadow = schema.shadow.column(pair.shadow);
        if (source != nullptr && shadow != nullptr &&
            (source->type != shadow->type || source->collation != shadow->collation)) {
            names.push_back(shadow->name);
        }
    }
    for (const Column& column : schema.shadow.columns) {
        const Column* before = schema.source.column(column.name);
        if (column.is_generated() &&
            (before == nullptr || before->generation_expression != column.generation_expression)) {
            names.push_back(column.name);
        }
    }
    return names.size() == 1 ? names : std::vector<std::string>();
}

}  // namespace

std::vector<std::string> columns_of(const NewSchema& schema, const Complaint& complaint) {
    switch (complaint.subject) {
        case Subject::unique_index:
        case Subject::index: {
            const schema::Index* index = schema.shadow.index(complaint.name);
            return index ? index_columns(schema, *index) : std::vector<std::string>();
        }
        case Subject::check: {
            const auto* check = find_check(schema, complaint.name);
            return check ? names_of(columns_in(schema, check->clause)) : std::vector<std::string>();
        }
        case Subject::column:
            if (!complaint.name.empty()) {
                return {complaint.name};
            }
            return only_changed_column(schema);
        case Subject::partition:
            return {};
        case Subject::unknown:
            return only_changed_column(schema);
    }
    return {};
}

std::string search_query(
    const NewSchema& schema,
    const std::vector<std::string>& key_columns,
    const Complaint& complaint,
    unsigned server_errno
) {
    switch (complaint.subject) {
        case Subject::unique_index: {
            const schema::Index* index = schema.shadow.index(complaint.name);
            return index ? duplicates_query(schema, *index) : std::string();
        }
        case Subject::check:
            return check_query(schema, key_columns, complaint.name);
        case Subject::column:
        case Subject::unknown: {
            const auto columns = columns_of(schema, complaint);
            return columns.empty()
                       ? std::string()
                       : column_query(schema, key_columns, columns.front(), server_errno);
        }
        case Subject::index:
        case Subject::partition:
            return {};
    }
    return {};
}

}  // namespace doppel::misfit
