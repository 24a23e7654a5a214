// SPDX-License-Identifier: Apache-2.0
#include "statement/token_cursor.hpp"

#include "statement/source_text.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::statement {

bool TokenCursor::is_any_word(std::initializer_list<std::string_view> keywords) const {
    for (const std::string_view keyword : keywords) {
        if (is_word(keyword)) {
            return true;
        }
    }
    return false;
}

bool TokenCursor::accept(std::initializer_list<std::string_view> keywords) {
    std::size_t distance = 0;
    for (const std::string_view keyword : keywords) {
        if (!is_word(keyword, distance)) {
            return false;
        }
        ++distance;
    }
    skip(distance);
    return true;
}

bool TokenCursor::accept_symbol(char symbol) {
    if (!is_symbol(symbol)) {
        return false;
    }
    skip();
    return true;
}

void TokenCursor::expect(std::string_view keyword) {
    if (!accept({keyword})) {
        fail(fmt::format("{} is missing", keyword), "complete the clause");
    }
}

std::string TokenCursor::one_name(std::string_view what) {
    if (is_kind(TokenKind::string)) {
        fail(
            fmt::format("A string stands in place of {}", what),
            "write names in backticks; double quotes make strings"
        );
        return {};
    }
    std::string name = is_name() ? list_->name_of(list_->tokens[at_]) : std::string();
    if (name.empty()) {
        fail(fmt::format("There should be {}", what), "complete the statement");
        return {};
    }
    skip();
    return name;
}

std::string TokenCursor::expect_name(std::string_view what) {
    std::string name = one_name(what);
    if (ok() && is_symbol('.')) {
        fail(
            fmt::format("There should be {} without a qualifier", what),
            "write it without its table; the clause runs on another table first"
        );
    }
    return name;
}

TokenCursor::QualifiedName TokenCursor::expect_table_name() {
    QualifiedName result;
    result.name = one_name("a table name");
    if (ok() && accept_symbol('.')) {
        result.schema = std::move(result.name);
        result.name = one_name("a table name");
    }
    if (ok() && is_symbol('.')) {
        fail("A table name has too many parts", "write schema.table");
    }
    return result;
}

std::size_t TokenCursor::skip_group() {
    const std::uint32_t depth = list_->tokens[at_].depth;
    std::size_t close = at_ + 1;
    // The lexer has checked that parentheses are balanced.
    while (close < end_ && list_->tokens[close].depth != depth) {
        ++close;
    }
    seek(close + 1);
    return close;
}

void TokenCursor::fail_at(std::size_t token, std::string_view what, std::string_view advice) {
    if (failure_) {
        return;
    }
    const std::size_t offset =
        token < list_->tokens.size() ? list_->tokens[token].begin : list_->text.size();
    failure_ = failure_at(list_->text, offset, what, advice);
}

}  // namespace doppel::statement
