// SPDX-License-Identifier: Apache-2.0
#include "migration/source_watch.hpp"

#include "base/text.hpp"
#include "statement/lexer.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using statement::TokenKind;
using statement::TokenList;

constexpr std::size_t kExcerptBytes = 200;

bool is_name(const TokenList& list, std::size_t index) {
    const auto kind = list.tokens[index].kind;
    return kind == TokenKind::word || kind == TokenKind::quoted_identifier;
}

bool is_one_of(const TokenList& list, std::size_t index, std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&](const char* word) {
        return list.is_word(index, word);
    });
}

/// Places of tokens that name the source table.
std::vector<std::size_t> mentions(
    const TokenList& list, const mysql::TableName& source, std::string_view schema
) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < list.tokens.size(); ++i) {
        if (!is_name(list, i) ||
            !base::equals_ignore_case(list.name_of(list.tokens[i]), source.table)) {
            continue;
        }
        const bool qualified = i >= 2 && list.is_symbol(i - 1, '.') && is_name(list, i - 2);
        const std::string in = qualified ? list.name_of(list.tokens[i - 2]) : std::string(schema);
        // A dot behind it makes it a schema, or a table whose column follows: better safe.
        if (base::equals_ignore_case(in, source.schema)) {
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

bool drops_schema(const TokenList& list, std::size_t object, const mysql::TableName& source) {
    for (std::size_t i = object + 1; i < list.tokens.size(); ++i) {
        if (is_name(list, i) &&
            base::equals_ignore_case(list.name_of(list.tokens[i]), source.schema)) {
            return true;
        }
    }
    return false;
}

/// `DELETE FROM name` alone: a server writes it as text when it finds a MEMORY table empty after a
/// restart (manual, "Replication and MEMORY Tables").
bool empties_one_table(const TokenList& list) {
    const std::size_t count = list.tokens.size();
    return list.is_word(0, "DELETE") && list.is_word(1, "FROM") && is_name(list, count - 1) &&
           (count == 3 || (count == 5 && list.is_symbol(3, '.')));
}

/// Views, triggers and functions hide which tables such a statement writes to.
bool is_text_dml(const TokenList& list) {
    return is_one_of(
        list, 0, {"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "CALL", "SELECT", "DO"}
    );
}

bool concerns(const TokenList& list, const mysql::TableName& source, std::string_view schema) {
    const auto found = mentions(list, source, schema);
    if (is_one_of(list, 0, {"CREATE", "ALTER", "DROP"})) {
        const std::size_t object = object_word(list);
        if (object == list.tokens.size()) {
            return !found.empty();
        }
        if (is_one_of(list, object, {"DATABASE", "SCHEMA"})) {
            return list.is_word(0, "DROP") && drops_schema(list, object, source);
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

std::string excerpt(std::string_view text) {
    std::string shortened(text.substr(0, kExcerptBytes));
    if (text.size() > kExcerptBytes) {
        shortened += "..";
    }
    return shortened;
}

}  // namespace

std::optional<std::string> concern(
    const mysql::TableName& source, std::string_view schema, std::string_view text
) {
    const auto list = statement::tokenize(text);
    if (!list) {
        const std::string lowered = base::to_lower_ascii(text);
        if (lowered.find(base::to_lower_ascii(source.table)) == std::string::npos) {
            return std::nullopt;
        }
        return fmt::format(
            "a statement that cannot be read mentions {}: {}", source.table, excerpt(text)
        );
    }
    if (list->tokens.empty()) {
        return std::nullopt;
    }
    if (!concerns(*list, source, schema)) {
        if (!is_text_dml(*list) || empties_one_table(*list)) {
            return std::nullopt;
        }
        return fmt::format(
            "a statement was logged as text instead of its rows, so what it changed is unknown: {}",
            excerpt(text)
        );
    }
    return fmt::format("{} was changed by another statement: {}", source.str(), excerpt(text));
}

}  // namespace doppel::migration
