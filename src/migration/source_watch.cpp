// SPDX-License-Identifier: Apache-2.0
#include "migration/source_watch.hpp"

#include "base/text.hpp"
#include "migration/logged_text.hpp"
#include "statement/lexer.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using statement::TokenKind;
using statement::TokenList;

/// A statement to look at: its tokens, and how its names compare.
struct Statement {
    const TokenList& list;
    const LoggedText& text;
    const mysql::TableName& source;
    std::string_view schema;  ///< the default schema
};

bool is_name(const Statement& statement, std::size_t index) {
    const auto& token = statement.list.tokens[index];
    return token.kind == TokenKind::word || token.kind == TokenKind::quoted_identifier ||
           (statement.text.ansi_quotes() && token.kind == TokenKind::string &&
            statement.list.text_of(token).front() == '"');
}

std::string name_at(const Statement& statement, std::size_t index) {
    const auto& token = statement.list.tokens[index];
    if (token.kind != TokenKind::string) {
        return statement.list.name_of(token);
    }
    const auto quoted = statement.list.text_of(token);
    return unquoted(quoted.substr(1, quoted.size() - 2), '"');
}

bool is_one_of(const TokenList& list, std::size_t index, std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&](const char* word) {
        return list.is_word(index, word);
    });
}

/// Places of tokens that name the source table.
std::vector<std::size_t> mentions(const Statement& statement) {
    const auto& list = statement.list;
    const auto& source = statement.source;
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < list.tokens.size(); ++i) {
        if (!is_name(statement, i) || !statement.text.may_be(name_at(statement, i), source.table)) {
            continue;
        }
        const bool qualified = i >= 2 && list.is_symbol(i - 1, '.') && is_name(statement, i - 2);
        // A dot behind it makes it a schema, or a table whose column follows: better safe. The
        // default schema is logged in UTF-8, whatever the client's character set.
        const bool in_schema = qualified
                                   ? statement.text.may_be(name_at(statement, i - 2), source.schema)
                                   : may_be_same_name(statement.schema, source.schema);
        if (in_schema) {
            found.push_back(i);
        }
    }
    return found;
}

/// The first word that says what CREATE, ALTER or DROP is about.
std::size_t object_word(const TokenList& list) {
    for (std::size_t i = 1; i < list.tokens.size(); ++i) {
        if (is_one_of(
                list, i, {"TABLE",    "INDEX",     "TRIGGER",           "DATABASE", "SCHEMA",
                          "VIEW",     "PROCEDURE", "FUNCTION",          "EVENT",    "USER",
                          "ROLE",     "SERVER",    "TABLESPACE",        "UNDO",     "LOGFILE",
                          "INSTANCE", "RESOURCE",  "SPATIAL_REFERENCE", "SEQUENCE", "PACKAGE"}
            )) {
            return i;
        }
    }
    return list.tokens.size();
}

bool follows_word(const TokenList& list, std::size_t index, const char* word) {
    const bool qualified = index >= 2 && list.is_symbol(index - 1, '.');
    const std::size_t first = qualified ? index - 2 : index;
    return first > 0 && list.is_word(first - 1, word);
}

/// CREATE TABLE concerns the source when it makes it or refers to it by a foreign key; LIKE and
/// SELECT only read it.
bool create_table_concerns(const TokenList& list, const std::vector<std::size_t>& found) {
    return std::any_of(found.begin(), found.end(), [&](std::size_t index) {
        return follows_word(list, index, "TABLE") || follows_word(list, index, "EXISTS") ||
               follows_word(list, index, "REFERENCES");
    });
}

bool follows_on(const TokenList& list, const std::vector<std::size_t>& found) {
    return std::any_of(found.begin(), found.end(), [&](std::size_t index) {
        return follows_word(list, index, "ON");
    });
}

bool drops_schema(const Statement& statement, std::size_t object) {
    for (std::size_t i = object + 1; i < statement.list.tokens.size(); ++i) {
        if (is_name(statement, i) &&
            statement.text.may_be(name_at(statement, i), statement.source.schema)) {
            return true;
        }
    }
    return false;
}

