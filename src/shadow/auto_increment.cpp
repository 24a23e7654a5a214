// SPDX-License-Identifier: Apache-2.0
#include "shadow/auto_increment.hpp"

#include "schema/reader.hpp"
#include "statement/lexer.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include <fmt/format.h>

namespace doppel::shadow {
namespace {

using mysql::TableName;
using statement::AlterStatement;
using statement::ClauseKind;

/// The number of the last AUTO_INCREMENT = n, which is the one that counts.
std::optional<std::uint64_t> stated_counter(const AlterStatement& statement) {
    std::optional<std::uint64_t> counter;
    for (const statement::Clause& clause : statement.clauses) {
        if (clause.kind != ClauseKind::table_option || clause.option != "AUTO_INCREMENT") {
            continue;
        }
        const auto list = statement::tokenize(clause.text);
        if (!list || list->tokens.empty()) {
            continue;
        }
        const statement::Token& last = list->tokens.back();
        const std::string_view digits =
            std::string_view(clause.text).substr(last.begin, last.end - last.begin);
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error == std::errc() && end == digits.data() + digits.size()) {
            counter = std::max<std::uint64_t>(value, 1);  // the server takes 0 for 1
        }
    }
    return counter;
}

bool drops(const AlterStatement& statement, const std::string& column) {
    return std::any_of(
        statement.clauses.begin(),
        statement.clauses.end(),
        [&](const statement::Clause& clause) {
            return clause.kind == ClauseKind::drop_column &&
                   schema::same_identifier(clause.column, column);
        }
    );
}

/// Whether the column is there before the statement, maybe by another name.
bool is_new(
    const schema::TableDefinition& source,
    const std::string& column,
    const AlterStatement& statement
) {
    const auto renames = statement.column_renames();
    const auto renamed = std::find_if(renames.begin(), renames.end(), [&](const auto& rename) {
        return schema::same_identifier(rename.to, column);
    });
    const std::string before = renamed == renames.end() ? column : renamed->from;
    return source.column(before) == nullptr || drops(statement, before);
}

/// What the rows alone make of the counter. Partitioned tables count past the end of the type,
/// which asking for a lower value would undo, unlike a native ALTER.
std::uint64_t behind_last(
    sql::Session& session, const TableName& table, const std::string& column
) {
    const std::string name = mysql::quote_identifier(column);
    const auto last = session.query(fmt::format(
        "SELECT CAST(MAX({0}) AS UNSIGNED) FROM {1} WHERE {0} > 0", name, table.quoted()
    ));
    std::uint64_t value = 0;
    const std::string digits = last.scalar().value_or("0");
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value == std::numeric_limits<std::uint64_t>::max() ? value : value + 1;
}

}  // namespace

CounterRule counter_rule(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const AlterStatement& statement
) {
    using Origin = CounterRule::Origin;
    const schema::Column* before = source.auto_increment_column();
    const schema::Column* after = shadow.auto_increment_column();
    if (after == nullptr || is_new(source, after->name, statement)) {
        return {};
    }
    if (const auto stated = stated_counter(statement)) {
        return {Origin::statement, *stated, after->name};
    }
    const bool kept = before != nullptr && !drops(statement, before->name);
    return {kept ? Origin::source : Origin::rows, 1, after->name};
}

std::optional<std::string> describe_numbering(
    const schema::TableDefinition& source,
    const schema::TableDefinition& shadow,
    const AlterStatement& statement
) {
    const schema::Column* column = shadow.auto_increment_column();
    if (column == nullptr) {
        return std::nullopt;
    }
    if (is_new(source, column->name, statement)) {
        return fmt::format(
            "the new column `{}` numbers the rows as they are copied, with gaps, and a row that "
            "changes meanwhile gets another number; a native ALTER numbers them without gaps",
            column->name
        );
    }
    if (source.auto_increment_column() == nullptr) {
        return fmt::format(
            "a 0 in column `{}` stays 0; a native ALTER that gives a column AUTO_INCREMENT numbers "
            "it anew unless sql_mode has NO_AUTO_VALUE_ON_ZERO",
            column->name
        );
    }
    return std::nullopt;
}

bool settle_auto_increment(
    sql::Session& session, const TableName& source, const TableName& shadow, const CounterRule& rule
) {
    std::uint64_t wanted = rule.value;
    switch (rule.origin) {
        case CounterRule::Origin::none:
            return false;
        case CounterRule::Origin::source:
            wanted = schema::read_auto_increment(session, source).value_or(1);
            break;
        case CounterRule::Origin::statement:
        case CounterRule::Origin::rows:
            break;
    }
    const std::uint64_t now = schema::read_auto_increment(session, shadow).value_or(1);
    if (wanted == now || (wanted < now && now == behind_last(session, shadow, rule.column))) {
        return false;
    }
    // The server raises it to one more than the largest value in the table.
    session.execute(fmt::format("ALTER TABLE {} AUTO_INCREMENT = {}", shadow.quoted(), wanted));
    return true;
}

}  // namespace doppel::shadow
