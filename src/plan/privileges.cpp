// SPDX-License-Identifier: Apache-2.0
#include "plan/privileges.hpp"

#include "base/text.hpp"
#include "statement/lexer.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace doppel::plan {
namespace {

using statement::TokenKind;
using statement::TokenList;

bool gives(const Grant& grant, std::string_view privilege) {
    return std::any_of(grant.privileges.begin(), grant.privileges.end(), [&](const auto& name) {
        return name == privilege || name == "ALL PRIVILEGES";
    });
}

std::string to_upper(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return upper;
}

// `name`, "name" (ANSI_QUOTES) or *.
std::string object_name(const TokenList& list, std::size_t at) {
    if (list.tokens[at].kind != TokenKind::string) {
        return list.name_of(list.tokens[at]);
    }
    const std::string_view quoted = list.text_of(list.tokens[at]);
    std::string name;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        name += quoted[i];
        i += quoted[i] == '"' ? 1U : 0U;
    }
    return name;
}

// "SELECT, INSERT (`a`), LOCK TABLES" up to ON; those on columns are left out.
std::vector<std::string> read_privileges(const TokenList& list, std::size_t& at) {
    std::vector<std::string> privileges;
    std::string name;
    bool whole_table = true;
    const auto close = [&] {
        if (whole_table && !name.empty()) {
            privileges.push_back(name);
        }
        name.clear();
        whole_table = true;
    };
    for (; at < list.tokens.size(); ++at) {
        const bool outside = list.tokens[at].depth == 0;
        if (outside && list.is_word(at, "ON")) {
            break;
        }
        if (outside && list.is_symbol(at, ',')) {
            close();
        } else if (list.is_symbol(at, '(')) {
            whole_table = false;
        } else if (outside && list.tokens[at].kind == TokenKind::word) {
            name += name.empty() ? "" : " ";
            name += to_upper(list.text_of(list.tokens[at]));
        }
    }
    close();
    return privileges;
}

bool matches(std::string_view pattern, std::string_view name, bool wildcards) {
    return wildcards ? matches_pattern(pattern, name) : pattern == name;
}

// 'app'; quotes and backslashes of the name are escaped.
std::string quote_account_part(std::string_view part) {
    std::string quoted = "'";
    for (const char c : part) {
        if (c == '\'' || c == '\\') {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted + "'";
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view name) {
    // The position to return to when what follows the last % did not match.
    std::size_t retry_pattern = std::string_view::npos;
    std::size_t retry_name = 0;
    std::size_t p = 0;
    std::size_t n = 0;
    while (n < name.size()) {
        const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
        if (!escaped && p < pattern.size() && pattern[p] == '%') {
            retry_pattern = ++p;
            retry_name = n;
            continue;
        }
        const std::size_t literal = escaped ? p + 1 : p;
        const bool any = !escaped && p < pattern.size() && pattern[p] == '_';
        if (any || (literal < pattern.size() && pattern[literal] == name[n])) {
            p = literal + 1;
            ++n;
        } else if (retry_pattern != std::string_view::npos) {
            p = retry_pattern;
            n = ++retry_name;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '%') {
        ++p;
    }
    return p == pattern.size();
}

base::Result<Grant> parse_grant(std::string_view line) {
    const base::Result<TokenList> list = statement::tokenize(line);
    if (!list) {
        return list.failure();
    }
    Grant grant;
    grant.revoked = list->is_word(0, "REVOKE");
    if ((!grant.revoked && !list->is_word(0, "GRANT")) || list->tokens.size() < 2) {
        return base::Failure{"no grant: " + std::string(line)};
    }
    if (list->tokens[1].kind != TokenKind::word) {
        grant.role = true;
        return grant;
    }
    std::size_t at = 1;
    grant.privileges = read_privileges(*list, at);
    ++at;
    const bool on_routine = list->is_word(at, "PROCEDURE") || list->is_word(at, "FUNCTION") ||
                            list->is_word(at, "LIBRARY") || list->is_word(1, "PROXY");
    if (on_routine) {
        grant.privileges.clear();
        return grant;
    }
    at += list->is_word(at, "TABLE") ? 1U : 0U;
    if (at + 2 >= list->tokens.size() || !list->is_symbol(at + 1, '.')) {
        return base::Failure{"no grant on an object: " + std::string(line)};
    }
    grant.schema = list->is_symbol(at, '*') ? "*" : object_name(*list, at);
    grant.table = list->is_symbol(at + 2, '*') ? "*" : object_name(*list, at + 2);
    return grant;
}

Privileges::Privileges(std::string account, std::vector<Grant> grants, bool wildcards)
    : account_(std::move(account)), grants_(std::move(grants)), wildcards_(wildcards) {}

bool Privileges::has_global(std::string_view privilege) const {
    return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
        return !grant.revoked && grant.schema == "*" && gives(grant, privilege);
    });
}

bool Privileges::revoked_on(std::string_view privilege, std::string_view schema) const {
    return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
        return grant.revoked && grant.schema == schema && gives(grant, privilege);
    });
}

bool Privileges::has_on_schema(std::string_view privilege, std::string_view schema) const {
    if (has_global(privilege) && !revoked_on(privilege, schema)) {
        return true;
    }
    return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
        return !grant.revoked && grant.schema != "*" && grant.table == "*" &&
               matches(grant.schema, schema, wildcards_) && gives(grant, privilege);
    });
}

bool Privileges::has_on_table(std::string_view privilege, const mysql::TableName& table) const {
    if (has_on_schema(privilege, table.schema)) {
        return true;
    }
    return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
        return !grant.revoked && grant.schema == table.schema && grant.table == table.table &&
               gives(grant, privilege);
    });
}

bool Privileges::has_roles() const {
    return std::any_of(grants_.begin(), grants_.end(), [](const Grant& grant) {
        return grant.role;
    });
}

std::string Privileges::quoted_schema(std::string_view schema) const {
    std::string pattern;
    for (const char c : schema) {
        if (wildcards_ && (c == '_' || c == '%')) {
            pattern += '\\';
        }
        pattern += c;
    }
    return mysql::quote_identifier(pattern);
}

std::string Privileges::quoted_account() const {
    const std::size_t at = account_.rfind('@');
    if (at == std::string::npos) {
        return quote_account_part(account_);
    }
    const std::string_view account = account_;
    return quote_account_part(account.substr(0, at)) + "@" +
           quote_account_part(account.substr(at + 1));
}

}  // namespace doppel::plan
