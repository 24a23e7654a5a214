// SPDX-License-Identifier: Apache-2.0
#include "statement/alter_statement.hpp"
#include "statement/clause_list.hpp"
#include "statement/clause_parser.hpp"
#include "statement/index_statement.hpp"
#include "statement/lexer.hpp"
#include "statement/source_text.hpp"
#include "statement/token_cursor.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

namespace doppel::statement {
namespace {

/// The end of the first statement. Fails when another one follows.
base::Result<std::size_t> statement_end(const TokenList& list) {
    std::size_t end = 0;
    while (end < list.tokens.size() && !list.is_symbol(end, ';')) {
        ++end;
    }
    for (std::size_t i = end; i < list.tokens.size(); ++i) {
        if (!list.is_symbol(i, ';') || list.tokens[i].comment != kNoComment) {
            return failure_at(
                list.text,
                list.tokens[i].begin,
                "Something follows the end of the statement",
                "give one statement at a time"
            );
        }
    }
    if (end == 0) {
        return failure_at(
            list.text,
            list.tokens.empty() ? list.text.size() : list.tokens[0].begin,
            "A statement is missing",
            "write ALTER TABLE .."
        );
    }
    return end;
}

/// Skips the words if they come next, and notes them unless MySQL skips them as well.
bool accept_of_mariadb(
    TokenCursor& cursor,
    const TokenList& list,
    std::initializer_list<std::string_view> words,
    AlterStatement& statement
) {
    const std::size_t begin = cursor.at();
    if (!cursor.accept(words)) {
        return false;
    }
    if (list.tokens[begin].comment == kNoComment && statement.mariadb_word.empty()) {
        const std::size_t from = list.tokens[begin].begin;
        statement.mariadb_word =
            std::string(list.text.substr(from, list.tokens[cursor.at() - 1].end - from));
    }
    return true;
}

/// `ALTER [ONLINE] [IGNORE] TABLE [IF EXISTS] name [WAIT n | NOWAIT]`
void read_head(TokenCursor& cursor, const TokenList& list, AlterStatement& statement) {
    if (!cursor.accept({"ALTER"})) {
        cursor.fail("The statement is not an ALTER TABLE", "write ALTER TABLE <table> <clauses>");
        return;
    }
    accept_of_mariadb(cursor, list, {"ONLINE"}, statement);
    if (cursor.is_word("IGNORE")) {
        cursor.fail(
            "ALTER IGNORE is refused: it drops rows that do not fit a unique key",
            "remove IGNORE and delete those rows first"
        );
        return;
    }
    if (!cursor.accept({"TABLE"})) {
        cursor.fail("The statement is not an ALTER TABLE", "write ALTER TABLE <table> <clauses>");
        return;
    }
    accept_of_mariadb(cursor, list, {"IF", "EXISTS"}, statement);
    const std::size_t name_begin = cursor.at();
    TokenCursor::QualifiedName name = cursor.expect_table_name();
    for (std::size_t i = name_begin; cursor.ok() && i < cursor.at(); ++i) {
        if (list.tokens[i].comment != kNoComment) {
            cursor.fail_at(i, "The table's name is in an executable comment", "write it outside");
        }
    }
    statement.schema = std::move(name.schema);
    statement.table = std::move(name.name);
    if (accept_of_mariadb(cursor, list, {"WAIT"}, statement)) {
        if (!cursor.is_kind(TokenKind::number)) {
            cursor.fail("WAIT needs a number of seconds", "write it");
        }
        cursor.skip();
    } else {
        accept_of_mariadb(cursor, list, {"NOWAIT"}, statement);
    }
}

void check_clauses_begin(TokenCursor& cursor, const TokenList& list) {
    if (!cursor.ok()) {
        return;
    }
    if (cursor.at_end()) {
        cursor.fail(
            "The statement changes nothing: there should be a clause",
            "write one, for example FORCE to rebuild the table"
        );
        return;
    }
    const std::uint32_t comment = list.tokens[cursor.at()].comment;
    if (comment != kNoComment && list.tokens[cursor.at() - 1].comment == comment) {
        cursor.fail(
            "An executable comment begins before the clauses and ends among them",
            "write ALTER TABLE and the table's name outside of it"
        );
    }
}

base::Result<AlterStatement> parse_alter_tokens(const TokenList& list, std::size_t end) {
    AlterStatement statement;
    TokenCursor cursor(list, 0, end);
    read_head(cursor, list, statement);
    check_clauses_begin(cursor, list);
    if (!cursor.ok()) {
        return cursor.failure();
    }
    base::Result<ClauseList> clauses = parse_clauses(list, cursor.at(), end);
    if (!clauses) {
        return clauses.failure();
    }
    base::Result<std::string> text = text_without_algorithm_and_lock(list, clauses->items);
    if (!text) {
        return text.failure();
    }
    statement.clauses = std::move(clauses->clauses);
    statement.clauses_text = std::move(*text);
    return statement;
}

base::Result<AlterStatement> parse_index_statement(const TokenList& list, std::size_t end) {
    const base::Result<std::string> text = alter_of_index_statement(list, end);
    if (!text) {
        return text.failure();
    }
    const base::Result<TokenList> rewritten = tokenize(*text);
    if (!rewritten) {
        return rewritten.failure();
    }
    return parse_alter_tokens(*rewritten, rewritten->tokens.size());
}

}  // namespace

base::Result<AlterStatement> parse_alter(std::string_view text) {
    const base::Result<TokenList> list = tokenize(text);
    if (!list) {
        return list.failure();
    }
    const base::Result<std::size_t> end = statement_end(*list);
    if (!end) {
        return end.failure();
    }
    if (list->is_word(0, "CREATE") || list->is_word(0, "DROP")) {
        return parse_index_statement(*list, *end);
    }
    return parse_alter_tokens(*list, *end);
}

}  // namespace doppel::statement
