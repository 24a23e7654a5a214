// SPDX-License-Identifier: Apache-2.0
//
// The random transactions of a program's writer.
#include "differential/program.hpp"

#include <fmt/format.h>

namespace doppel::differential {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string condition(const Program& program, const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t i = 0; i < program.columns.size(); ++i) {
        if (program.columns[i].key) {
            text += fmt::format(
                "{}{} = {}", text.empty() ? "" : " AND ", program.columns[i].name, row[i]
            );
        }
    }
    return text;
}

std::string update(
    const Program& program, std::vector<std::string>& row, bool of_key, Random& random
) {
    const std::string where = condition(program, row);
    const std::vector<std::string> next = random_row(program, random);
    std::string sets;
    for (std::size_t i = 0; i < program.columns.size(); ++i) {
        const Column& column = program.columns[i];
        if (column.type.kind == Kind::json && !of_key && random.chance(40)) {
            sets += fmt::format(
                "{0}{1} = JSON_SET({1}, '$.a', {2})",
                sets.empty() ? "" : ", ",
                column.name,
                random.below(100)
            );
        } else if (!column.generated() && column.key == of_key && (of_key || random.chance(50))) {
            sets += fmt::format("{}{} = {}", sets.empty() ? "" : ", ", column.name, next[i]);
            row[i] = next[i];
        }
    }
    return sets.empty() ? "DO 0" : fmt::format("UPDATE {{}} SET {} WHERE {}", sets, where);
}

/// Many rows by one statement, as long as they are the same rows in both tables.
std::string update_many(const Program& program, Random& random) {
    const Column& column = random.pick(program.columns);
    if (column.generated() || column.key) {
        return "DELETE FROM {} WHERE k0 IS NULL";
    }
    return fmt::format(
        "UPDATE {{}} SET {} = {} WHERE {} IS NOT NULL",
        column.name,
        random_row(program, random)[static_cast<std::size_t>(&column - program.columns.data())],
        column.name
    );
}

std::string changed_row(Program& program, Rows& known_rows, Random& random) {
    auto& row = known_rows[random.index(known_rows.size())];
    const unsigned choice = random.below(100);
    if (choice < 13) {
        program.features.insert("write DELETE");
        return "DELETE FROM {} WHERE " + condition(program, row);
    }
    if (choice < 24) {
        program.features.insert("write REPLACE");
        std::string replace = program.insert_sql("{}", random_row(program, random));
        return replace.replace(0, 6, "REPLACE");
    }
    if (choice < 27) {
        program.features.insert("write UPDATE of many rows");
        return update_many(program, random);
    }
    const bool of_key = choice < 45;
    program.features.insert(of_key ? "write UPDATE of the key" : "write UPDATE");
    return update(program, row, of_key, random);
}

std::string new_row(Program& program, Rows& known_rows, Random& random) {
    program.features.insert("write INSERT");
    auto row = random_row(program, random);
    for (std::size_t i = 0; i < program.columns.size(); ++i) {
        if (program.columns[i].auto_increment && random.chance(30)) {
            row[i] = "DEFAULT";  // its number stays unknown here, so nothing finds it again
            return program.insert_sql("{}", row);
        }
    }
    known_rows.push_back(row);
    const std::string insert = program.insert_sql("{}", row);
    const Column& column = random.pick(program.columns);
    if (column.generated() || column.key || random.chance(80)) {
        return insert;
    }
    program.features.insert("write ON DUPLICATE KEY UPDATE");
    return fmt::format(
        "{} ON DUPLICATE KEY UPDATE {} = VALUES({})", insert, column.name, column.name
    );
}

}  // namespace

std::vector<std::string> random_transaction(Program& program, Rows& known_rows, Random& random) {
    std::vector<std::string> statements;
    const unsigned count = 1 + random.below(4);
    for (unsigned i = 0; i < count; ++i) {
        statements.push_back(
            known_rows.empty() || random.chance(25) ? new_row(program, known_rows, random)
                                                    : changed_row(program, known_rows, random)
        );
    }
    return statements;
}

void roll_back_part(std::vector<std::string>& statements, Random& random) {
    const auto at =
        statements.begin() + static_cast<std::ptrdiff_t>(random.index(statements.size()));
    statements.insert(at, "SAVEPOINT s");
    statements.emplace_back("ROLLBACK TO SAVEPOINT s");
}

}  // namespace doppel::differential