/// In row format the rows of CREATE TABLE .. SELECT come as such, and the statement that is logged
/// has no SELECT any more.
bool creates_from_query(const TokenList& list) {
    if (!list.is_word(0, "CREATE") || !list.is_word(object_word(list), "TABLE")) {
        return false;
    }
    for (std::size_t i = 2; i < list.tokens.size(); ++i) {
        if (list.is_word(i, "SELECT") ||
            (list.is_word(i, "VALUES") && list.is_word(i + 1, "ROW"))) {
            return true;
        }
    }
    return false;
}

/// Views, triggers and functions hide which tables such a statement writes to.
bool is_text_dml(const TokenList& list) {
    return list.is_symbol(0, '(') || creates_from_query(list) ||
           is_one_of(
               list,
               0,
               {"INSERT",
                "UPDATE",
                "DELETE",
                "REPLACE",
                "LOAD",
                "WITH",
                "CALL",
                "SELECT",
                "DO",
                "TABLE",
                "VALUES"}
           );
}

bool concerns(const Statement& statement) {
    const auto& list = statement.list;
    const auto found = mentions(statement);
    if (is_one_of(list, 0, {"CREATE", "DROP"}) && list.is_word(1, "TEMPORARY")) {
        return false;
    }
    if (is_one_of(list, 0, {"CREATE", "ALTER", "DROP"})) {
        const std::size_t object = object_word(list);
        if (object == list.tokens.size()) {
            return !found.empty();
        }
        if (is_one_of(list, object, {"DATABASE", "SCHEMA"})) {
            return list.is_word(0, "DROP") && drops_schema(statement, object);
        }
        if (list.is_word(object, "TABLE")) {
            return list.is_word(0, "CREATE") ? create_table_concerns(list, found) : !found.empty();
        }
        if (is_one_of(list, object, {"INDEX", "TRIGGER"})) {
            return follows_on(list, found);
        }
        return false;
    }
    if (is_one_of(
            list, 0, {"GRANT", "REVOKE", "ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "FLUSH", "SET"}
        )) {
        return false;
    }
    return !found.empty();
}

/// ALTER TABLE [schema.]table AUTO_INCREMENT = number: ours, or that of an earlier run whose place
/// in the binlog was before it.
bool sets_counter_only(const TokenList& list) {
    const std::size_t counter = list.tokens.size() < 3 ? 0 : list.tokens.size() - 3;
    return list.is_word(0, "ALTER") && list.is_word(1, "TABLE") && (counter == 3 || counter == 5) &&
           list.is_word(counter, "AUTO_INCREMENT") && list.is_symbol(counter + 1, '=') &&
           list.tokens.back().kind == TokenKind::number;
}

/// Of a statement that cannot be taken apart. Its first word tells whether it is one of those whose
/// tables stand in its text.
std::optional<std::string> concern_of_unreadable(
    const mysql::TableName& source, const LoggedText& text
) {
    const bool names_its_tables =
        text.begins_with_word({"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "GRANT", "REVOKE"});
    if (names_its_tables && !text.may_contain(source.table)) {
        return std::nullopt;
    }
    return fmt::format(
        "a statement that cannot be read may have changed {}: {}", source.str(), text.excerpt()
    );
}

}  // namespace

std::optional<std::string> concern(const mysql::TableName& source, const binlog::QueryView& query) {
    const LoggedText text(query);
    const auto list = statement::tokenize(text.readable());
    if (!list || text.is_ambiguous()) {
        return concern_of_unreadable(source, text);
    }
    if (list->tokens.empty()) {
        return std::nullopt;
    }
    if (concerns({*list, text, source, query.schema})) {
        return fmt::format("{} was changed by another statement: {}", source.str(), text.excerpt());
    }
    if (is_text_dml(*list)) {
        return fmt::format(
            "a statement was logged as text instead of its rows, so what it changed is unknown: {}",
            text.excerpt()
        );
    }
    return std::nullopt;
}

std::optional<std::string> shadow_concern(
    const mysql::TableName& shadow, const binlog::QueryView& query
) {
    const LoggedText text(query);
    const auto list = statement::tokenize(text.readable());
    if (!list || text.is_ambiguous() || list->tokens.empty() || sets_counter_only(*list) ||
        !concerns({*list, text, shadow, query.schema})) {
        return std::nullopt;
    }
    return fmt::format(
        "{}, which holds the copy, was changed by another statement: {}",
        shadow.str(),
        text.excerpt()
    );
}

}  // namespace doppel::migration
