// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/type.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace doppel::differential {

struct Column {
    std::string name;
    Type type;
    std::string sql;  ///< the whole definition, name included
    bool nullable = true;
    bool generated = false;
    bool key = false;  ///< part of the key by which the writer finds rows
};

/// One case: a table, its rows, a change and a writer. Everything that happens follows from it, and
/// parts can be left out to make a failing one smaller.
struct Program {
    std::uint64_t seed = 0;
    ValueRules rules;
    std::vector<Column> columns;
    std::vector<std::string> indexes;
    std::string options;  ///< behind the closing parenthesis
    /// Literals, one per column; empty where the column is generated.
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> clauses;
    bool writes = true;

    [[nodiscard]] std::string create_sql(const std::string& table) const;
    [[nodiscard]] std::string insert_sql(
        const std::string& table, const std::vector<std::string>& row
    ) const;
    [[nodiscard]] std::string alter_sql(const std::string& table) const;
    [[nodiscard]] std::string sql_mode() const;
    /// All of it, to paste into a client.
    [[nodiscard]] std::string script() const;
};

[[nodiscard]] Program random_program(std::uint64_t seed);
[[nodiscard]] std::vector<std::string> random_row(const Program& program, Random& random);
/// `column`'s name, type and attributes anew after a change of its type.
[[nodiscard]] std::string column_sql(const Column& column, const std::string& attributes);
[[nodiscard]] std::vector<std::string> random_clauses(const Program& program, Random& random);
/// An index over one or two of the columns; `added` by an ALTER.
[[nodiscard]] std::string random_index(
    const Program& program, const std::string& name, Random& random
);
/// The next transaction of the writer: statements with "{}" for the table.
[[nodiscard]] std::vector<std::string> random_transaction(
    const Program& program, std::vector<std::vector<std::string>>& known_rows, Random& random
);

}  // namespace doppel::differential
