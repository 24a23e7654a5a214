// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "statement/lexer.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::statement {

/// Reads tokens [at, end) from left to right and keeps the first failure; after a failure the
/// results of further calls mean nothing. Refers to the list, which must outlive it.
class TokenCursor final {
public:
    TokenCursor(const TokenList& list, std::size_t at, std::size_t end)
        : list_(&list), at_(at), end_(end) {}

    [[nodiscard]] std::size_t at() const noexcept { return at_; }
    [[nodiscard]] std::size_t end() const noexcept { return end_; }
    [[nodiscard]] bool at_end() const noexcept { return at_ >= end_; }
    [[nodiscard]] bool ok() const noexcept { return !failure_; }
    /// Requires !ok().
    [[nodiscard]] const base::Failure& failure() const { return *failure_; }

    [[nodiscard]] bool is_word(std::string_view keyword, std::size_t distance = 0) const {
        return at_ + distance < end_ && list_->is_word(at_ + distance, keyword);
    }
    [[nodiscard]] bool is_any_word(std::initializer_list<std::string_view> keywords) const;
    [[nodiscard]] bool is_symbol(char symbol, std::size_t distance = 0) const {
        return at_ + distance < end_ && list_->is_symbol(at_ + distance, symbol);
    }
    [[nodiscard]] bool is_kind(TokenKind kind, std::size_t distance = 0) const {
        return at_ + distance < end_ && list_->tokens[at_ + distance].kind == kind;
    }
    [[nodiscard]] bool is_name(std::size_t distance = 0) const {
        return is_kind(TokenKind::word, distance) ||
               is_kind(TokenKind::quoted_identifier, distance);
    }

    void skip(std::size_t count = 1) { seek(at_ + count); }
    void seek(std::size_t at) { at_ = at < end_ ? at : end_; }
    /// Skips the words when all of them come next.
    bool accept(std::initializer_list<std::string_view> keywords);
    bool accept_symbol(char symbol);
    void expect(std::string_view keyword);
    /// A name without qualifier; `what` says which, "a column name".
    std::string expect_name(std::string_view what);
    /// `name` or `schema.name`.
    struct QualifiedName {
        std::optional<std::string> schema;
        std::string name;
    };
    QualifiedName expect_table_name();
    /// Skips a parenthesised group that begins here; the position of its closing parenthesis.
    std::size_t skip_group();

    /// Keeps the first failure.
    void fail(std::string_view what, std::string_view advice) { fail_at(at_, what, advice); }
    void fail_at(std::size_t token, std::string_view what, std::string_view advice);

private:
    std::string one_name(std::string_view what);

    const TokenList* list_;
    std::size_t at_;
    std::size_t end_;
    std::optional<base::Failure> failure_;
};

}  // namespace doppel::statement
