// SPDX-License-Identifier: Apache-2.0
#include "native/metadata_only.hpp"

#include "base/text.hpp"
#include "statement/lexer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace doppel::native {
namespace {

using schema::Column;
using statement::Clause;
using statement::ClauseKind;
using statement::TokenKind;
using statement::TokenList;
using Reason = std::optional<std::string>;

constexpr std::array<std::string_view, 7> kMetadataOptions{
    "COMMENT",
    "AUTO_INCREMENT",
    "STATS_PERSISTENT",
    "STATS_AUTO_RECALC",
    "STATS_SAMPLE_PAGES",
    "CHARACTER SET",
    "COLLATE"};

/// What a MODIFY or CHANGE clause says about a VARCHAR column.
struct VarcharClause {
    bool not_null = false;
};

bool is_kind(const TokenList& list, std::size_t at, TokenKind kind) {
    return at < list.tokens.size() && list.tokens[at].kind == kind;
}

bool accept_word(const TokenList& list, std::size_t& at, std::string_view word) {
    const bool found = list.is_word(at, word);
    at += found ? 1U : 0U;
    return found;
}

// "VARCHAR(30)"; any other type is none.
bool read_type(const TokenList& list, std::size_t& at) {
    const bool matches = list.is_word(at, "VARCHAR") && list.is_symbol(at + 1, '(') &&
                         is_kind(list, at + 2, TokenKind::number) && list.is_symbol(at + 3, ')');
    at += 4;
    return matches;
}

bool read_name(const TokenList& list, std::size_t& at) {
    const bool matches =
        is_kind(list, at, TokenKind::word) || is_kind(list, at, TokenKind::quoted_identifier);
    ++at;
    return matches;
}

// One attribute that changes no row. Everything else, FIRST and AFTER above all, is not accepted.
bool read_attribute(const TokenList& list, std::size_t& at, VarcharClause& clause) {
    if (accept_word(list, at, "NULL")) {
        return true;
    }
    if (list.is_word(at, "NOT") && list.is_word(at + 1, "NULL")) {
        clause.not_null = true;
        at += 2;
        return true;
    }
    if (accept_word(list, at, "COMMENT")) {
        return is_kind(list, at, TokenKind::string) && ++at > 0;
    }
    if (accept_word(list, at, "DEFAULT")) {
        const bool literal = is_kind(list, at, TokenKind::string) || list.is_word(at, "NULL");
        at += literal ? 1U : 0U;
        return literal;
    }
    if (accept_word(list, at, "COLLATE")) {
        return read_name(list, at);
    }
    if (accept_word(list, at, "CHARSET") ||
        (accept_word(list, at, "CHARACTER") && accept_word(list, at, "SET"))) {
        return read_name(list, at);
    }
    return false;
}

// MODIFY [COLUMN] a VARCHAR(n) .., CHANGE [COLUMN] a b VARCHAR(n) ..
std::optional<VarcharClause> read_varchar_clause(const Clause& clause) {
    const auto list = statement::tokenize(clause.text);
    if (!list || !list->comments.empty()) {
        return std::nullopt;
    }
    std::size_t at = 1;
    accept_word(*list, at, "COLUMN");
    at += clause.kind == ClauseKind::change_column ? 2U : 1U;
    VarcharClause result;
    if (!read_type(*list, at)) {
        return std::nullopt;
    }
    while (at < list->tokens.size()) {
        if (!read_attribute(*list, at, result)) {
            return std::nullopt;
        }
    }
    return result;
}

// A longer VARCHAR is a change of metadata. What else INPLACE does not refuse is a rebuild: another
// place in the row, another nullability. It does refuse shorter values, another character set, and
// lengths beyond 255 bytes where they were below.
Reason judge_column_change(const schema::TableDefinition& source, const Clause& clause) {
    const Column* column = source.column(clause.column);
    const std::optional<VarcharClause> change = read_varchar_clause(clause);
    if (column == nullptr || !change || column->data_type != "varchar" || column->is_generated()) {
        return fmt::format("changing column `{}` may rebuild the table", clause.column);
    }
    if (change->not_null == column->nullable) {
        return fmt::format("changing whether column `{}` allows NULL rebuilds it", clause.column);
    }
    return std::nullopt;
}

// A unique index may be what the rows are ordered by where there is no PRIMARY KEY; without it they
// are all written anew (MySQL manual, "Clustered and Secondary Indexes").
Reason judge_dropped_index(const schema::TableDefinition& source, const Clause& clause) {
    const schema::Index* index = source.index(clause.column);
    if (index == nullptr || !index->unique) {
        return std::nullopt;
    }
    const bool clustered = index->is_primary() || source.index("PRIMARY") == nullptr;
    return clustered ? Reason(fmt::format("index `{}` may order the rows", clause.column))
                     : std::nullopt;
}

bool is_metadata_option(const Clause& clause) {
    return std::any_of(kMetadataOptions.begin(), kMetadataOptions.end(), [&](auto option) {
        return option == clause.option;
    });
}

Reason judge(const schema::TableDefinition& source, const Clause& clause) {
    switch (clause.kind) {
        case ClauseKind::drop_index:
        case ClauseKind::drop_constraint:
            return judge_dropped_index(source, clause);
        case ClauseKind::rename_index:
        case ClauseKind::rename_column:
        case ClauseKind::alter_column:
        case ClauseKind::alter_index:
        case ClauseKind::drop_foreign_key:
        case ClauseKind::algorithm:
        case ClauseKind::lock:
            return std::nullopt;
        case ClauseKind::table_option:
            return is_metadata_option(clause)
                       ? std::nullopt
                       : Reason(fmt::format("{} may rebuild the table", clause.option));
        case ClauseKind::modify_column:
        case ClauseKind::change_column:
            return judge_column_change(source, clause);
        default:
            return fmt::format("'{}' is no change of metadata only", clause.text);
    }
}

}  // namespace

std::optional<std::string> needs_more_than_metadata(
    const schema::TableDefinition& source, const statement::AlterStatement& statement
) {
    for (const Clause& clause : statement.clauses) {
        if (Reason reason = judge(source, clause)) {
            return reason;
        }
    }
    return std::nullopt;
}

}  // namespace doppel::native
