// SPDX-License-Identifier: Apache-2.0
#include "statement/alter_statement.hpp"
#include "statement/lexer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace doppel::statement;

void require(bool condition, const char* what) {
    if (!condition) {
        std::cerr << what << '\n';
        std::abort();
    }
}

void check_tokens(std::string_view text) {
    const auto list = tokenize(text);
    if (!list) {
        require(list.failure().offset <= text.size(), "a failure lies outside of the text");
        return;
    }
    std::size_t end = 0;
    for (const Token& token : list->tokens) {
        require(token.begin >= end && token.begin < token.end, "tokens overlap or are empty");
        require(token.end <= text.size(), "a token lies outside of the text");
        require(token.comment <= list->comments.size(), "a token names no comment");
        end = token.end;
    }
}

std::vector<Clause> clauses_of_text(const AlterStatement& statement) {
    std::vector<Clause> clauses;
    for (const Clause& clause : statement.clauses) {
        if (clause.kind != ClauseKind::algorithm && clause.kind != ClauseKind::lock) {
            clauses.push_back(clause);
        }
    }
    return clauses;
}

/// What is run on the shadow table must be what was planned from the clauses.
void check_statement(std::string_view text) {
    const auto statement = parse_alter(text);
    if (!statement) {
        require(!statement.failure().message.empty(), "a failure without a message");
        return;
    }
    require(!statement->table.empty() && !statement->clauses.empty(), "an empty statement");
    const std::vector<Clause> clauses = clauses_of_text(*statement);
    require(clauses.empty() == statement->clauses_text.empty(), "text without clauses or reverse");
    if (clauses.empty()) {
        return;
    }
    const auto again = parse_alter("ALTER TABLE t " + statement->clauses_text);
    require(again.ok(), "clauses_text does not parse");
    require(again->clauses == clauses, "clauses_text has other clauses");
    require(again->clauses_text == statement->clauses_text, "clauses_text is not stable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_tokens(text);
    check_statement(text);
    check_statement("ALTER TABLE t " + std::string(text));
    return 0;
}
