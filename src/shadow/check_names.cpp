// SPDX-License-Identifier: Apache-2.0
#include "shadow/check_names.hpp"

#include "base/text.hpp"
#include "schema/table_definition.hpp"
#include "shadow/names.hpp"
#include "statement/lexer.hpp"

#include <algorithm>
#include <optional>

namespace doppel::shadow {
namespace {

constexpr std::string_view kConstraint = "CONSTRAINT ";
constexpr unsigned kUnderscoresMax = 8;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// "`a``b` CHECK .." gives {a`b, "CHECK .."}.
std::optional<WrittenCheck> read_check(std::string_view line) {
    if (line.empty() || (line.front() != '`' && line.front() != '"')) {
        return std::nullopt;
    }
    const char quote = line.front();
    WrittenCheck check;
    std::size_t at = 1;
    for (; at < line.size(); ++at) {
        if (line[at] == quote) {
            if (at + 1 == line.size() || line[at + 1] != quote) {
                break;
            }
            ++at;
        }
        check.name += line[at];
    }
    const std::string_view rest = base::trim(line.substr(std::min(at + 1, line.size())));
    if (rest.substr(0, 6) != "CHECK ") {
        return std::nullopt;
    }
    check.definition = rest;
    return check;
}

// The "_chk_3" of a name that the server derived from the table's name.
std::optional<std::string_view> generated_suffix(std::string_view name, std::string_view table) {
    constexpr std::string_view kMark = "_chk_";
    if (name.size() <= table.size() + kMark.size() || name.substr(0, table.size()) != table ||
        name.substr(table.size(), kMark.size()) != kMark) {
        return std::nullopt;
    }
    const std::string_view digits = name.substr(table.size() + kMark.size());
    const bool generated = std::all_of(digits.begin(), digits.end(), is_digit);
    return generated ? std::optional(name.substr(table.size())) : std::nullopt;
}

std::string free_name(std::string_view name, const std::vector<std::string>& taken) {
    std::string candidate = name.size() > 1 && name.front() == '_' ? std::string(name.substr(1))
                                                                   : "_" + std::string(name);
    candidate = fit_identifier(candidate);
    const auto is_taken = [&](const std::string& other) {
        return schema::same_identifier(other, candidate);
    };
    for (unsigned i = 0; i < kUnderscoresMax; ++i) {
        if (std::none_of(taken.begin(), taken.end(), is_taken)) {
            break;
        }
        candidate = fit_identifier("_" + candidate);
    }
    return candidate;
}

const CheckRename* find_rename(const std::vector<CheckRename>& renames, std::string_view name) {
    const auto found = std::find_if(renames.begin(), renames.end(), [&](const CheckRename& rename) {
        return schema::same_identifier(rename.source, name);
    });
    return found == renames.end() ? nullptr : &*found;
}

bool names_check(const statement::TokenList& list, std::size_t name) {
    if (list.is_word(name - 1, "CHECK")) {
        return true;
    }
    // CONSTRAINT may also name a key, whose names are a matter of their own.
    const bool names_key = list.is_word(name + 1, "UNIQUE") || list.is_word(name + 1, "PRIMARY") ||
                           list.is_word(name + 1, "FOREIGN");
    return list.is_word(name - 1, "CONSTRAINT") && !names_key;
}

}  // namespace

std::vector<WrittenCheck> written_checks(std::string_view create_text) {
    std::vector<WrittenCheck> checks;
    while (!create_text.empty()) {
        const std::size_t end = create_text.find('\n');
        std::string_view line = base::trim(create_text.substr(0, end));
        create_text =
            end == std::string_view::npos ? std::string_view() : create_text.substr(end + 1);
        if (line.substr(0, kConstraint.size()) != kConstraint) {
            continue;
        }
        line.remove_prefix(kConstraint.size());
        if (!line.empty() && line.back() == ',') {
            line.remove_suffix(1);
        }
        if (std::optional<WrittenCheck> check = read_check(line)) {
            checks.push_back(*std::move(check));
        }
    }
    return checks;
}

std::vector<CheckRename> rename_checks(
    const std::vector<WrittenCheck>& checks,
    const mysql::TableName& source,
    const mysql::TableName& shadow,
    const std::vector<std::string>& taken
) {
    std::vector<CheckRename> renames;
    std::vector<std::string> used = taken;
    for (const WrittenCheck& check : checks) {
        if (const auto suffix = generated_suffix(check.name, source.table)) {
            renames.push_back({check.name, shadow.table + std::string(*suffix), true});
        } else {
            renames.push_back({check.name, free_name(check.name, used), false});
            used.push_back(renames.back().shadow);
        }
    }
    return renames;
}

base::Result<std::string> rename_in_clauses(
    std::string_view clauses, const std::vector<CheckRename>& renames
) {
    const auto list = statement::tokenize(clauses);
    if (!list) {
        return list.failure();
    }
    std::string text;
    std::size_t copied = 0;
    for (std::size_t i = 1; i < list->tokens.size(); ++i) {
        const statement::Token& token = list->tokens[i];
        const bool is_name = token.kind == statement::TokenKind::word ||
                             token.kind == statement::TokenKind::quoted_identifier;
        if (!is_name || !names_check(*list, i)) {
            continue;
        }
        const CheckRename* rename = find_rename(renames, list->name_of(token));
        if (rename != nullptr) {
            text += clauses.substr(copied, token.begin - copied);
            text += mysql::quote_identifier(rename->shadow);
            copied = token.end;
        }
    }
    text += clauses.substr(copied);
    return text;
}

}  // namespace doppel::shadow
