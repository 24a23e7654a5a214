// SPDX-License-Identifier: Apache-2.0
#include "statement/lexer.hpp"

#include "base/text.hpp"
#include "statement/source_text.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace doppel::statement {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_bit(char c) {
    return c == '0' || c == '1';
}

bool is_identifier_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

class Lexer final {
public:
    explicit Lexer(std::string_view text) : text_(text) { list_.text = text; }

    base::Result<TokenList> run() {
        check_text();
        while (!failure_ && at_ < text_.size()) {
            next();
        }
        check_end();
        if (failure_) {
            return *failure_;
        }
        return std::move(list_);
    }

private:
    struct OpenParenthesis {
        std::size_t offset = 0;
        std::uint32_t comment = kNoComment;
    };

    void check_text();
    void check_end();
    void next();
    void line_comment();
    void comment();
    void open_executable_comment(std::size_t content);
    void close_executable_comment();
    void check_inside_comment(std::size_t begin);
    void string(std::size_t begin);
    void quoted_identifier();
    void digits_literal(bool (*accepts)(char), std::size_t digits_per_byte);
    bool prefixed_number(bool (*accepts)(char));
    void number_or_word();
    void real();
    void word(std::size_t begin);
    void variable();
    void period();
    void symbol();

    [[nodiscard]] char peek(std::size_t distance = 0) const {
        return at_ + distance < text_.size() ? text_[at_ + distance] : '\0';
    }
    [[nodiscard]] bool starts_line_comment() const {
        // Behind the text the server sees a NUL, which counts as a control character.
        return peek() == '-' && peek(1) == '-' && (is_space(peek(2)) || is_control(peek(2)));
    }
    void skip_digits() {
        while (is_digit(peek())) {
            ++at_;
        }
    }
    /// True past the closing quote; false, with `at_` at the end, when there is none.
    bool skip_quoted(char quote, bool backslash_escapes);
    void push(TokenKind kind, std::size_t begin) {
        list_.tokens.push_back(
            {kind, begin, at_, open_comment_, static_cast<std::uint32_t>(parentheses_.size())}
        );
    }
    void fail(std::size_t offset, std::string_view what, std::string_view advice) {
        failure_ = failure_at(text_, offset, what, advice);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    TokenList list_;
    std::vector<OpenParenthesis> parentheses_;
    std::uint32_t open_comment_ = kNoComment;
    std::optional<base::Failure> failure_;
};

void Lexer::check_text() {
    if (text_.size() > kStatementBytesMax) {
        failure_ = base::Failure{
            fmt::format(
                "The statement has {} bytes; more than {} are not accepted.",
                text_.size(),
                kStatementBytesMax
            ),
            kStatementBytesMax};
        return;
    }
    // The server's lexer ends a line comment at a NUL.
    if (const std::size_t nul = text_.find('\0'); nul != std::string_view::npos) {
        fail(nul, "There is a NUL byte", "write \\0 in strings and remove it elsewhere");
        return;
    }
    std::size_t at = 0;
    while (at < text_.size()) {
        const std::size_t length = utf8_length(text_, at);
        if (length == 0) {
            fail(at, "The text is not valid UTF-8", "write the statement in UTF-8");
            return;
        }
        at += length;
    }
}

void Lexer::check_end() {
    if (failure_) {
        return;
    }
    if (open_comment_ != kNoComment) {
        fail(list_.comments.back().begin, "A comment is not closed", "add the missing */");
    } else if (!parentheses_.empty()) {
        fail(parentheses_.back().offset, "A parenthesis is not closed", "add the missing )");
    }
}

void Lexer::next() {
    const char c = peek();
    if (is_space(c)) {
        ++at_;
    } else if (c == '#' || starts_line_comment()) {
        line_comment();
    } else if (c == '/' && peek(1) == '*') {
        comment();
    } else if (c == '*' && peek(1) == '/') {
        close_executable_comment();
    } else if (c == '\'' || c == '"') {
        string(at_);
    } else if (c == '`') {
        quoted_identifier();
    } else if (c == '@') {
        variable();
    } else if (c == '.') {
        period();
    } else if (is_digit(c)) {
        number_or_word();
    } else if (peek(1) == '\'' && (c == 'n' || c == 'N')) {
        ++at_;
        string(at_ - 1);
    } else if (peek(1) == '\'' && (c == 'x' || c == 'X')) {
        digits_literal(is_hex_digit, 2);
    } else if (peek(1) == '\'' && (c == 'b' || c == 'B')) {
        digits_literal(is_bit, 1);
    } else if (is_identifier_char(c)) {
        word(at_);
    } else {
        symbol();
    }
}

void Lexer::line_comment() {
    const std::size_t begin = at_;
    at_ = std::min(text_.find('\n', at_), text_.size());
    check_inside_comment(begin);
}

void Lexer::comment() {
    const bool mariadb_only = peek(2) == 'M' && peek(3) == '!';
    if (peek(2) == '!' || mariadb_only) {
        open_executable_comment(mariadb_only ? 4 : 3);
        return;
    }
    const std::size_t begin = at_;
    const std::size_t close = text_.find("*/", at_ + 2);
    if (close == std::string_view::npos) {
        fail(begin, "A comment is not closed", "add the missing */");
        return;
    }
    at_ = close + 2;
    // MySQL skips /*M! .. */ up to the first */, whichever comment that belongs to.
    if (open_comment_ != kNoComment && text_[list_.comments.back().begin + 2] == 'M') {
        fail(begin, "There is a comment inside of a /*M! comment", "move it out");
    }
}

void Lexer::open_executable_comment(std::size_t content) {
    if (open_comment_ != kNoComment) {
        fail(at_, "Executable comments do not nest", "close the first one before");
        return;
    }
    // A version has five or six digits; fewer are content (sql_lex.cc, MY_LEX_LONG_COMMENT).
    std::size_t digits = 0;
    while (digits < 6 && is_digit(peek(content + digits))) {
        ++digits;
    }
    list_.comments.push_back({at_, at_});
    open_comment_ = static_cast<std::uint32_t>(list_.comments.size());
    at_ += content + (digits >= 5 ? digits : 0);
}

void Lexer::close_executable_comment() {
    if (open_comment_ == kNoComment) {
        fail(at_, "A comment ends that was not begun", "remove the */ or add its /*");
        return;
    }
    if (!parentheses_.empty() && parentheses_.back().comment == open_comment_) {
        fail(
            parentheses_.back().offset,
            "A parenthesis is opened in an executable comment and not closed there",
            "keep both parentheses on the same side of the comment's end"
        );
        return;
    }
    at_ += 2;
    list_.comments.back().end = at_;
    open_comment_ = kNoComment;
}

/// A server that skips an executable comment looks for comment markers even where one that executes
/// it sees a string.
void Lexer::check_inside_comment(std::size_t begin) {
    if (open_comment_ == kNoComment || failure_) {
        return;
    }
    const std::string_view inside = text_.substr(begin, at_ - begin);
    if (inside.find("*/") != std::string_view::npos ||
        inside.find("/*") != std::string_view::npos) {
        fail(
            begin,
            "Quoted text or a line comment in an executable comment has a comment marker in it",
            "write the clause without the executable comment"
        );
    }
}

bool Lexer::skip_quoted(char quote, bool backslash_escapes) {
    ++at_;
    while (at_ < text_.size()) {
        const char c = peek();
        if (c == quote && peek(1) == quote) {
            at_ += 2;
        } else if (c == quote) {
            ++at_;
            return true;
        } else if (c == '\\' && backslash_escapes) {
            at_ = std::min(at_ + 2, text_.size());
        } else {
            ++at_;
        }
    }
    return false;
}

void Lexer::string(std::size_t begin) {
    if (!skip_quoted(peek(), true)) {
        fail(begin, "A string is not closed", "add the missing quote");
        return;
    }
    push(TokenKind::string, begin);
    check_inside_comment(begin);
}

void Lexer::quoted_identifier() {
    const std::size_t begin = at_;
    if (!skip_quoted('`', false)) {
        fail(begin, "An identifier is not closed", "add the missing backtick");
        return;
    }
    push(TokenKind::quoted_identifier, begin);
    check_inside_comment(begin);
}

void Lexer::digits_literal(bool (*accepts)(char), std::size_t digits_per_byte) {
    const std::size_t begin = at_;
    at_ += 2;
    const std::size_t digits = at_;
    while (accepts(peek())) {
        ++at_;
    }
    if (peek() != '\'' || (at_ - digits) % digits_per_byte != 0) {
        fail(begin, "A hexadecimal or bit literal is malformed", "correct its digits");
        return;
    }
    ++at_;
    push(TokenKind::bits, begin);
}

/// 0x.. and 0b.. are literals only when nothing but digits follows; else they are identifiers.
bool Lexer::prefixed_number(bool (*accepts)(char)) {
    std::size_t length = 2;
    while (accepts(peek(length))) {
        ++length;
    }
    if (length == 2 || is_identifier_char(peek(length))) {
        return false;
    }
    const std::size_t begin = at_;
    at_ += length;
    push(TokenKind::bits, begin);
    return true;
}

void Lexer::number_or_word() {
    if (peek() == '0' && peek(1) == 'x' && prefixed_number(is_hex_digit)) {
        return;
    }
    if (peek() == '0' && peek(1) == 'b' && prefixed_number(is_bit)) {
        return;
    }
    const std::size_t begin = at_;
    skip_digits();
    if (!is_identifier_char(peek())) {
        if (peek() == '.') {
            ++at_;
            real();
        }
        push(TokenKind::number, begin);
        return;
    }
    const bool exponent = peek() == 'e' || peek() == 'E';
    const bool is_signed = peek(1) == '+' || peek(1) == '-';
    if (exponent && is_digit(peek(is_signed ? 2 : 1))) {
        real();
        push(TokenKind::number, begin);
        return;
    }
    word(begin);
}

/// The digits behind a decimal point and the exponent.
void Lexer::real() {
    skip_digits();
    if (peek() != 'e' && peek() != 'E') {
        return;
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if (is_digit(peek(1 + sign))) {
        at_ += 1 + sign;
        skip_digits();
    }
}

void Lexer::word(std::size_t begin) {
    while (is_identifier_char(peek())) {
        ++at_;
    }
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.front() == '$' && name.find('$', 1) != std::string_view::npos) {
        fail(begin, "MySQL 9 begins a dollar-quoted string here", "write names in backticks");
        return;
    }
    push(TokenKind::word, begin);
}

void Lexer::variable() {
    const std::size_t begin = at_;
    at_ += peek(1) == '@' ? std::size_t{2} : std::size_t{1};
    const char quote = peek();
    if (quote == '\'' || quote == '"' || quote == '`') {
        if (!skip_quoted(quote, quote != '`')) {
            fail(begin, "A variable's name is not closed", "add the missing quote");
            return;
        }
    } else {
        while (is_identifier_char(peek()) || peek() == '.') {
            ++at_;
        }
    }
    push(TokenKind::variable, begin);
    check_inside_comment(begin);
}

/// In `db.1t` and `t.1e5` a name follows the period, elsewhere `.5` is a number.
void Lexer::period() {
    const bool behind_word = !list_.tokens.empty() && list_.tokens.back().end == at_ &&
                             list_.tokens.back().kind == TokenKind::word;
    const std::size_t begin = at_;
    ++at_;
    if (is_digit(peek()) && !behind_word) {
        real();
        push(TokenKind::number, begin);
        return;
    }
    push(TokenKind::symbol, begin);
    if (is_identifier_char(peek())) {
        word(at_);
    }
}

void Lexer::symbol() {
    const std::size_t begin = at_;
    const char c = peek();
    if (is_control(c) || c == '\\') {
        fail(begin, "There is a character that SQL does not know", "remove it");
        return;
    }
    if (c == ')') {
        if (parentheses_.empty()) {
            fail(begin, "A parenthesis is closed that was not opened", "remove it");
            return;
        }
        if (parentheses_.back().comment != open_comment_ && open_comment_ != kNoComment) {
            fail(
                begin,
                "A parenthesis is closed in an executable comment and was not opened there",
                "keep both parentheses on the same side of the comment's begin"
            );
            return;
        }
        parentheses_.pop_back();
    }
    ++at_;
    push(TokenKind::symbol, begin);
    if (c == '(') {
        if (parentheses_.size() >= kParenthesesMax) {
            fail(begin, "Parentheses are nested too deeply", "simplify the expression");
            return;
        }
        parentheses_.push_back({begin, open_comment_});
    }
}

}  // namespace

bool TokenList::is_word(std::size_t index, std::string_view keyword) const {
    return index < tokens.size() && tokens[index].kind == TokenKind::word &&
           base::equals_ignore_case(text_of(tokens[index]), keyword);
}

bool TokenList::is_symbol(std::size_t index, char symbol) const {
    return index < tokens.size() && tokens[index].kind == TokenKind::symbol &&
           text[tokens[index].begin] == symbol;
}

std::string TokenList::name_of(const Token& token) const {
    const std::string_view written = text_of(token);
    if (token.kind != TokenKind::quoted_identifier) {
        return std::string(written);
    }
    std::string name;
    for (std::size_t i = 1; i + 1 < written.size(); ++i) {
        name += written[i];
        if (written[i] == '`') {
            ++i;
        }
    }
    return name;
}

base::Result<TokenList> tokenize(std::string_view text) {
    return Lexer(text).run();
}

}  // namespace doppel::statement
