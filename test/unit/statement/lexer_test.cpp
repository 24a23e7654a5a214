// SPDX-License-Identifier: Apache-2.0
#include "statement/lexer.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::statement {
namespace {

using namespace std::string_literals;

char letter(TokenKind kind) {
    switch (kind) {
        case TokenKind::word:
            return 'w';
        case TokenKind::quoted_identifier:
            return 'q';
        case TokenKind::string:
            return 's';
        case TokenKind::bits:
            return 'x';
        case TokenKind::number:
            return 'n';
        case TokenKind::variable:
            return 'v';
        case TokenKind::symbol:
            return 'o';
    }
    return '?';
}

/// "w:ALTER w:TABLE", or the failure's offset as "fails at 3".
std::string describe(std::string_view text) {
    const auto list = tokenize(text);
    if (!list) {
        return "fails at " + std::to_string(list.failure().offset);
    }
    std::string result;
    for (const Token& token : list->tokens) {
        result += result.empty() ? "" : " ";
        result += letter(token.kind);
        result += ':';
        result += list->text_of(token);
        if (token.comment != kNoComment) {
            result += '!' + std::to_string(token.comment);
        }
    }
    return result;
}

struct LexerCase {
    std::string_view text;
    std::string_view expected;
};

void check_lexer(const std::vector<LexerCase>& cases) {
    for (const LexerCase& c : cases) {
        EXPECT_EQ(describe(c.text), c.expected) << c.text;
    }
}

TEST(Lexer, SplitsWordsAndIdentifiers) {
    check_lexer({
        {"", ""},
        {" \t\r\n\v\f", ""},
        {"ADD COLUMN a", "w:ADD w:COLUMN w:a"},
        {"a$b _x 1a 1e 0xg 0b2 9lives", "w:a$b w:_x w:1a w:1e w:0xg w:0b2 w:9lives"},
        {"größe 列 naïve", "w:größe w:列 w:naïve"},
        {"`a b` `c``d` ````", "q:`a b` q:`c``d` q:````"},
        {"`a\\` b", "q:`a\\` w:b"},
        {"db.t", "w:db o:. w:t"},
        {"db.1t t.1e5 t.5", "w:db o:. w:1t w:t o:. w:1e5 w:t o:. w:5"},
        {"`db`.`t`", "q:`db` o:. q:`t`"},
        {"a,b;(c)", "w:a o:, w:b o:; o:( w:c o:)"},
        {"$a a$b$", "w:$a w:a$b$"},
    });
}

TEST(Lexer, SplitsStrings) {
    check_lexer({
        {"'a' \"b\"", "s:'a' s:\"b\""},
        {"'it''s' 'it\\'s' \"say \"\"x\"\"\"", "s:'it''s' s:'it\\'s' s:\"say \"\"x\"\"\""},
        {"'\\\\' x", "s:'\\\\' w:x"},
        {"'a\"b' \"a'b\"", "s:'a\"b' s:\"a'b\""},
        {"'-- # /* ; , ) %s %d `'", "s:'-- # /* ; , ) %s %d `'"},
        {"_utf8mb4'x' _binary 'y' N'z' n'ß'", "w:_utf8mb4 s:'x' w:_binary s:'y' s:N'z' s:n'ß'"},
        {"'two\nlines'", "s:'two\nlines'"},
        {"n 'a'", "w:n s:'a'"},
    });
}

TEST(Lexer, SplitsNumbersAndBits) {
    check_lexer({
        {"1 1.5 .5 1. 1e3 1E+3 1.5e-10", "n:1 n:1.5 n:.5 n:1. n:1e3 n:1E+3 n:1.5e-10"},
        {"1e5abc", "n:1e5 w:abc"},
        {"10,2", "n:10 o:, n:2"},
        {"x'0aF0' X'' b'0101' B'' 0x1F 0b01", "x:x'0aF0' x:X'' x:b'0101' x:B'' x:0x1F x:0b01"},
        {"0X1F 4M", "w:0X1F w:4M"},
        {"-1", "o:- n:1"},
    });
}

TEST(Lexer, SplitsVariables) {
    check_lexer({
        {"@a @@global.b @'x y' @`z`", "v:@a v:@@global.b v:@'x y' v:@`z`"},
        {"@a:=1", "v:@a o:: o:= n:1"},
        {"@", "v:@"},
    });
}

TEST(Lexer, SkipsComments) {
    check_lexer({
        {"a -- b\nc", "w:a w:c"},
        {"a --\tb\nc", "w:a w:c"},
        {"a --", "w:a"},
        {"a --b", "w:a o:- o:- w:b"},
        {"5--3", "n:5 o:- o:- n:3"},
        {"a # 'b\nc", "w:a w:c"},
        {"a/* ' ` ; ( */b", "w:a w:b"},
        {"a /**/ b /***/ c", "w:a w:b w:c"},
        {"a /*+ hint */ b", "w:a w:b"},
        {"a / b * c", "w:a o:/ w:b o:* w:c"},
    });
}

TEST(Lexer, ReadsExecutableComments) {
    check_lexer({
        {"a /*! b */ c", "w:a w:b!1 w:c"},
        {"a /*!80013 b */ c", "w:a w:b!1 w:c"},
        {"/*!080013b*/c", "w:b!1 w:c"},
        {"/*!1234 b*/", "n:1234!1 w:b!1"},
        {"/*!50100 1 */", "n:1!1"},
        {"/*M! b */ /*M!100203 c */", "w:b!1 w:c!2"},
        {"/*!80000*/a", "w:a"},
        {"/*! a /* note */ b */ c", "w:a!1 w:b!1 w:c"},
        {"/*! a -- note\n b */ c", "w:a!1 w:b!1 w:c"},
        {"/*! (1) 'x' */", "o:(!1 n:1!1 o:)!1 s:'x'!1"},
    });
}

TEST(Lexer, RefusesWhatIsOpen) {
    check_lexer({
        {"a 'b", "fails at 2"},
        {"a 'b\\'", "fails at 2"},
        {"a 'b''", "fails at 2"},
        {"a 'b\\", "fails at 2"},
        {"a \"b", "fails at 2"},
        {"a `b", "fails at 2"},
        {"a @'b", "fails at 2"},
        {"a N'b", "fails at 2"},
        {"a /* b", "fails at 2"},
        {"a /*/", "fails at 2"},
        {"a /*! b", "fails at 2"},
        {"a (b (c)", "fails at 2"},
        {"a ) b", "fails at 2"},
        {"a */ b", "fails at 2"},
        {"a x'0", "fails at 2"},
        {"a x'012'", "fails at 2"},
        {"a x'0g'", "fails at 2"},
        {"a b'12'", "fails at 2"},
    });
}

TEST(Lexer, RefusesExecutableCommentsWhoseEndDependsOnTheServer) {
    check_lexer({
        {"a /*! '*/' */", "fails at 6"},
        {"a /*! '/*' */", "fails at 6"},
        {"a /*! `*/` */", "fails at 6"},
        {"a /*! @'*/' */", "fails at 6"},
        {"a /*! -- */\n */", "fails at 6"},
        {"a /*! # */\n */", "fails at 6"},
        {"a /*! /*! b */ */", "fails at 6"},
        {"/*M! /* b */ */", "fails at 5"},
        {"a ( /*! ) */", "fails at 8"},
        {"a /*! ( */ )", "fails at 6"},
    });
}

TEST(Lexer, RefusesOtherBytes) {
    check_lexer({
        {"a \\G", "fails at 2"},
        {"a \x01", "fails at 2"},
        {"a \x7f", "fails at 2"},
        {std::string_view("a \0b", 4), "fails at 2"},
        {std::string_view("a '\0'", 5), "fails at 3"},
        {"a \xff", "fails at 2"},
        {"a \xc3", "fails at 2"},
        {"a \xc0\xaf", "fails at 2"},
        {"a '\xed\xa0\x80'", "fails at 3"},
        {"a \xf4\x90\x80\x80", "fails at 2"},
        {"$$ a $$", "fails at 0"},
        {"$t$ a $t$", "fails at 0"},
    });
    EXPECT_EQ(describe("\xf0\x9f\x90\xac"), "w:\xf0\x9f\x90\xac");
}

TEST(Lexer, TellsTheDepthOfParentheses) {
    const auto list = tokenize("a (b (c)) d");
    ASSERT_TRUE(list.ok());
    std::string depths;
    for (const Token& token : list->tokens) {
        depths += std::to_string(token.depth);
    }
    EXPECT_EQ(depths, "00112100");
}

TEST(Lexer, BoundsNestingAndLength) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + std::string(depth, ')');
    };
    EXPECT_TRUE(tokenize(nested(kParenthesesMax)).ok());
    EXPECT_FALSE(tokenize(nested(kParenthesesMax + 1)).ok());
    EXPECT_FALSE(tokenize(nested(1'000'000)).ok());
    EXPECT_TRUE(tokenize(std::string(kStatementBytesMax, ' ')).ok());
    EXPECT_FALSE(tokenize(std::string(kStatementBytesMax + 1, ' ')).ok());
}

TEST(Lexer, UnquotesNames) {
    const auto list = tokenize("a `b` `c``d` ```` ``");
    ASSERT_TRUE(list.ok());
    std::vector<std::string> names;
    for (const Token& token : list->tokens) {
        names.push_back(list->name_of(token));
    }
    EXPECT_EQ(names, (std::vector{"a"s, "b"s, "c`d"s, "`"s, ""s}));
}

TEST(Lexer, SaysWhatWhereAndWhatToDo) {
    const auto open = tokenize("ALTER TABLE t COMMENT='x");
    ASSERT_FALSE(open.ok());
    EXPECT_EQ(
        open.failure().message,
        "A string is not closed at offset 22, near \"'x\"; add the missing quote."
    );
    const auto excerpt = tokenize("\\0123456789012345678901234567890€");
    ASSERT_FALSE(excerpt.ok());
    EXPECT_NE(excerpt.failure().message.find("567890\"; remove it."), std::string::npos)
        << excerpt.failure().message;
}

}  // namespace
}  // namespace doppel::statement
