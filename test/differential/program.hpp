// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/type.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace doppel::differential {

struct Column {
    std::string name;
    Type type;
    std::string attributes;  ///< behind the type: NOT NULL, DEFAULT ..
    std::string expression;  ///< of a generated column
    bool stored = false;     ///< of a generated column
    bool nullable = true;
    bool key = false;  ///< part of the key by which the writer finds rows
    bool auto_increment = false;
    std::optional<Type> becomes;    ///< what the change makes of it
    bool becomes_not_null = false;  ///< by the change

    [[nodiscard]] bool generated() const { return !expression.empty(); }
    [[nodiscard]] std::string sql() const;
};

/// An index or a constraint.
struct Element {
    std::string name;
    std::string sql;
};

/// One case: a table, its rows, a change and a writer. Everything that happens follows from it, and
/// parts can be left out to make a failing one smaller.
struct Program {
    std::uint64_t seed = 0;
    ValueRules rules;
    std::vector<Column> columns;
    std::vector<Element> elements;
    std::string options;       ///< behind the closing parenthesis
    std::string partitioning;  ///< behind the options
    /// Literals, one per column; empty where the column is generated.
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> clauses;
    bool writes = true;
    /// Values that are made without regard to what the change makes of their columns.
    unsigned misfit_percent = 0;
    unsigned late_misfit_percent = 0;  ///< those of the writer
    /// What it exercises; see coverage.hpp.
    std::set<std::string> features;

    [[nodiscard]] std::string create_sql(const std::string& table) const;
    [[nodiscard]] std::string insert_sql(
        const std::string& table, const std::vector<std::string>& row
    ) const;
    [[nodiscard]] std::string alter_sql(const std::string& table) const;
    [[nodiscard]] std::string sql_mode() const;
    /// All of it, to paste into a client.
    [[nodiscard]] std::string script() const;
};

/// Programs that share a server at one time must share these: doppel reads the global sql_mode.
[[nodiscard]] ValueRules rules_of(std::uint64_t seed);
[[nodiscard]] std::string sql_mode_of(const ValueRules& rules);
/// The `attempt`-th program of a seed. Some are not valid SQL; another attempt may be.
[[nodiscard]] Program random_program(std::uint64_t seed, unsigned attempt);
[[nodiscard]] std::vector<std::string> random_row(const Program& program, Random& random);
/// An index over one or two of the columns. `feature` tells of which kind.
[[nodiscard]] Element random_index(
    const Program& program, const std::string& name, Random& random, std::string& feature
);
/// An expression over a column that is the same whenever it is computed and fails for no value, and
/// its type.
[[nodiscard]] std::string random_expression(const Column& of, Random& random, Type& result);
/// The key, columns, indexes, constraints and options of a table.
void add_table(Program& program, Random& random);
/// The clauses of the ALTER; marks the columns that it changes.
void add_change(Program& program, Random& random);
/// The next transaction of the writer: statements with "{}" for the table.
[[nodiscard]] std::vector<std::string> random_transaction(
    Program& program, std::vector<std::vector<std::string>>& known_rows, Random& random
);
/// Takes the effects of the last statements of a transaction back.
void roll_back_part(std::vector<std::string>& statements, Random& random);

}  // namespace doppel::differential
