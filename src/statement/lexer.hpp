// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doppel::statement {

enum class TokenKind {
    word,               ///< keyword, unquoted identifier or charset introducer
    quoted_identifier,  ///< `..`
    string,             ///< '..', "..", N'..'
    bits,               ///< x'..', b'..', 0x.., 0b..
    number,             ///< 1, 1.5, .5, 1e3
    variable,           ///< @x, @@x, @'x', @`x`
    symbol,             ///< one character of punctuation
};

/// Token::comment of a token outside of executable comments.
inline constexpr std::uint32_t kNoComment = 0;

/// A token as the range of bytes [begin, end) of the text.
struct Token {
    TokenKind kind = TokenKind::symbol;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::uint32_t comment = kNoComment;  ///< the executable comment it is in, counted from 1
    std::uint32_t depth = 0;  ///< parentheses around it; a pair has the depth outside of it
};

/// An executable comment (`/*! .. */`, `/*!80013 .. */`, `/*M! .. */`) as the range of bytes
/// [begin, end) with its markers. They do not nest; parentheses are balanced inside.
struct ExecutableComment {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// The tokens of a text, in order and not overlapping. Refers to the text, which must outlive it.
struct TokenList {
    std::string_view text;
    std::vector<Token> tokens;
    std::vector<ExecutableComment> comments;

    [[nodiscard]] std::string_view text_of(const Token& token) const {
        return text.substr(token.begin, token.end - token.begin);
    }
    /// True for an unquoted word that equals `keyword` in any case.
    [[nodiscard]] bool is_word(std::size_t index, std::string_view keyword) const;
    [[nodiscard]] bool is_symbol(std::size_t index, char symbol) const;
    /// A word as it is, a quoted identifier without its quotes.
    [[nodiscard]] std::string name_of(const Token& token) const;
};

/// Longest text that is taken apart; 8,192 partitions with long names fit (MySQL manual,
/// "Restrictions and Limitations on Partitioning").
inline constexpr std::size_t kStatementBytesMax = std::size_t{4} << 20U;
/// Deepest nesting of parentheses.
inline constexpr std::size_t kParenthesesMax = 200;

/// Splits SQL text the way MySQL's and MariaDB's lexers do (sql/sql_lex.cc) without ANSI_QUOTES and
/// NO_BACKSLASH_ESCAPES. Comments are no tokens, the content of executable comments is. Fails on
/// invalid UTF-8, open or unbalanced quotes, comments and parentheses, on the limits above, and
/// where a server that skips an executable comment would find another end of it than one that
/// executes it.
[[nodiscard]] base::Result<TokenList> tokenize(std::string_view text);

}  // namespace doppel::statement
