// SPDX-License-Identifier: Apache-2.0
#include "migration/verify_request.hpp"

#include "statement/lexer.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using schema::ColumnPair;
using schema::same_identifier;
using statement::TokenKind;
using statement::TokenList;

bool is_name(const TokenList& list, std::size_t at) {
    return at < list.tokens.size() && (list.tokens[at].kind == TokenKind::word ||
                                       list.tokens[at].kind == TokenKind::quoted_identifier);
}

bool is_end(const TokenList& list, std::size_t at) {
    return at >= list.tokens.size();
}

}  // namespace

base::Result<mysql::TableName> parse_table_name(
    std::string_view text, const std::string& default_schema
) {
    const base::Failure wrong{fmt::format("'{}' is no name of a table; write schema.table", text)};
    const auto list = statement::tokenize(text);
    if (!list || !is_name(*list, 0)) {
        return wrong;
    }
    if (is_end(*list, 1)) {
        if (default_schema.empty()) {
            return base::Failure{fmt::format(
                "table {} has no schema: write schema.{} or give --database", text, text
            )};
        }
        return mysql::TableName{default_schema, list->name_of(list->tokens[0])};
    }
    if (!list->is_symbol(1, '.') || !is_name(*list, 2) || !is_end(*list, 3)) {
        return wrong;
    }
    return mysql::TableName{list->name_of(list->tokens[0]), list->name_of(list->tokens[2])};
}

base::Result<std::vector<ColumnPair>> parse_column_pairs(std::string_view text) {
    const base::Failure wrong{fmt::format("'{}' is no list of columns; write a=b,c=d", text)};
    const auto list = statement::tokenize(text);
    if (!list) {
        return wrong;
    }
    std::vector<ColumnPair> pairs;
    std::size_t at = 0;
    while (!is_end(*list, at)) {
        if (!is_name(*list, at) || is_end(*list, at + 1) || !list->is_symbol(at + 1, '=') ||
            !is_name(*list, at + 2)) {
            return wrong;
        }
        pairs.push_back({list->name_of(list->tokens[at]), list->name_of(list->tokens[at + 2])});
        at += 3;
        if (is_end(*list, at)) {
            break;
        }
        if (!list->is_symbol(at, ',') || is_end(*list, at + 1)) {
            return wrong;
        }
        ++at;
    }
    return pairs;
}

base::Result<PairedColumns> pair_columns(
    const schema::TableDefinition& first,
    const schema::TableDefinition& second,
    const std::vector<ColumnPair>& named
) {
    PairedColumns result;
    const auto has_first = [&](const std::string& name) {
        return std::any_of(result.pairs.begin(), result.pairs.end(), [&](const ColumnPair& pair) {
            return same_identifier(pair.source, name);
        });
    };
    const auto has_second = [&](const std::string& name) {
        return std::any_of(result.pairs.begin(), result.pairs.end(), [&](const ColumnPair& pair) {
            return same_identifier(pair.shadow, name);
        });
    };
    for (const ColumnPair& pair : named) {
        const schema::Column* left = first.column(pair.source);
        const schema::Column* right = second.column(pair.shadow);
        if (left == nullptr || right == nullptr) {
            return base::Failure{fmt::format(
                "table {} has no column `{}`",
                left == nullptr ? first.name.str() : second.name.str(),
                left == nullptr ? pair.source : pair.shadow
            )};
        }
        if (has_first(left->name) || has_second(right->name)) {
            return base::Failure{
                fmt::format("column `{}` or `{}` is named twice", pair.source, pair.shadow)};
        }
        result.pairs.push_back({left->name, right->name, schema::conversion_of(*left, *right)});
    }
    for (const schema::Column& column : first.columns) {
        if (has_first(column.name)) {
            continue;
        }
        const schema::Column* right = second.column(column.name);
        if (right == nullptr || has_second(right->name)) {
            result.first_only.push_back(column.name);
        } else {
            result.pairs.push_back({column.name, right->name, schema::conversion_of(column, *right)}
            );
        }
    }
    for (const schema::Column& column : second.columns) {
        if (!has_second(column.name)) {
            result.second_only.push_back(column.name);
        }
    }
    return result;
}

}  // namespace doppel::migration
