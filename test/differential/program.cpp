// SPDX-License-Identifier: Apache-2.0
#include "differential/program.hpp"

#include <fmt/format.h>

namespace doppel::differential {
namespace {

constexpr unsigned kRowsMin = 10;
constexpr unsigned kRowsSpread = 60;

std::string key_integer(const Column& column, Random& random) {
    if (column.auto_increment && random.chance(3)) {
        return "0";
    }
    return std::to_string(1 + random.below(column.type.name == "tinyint" ? 120 : 200));
}

std::string random_value(const Program& program, const Column& column, Random& random) {
    // The server takes the nearest integer for a FLOAT out of range, without an error.
    const bool clamped = column.type.kind == Kind::approximate && column.becomes &&
                         column.becomes->kind == Kind::integer;
    const bool misfit = random.chance(program.misfit_percent) && !clamped;
    const bool null_fits = misfit || !column.becomes_not_null;
    if (column.nullable && null_fits && random.chance(20)) {
        return "NULL";
    }
    // At the end of its type a counter depends on how often the table was opened.
    if (column.key && column.type.kind == Kind::integer &&
        (column.auto_increment || random.chance(85))) {
        return key_integer(column, random);
    }
    if (column.becomes && !misfit) {
        return fitting_literal(column.type, *column.becomes, program.rules, random);
    }
    return random_literal(column.type, program.rules, random);
}

std::string charset_feature(const Type& type) {
    return "charset " + type.charset;
}

void note_columns(Program& program) {
    for (const Column& column : program.columns) {
        const Type& type = column.type;
        if (column.generated()) {
            program.features.insert(column.stored ? "column stored" : "column virtual");
            continue;
        }
        program.features.insert("type " + type.name);
        if (type.is_unsigned) {
            program.features.insert("type unsigned");
        }
        if (type.scale > 0 && type.kind != Kind::decimal) {
            program.features.insert("type with fraction");
        }
        if (!type.charset.empty() && type.kind == Kind::text) {
            program.features.insert(charset_feature(type));
        }
    }
    if (program.rules.zero_dates) {
        program.features.insert("data zero dates");
    }
    if (program.rules.ansi) {
        program.features.insert("data under ANSI_QUOTES");
    }
    if (program.rows.empty()) {
        program.features.insert("data empty table");
    }
}

}  // namespace

std::string Column::sql() const {
    if (generated()) {
        return fmt::format(
            "{} {} AS ({}) {}{}",
            name,
            type.sql(),
            expression,
            stored ? "STORED" : "VIRTUAL",
            attributes
        );
    }
    return name + " " + type.sql() + attributes;
}

std::vector<std::string> random_row(const Program& program, Random& random) {
    std::vector<std::string> row;
    for (const Column& column : program.columns) {
        row.push_back(column.generated() ? "" : random_value(program, column, random));
    }
    return row;
}

ValueRules rules_of(std::uint64_t seed) {
    Random random(seed * 0x9E3779B97F4A7C15U + 1);
    const unsigned choice = random.below(20);
    return {choice < 9, choice >= 18};
}

std::string sql_mode_of(const ValueRules& rules) {
    if (rules.ansi) {
        return "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_TRANS_TABLES,"
               "NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO";
    }
    return rules.zero_dates ? "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION"
                            : "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
                              "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";
}

Program random_program(std::uint64_t seed, unsigned attempt) {
    Random random(seed * 0x9E3779B97F4A7C15U + 2 + attempt * 0xD1B54A32D192ED03U);
    Program program;
    program.seed = seed;
    program.rules = rules_of(seed);
    program.writes = random.chance(85);
    const unsigned fate = random.below(16);
    program.misfit_percent = fate == 0 ? 100 : 0;
    program.late_misfit_percent = fate == 0 ? 100 : fate < 3 ? 2 : 0;
    add_table(program, random);
    add_change(program, random);
    const unsigned rows = random.chance(5) ? 0 : kRowsMin + random.below(kRowsSpread);
    for (unsigned i = 0; i < rows; ++i) {
        program.rows.push_back(random_row(program, random));
    }
    note_columns(program);
    return program;
}

std::string Program::create_sql(const std::string& table) const {
    std::vector<std::string> lines;
    for (const Column& column : columns) {
        lines.push_back(column.sql());
    }
    for (const Element& element : elements) {
        lines.push_back(element.sql);
    }
    return fmt::format(
        "CREATE TABLE {} (\n  {}\n){}{}", table, fmt::join(lines, ",\n  "), options, partitioning
    );
}

std::string Program::insert_sql(const std::string& table, const std::vector<std::string>& row)
    const {
    std::vector<std::string> names;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i].generated()) {
            names.push_back(columns[i].name);
            values.push_back(row[i]);
        }
    }
    return fmt::format(
        "INSERT INTO {} ({}) VALUES ({})", table, fmt::join(names, ", "), fmt::join(values, ", ")
    );
}

std::string Program::alter_sql(const std::string& table) const {
    return fmt::format("ALTER TABLE {} {}", table, fmt::join(clauses, ", "));
}

std::string Program::sql_mode() const {
    return sql_mode_of(rules);
}

std::string Program::script() const {
    std::string text = fmt::format(
        "-- seed {}{}\nSET GLOBAL sql_mode = '{}'; -- and connect anew\n{};\n",
        seed,
        writes ? ", fails only with the writer" : "",
        sql_mode(),
        create_sql("t")
    );
    for (const auto& row : rows) {
        text += insert_sql("t", row) + ";\n";
    }
    return text + alter_sql("t") + ";\n";
}

}  // namespace doppel::differential
