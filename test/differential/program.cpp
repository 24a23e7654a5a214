// SPDX-License-Identifier: Apache-2.0
#include "differential/program.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

constexpr unsigned kRowsMin = 15;
constexpr unsigned kRowsSpread = 70;

Column key_column(const std::string& name, const Type& type) {
    Column column;
    column.name = name;
    column.type = type;
    column.nullable = false;
    column.key = true;
    column.sql = column_sql(column, " NOT NULL");
    return column;
}

Type named(Kind kind, std::string name, unsigned length = 0, unsigned scale = 0) {
    Type type;
    type.kind = kind;
    type.name = std::move(name);
    type.length = length;
    type.scale = scale;
    return type;
}

Type key_text(Random& random) {
    Type type = random_text_type(random);
    type.name = random.chance(70) ? "varchar" : "char";
    type.length = 20;
    type.tame = false;
    return type;
}

Type exotic_key(Random& random) {
    switch (random.below(6)) {
        case 0:
            return named(Kind::decimal, "decimal", 20, 4);
        case 1:
            return named(Kind::datetime, "datetime", 0, 6);
        case 2:
            return named(Kind::time, "time", 0, 3);
        case 3:
            return named(Kind::date, "date");
        case 4:
            return named(Kind::binary, "binary", 8);
        default:
            return named(Kind::binary, "varbinary", 12);
    }
}

void add_key(Program& program, Random& random) {
    auto& columns = program.columns;
    const Type whole = named(Kind::integer, random.chance(60) ? "int" : "bigint");
    switch (random.below(7)) {
        case 0:
        case 1:
            columns.push_back(key_column("k0", whole));
            columns.back().sql += " AUTO_INCREMENT";
            program.indexes.emplace_back("PRIMARY KEY (k0)");
            break;
        case 2: {
            Type wide = named(Kind::integer, "bigint");
            wide.is_unsigned = true;
            columns.push_back(key_column("k0", wide));
            program.indexes.emplace_back("PRIMARY KEY (k0)");
            break;
        }
        case 3:
            columns.push_back(key_column("k0", whole));
            columns.push_back(key_column("k1", key_text(random)));
            program.indexes.emplace_back(
                random.chance(50) ? "PRIMARY KEY (k0, k1)" : "PRIMARY KEY (k1, k0)"
            );
            break;
        case 4:
            columns.push_back(key_column("k0", key_text(random)));
            program.indexes.emplace_back("PRIMARY KEY (k0)");
            break;
        case 5:
            columns.push_back(key_column("k0", whole));
            program.indexes.emplace_back(
                random.chance(70) ? "UNIQUE KEY uk (k0)" : "UNIQUE KEY uk (k0 DESC)"
            );
            break;
        default:
            columns.push_back(key_column("k0", exotic_key(random)));
            program.indexes.emplace_back("PRIMARY KEY (k0)");
    }
}

// Expressions that are the same whenever they are computed and fail for no value.
std::string expression_over(const Column& of, Random& random, Type& result) {
    result = named(Kind::text, "varchar", 250);
    if (of.type.kind == Kind::json) {
        return fmt::format("json_unquote(json_extract({}, '$.a'))", of.name);
    }
    if (of.type.kind == Kind::integer && random.chance(50)) {
        result = named(Kind::integer, "bigint");
        return fmt::format("({} div 3)", of.name);
    }
    if (of.type.kind == Kind::text && random.chance(60)) {
        if (random.chance(50)) {
            result = named(Kind::integer, "int");
            return fmt::format("char_length({})", of.name);
        }
        return fmt::format("left({}, 3)", of.name);
    }
    result = named(Kind::integer, "int");
    return fmt::format("isnull({})", of.name);
}

void add_generated(Program& program, const std::string& name, Random& random) {
    const Column of = random.pick(program.columns);
    if (of.generated || of.sql.ends_with("AUTO_INCREMENT")) {
        return;
    }
    Column column;
    column.name = name;
    column.generated = true;
    const std::string expression = expression_over(of, random, column.type);
    column.sql = fmt::format(
        "{} {} AS ({}) {}",
        name,
        column.type.sql(),
        expression,
        random.chance(50) ? "STORED" : "VIRTUAL"
    );
    program.columns.push_back(column);
}

void add_column(Program& program, const std::string& name, Random& random) {
    Column column;
    column.name = name;
    column.type = random_type(random);
    column.nullable = random.chance(65);
    std::string attributes = column.nullable ? "" : " NOT NULL";
    if (column.type.name == "timestamp" && column.nullable) {
        attributes = " NULL";
    }
    if (random.chance(40)) {
        attributes += " DEFAULT " + random_default(column.type, random);
    }
    if (random.chance(10)) {
        attributes += " INVISIBLE";
    }
    if (random.chance(10)) {
        attributes += " COMMENT 'it''s AUTO_INCREMENT=3'";
    }
    column.sql = column_sql(column, attributes);
    program.columns.push_back(column);
}

void choose_options(Program& program, Random& random) {
    static const std::vector<std::string> charsets{
        "", "", "", " DEFAULT CHARSET=latin1", " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"};
    static const std::vector<std::string> formats{
        "", "", "", " ROW_FORMAT=COMPRESSED", " ROW_FORMAT=COMPACT", " ROW_FORMAT=DYNAMIC"};
    program.options = random.pick(charsets) + random.pick(formats);
    if (random.chance(10)) {
        program.options += " COMMENT='a table'";
    }
    if (random.chance(15) && program.columns.front().type.kind == Kind::integer) {
        program.options +=
            fmt::format(" PARTITION BY HASH (k0) PARTITIONS {}", 2 + random.below(3));
    }
}

std::string part(const Column& column, Random& random) {
    std::string text = column.name;
    if (column.type.large() ||
        (column.type.length > 5 && random.chance(30) &&
         (column.type.kind == Kind::text || column.type.kind == Kind::binary))) {
        text += "(5)";
    }
    return text + (random.chance(20) ? " DESC" : "");
}

bool indexable(const Column& column) {
    return column.type.kind != Kind::json && column.type.kind != Kind::point &&
           column.type.kind != Kind::vector;
}

}  // namespace

std::string column_sql(const Column& column, const std::string& attributes) {
    return column.name + " " + column.type.sql() + attributes;
}

std::string random_index(const Program& program, const std::string& name, Random& random) {
    const Column& first = random.pick(program.columns);
    const Column& second = random.pick(program.columns);
    const bool text = first.type.kind == Kind::text && !first.generated;
    if (text && random.chance(15)) {
        return fmt::format("FULLTEXT KEY {} ({})", name, first.name);
    }
    if (random.chance(10)) {
        return fmt::format("KEY {} ((isnull({})))", name, first.name);
    }
    if (!indexable(first)) {
        return fmt::format("KEY {} ({})", name, program.columns.front().name);
    }
    std::string parts = part(first, random);
    if (random.chance(40) && indexable(second) && second.name != first.name) {
        parts += ", " + part(second, random);
    }
    const char* invisible = random.chance(10) ? " INVISIBLE" : "";
    return fmt::format(
        "{}KEY {} ({}){}", random.chance(20) ? "UNIQUE " : "", name, parts, invisible
    );
}

std::vector<std::string> random_row(const Program& program, Random& random) {
    std::vector<std::string> row;
    for (const Column& column : program.columns) {
        if (column.generated) {
            row.emplace_back();
        } else if (column.nullable && random.chance(20)) {
            row.emplace_back("NULL");
        } else if (column.name == "k0" && column.type.kind == Kind::integer && random.chance(80)) {
            row.push_back(std::to_string(1 + random.below(200)));
        } else {
            row.push_back(random_literal(column.type, program.rules, random));
        }
    }
    return row;
}

Program random_program(std::uint64_t seed) {
    Random random(seed * 0x9E3779B97F4A7C15U + 1);
    Program program;
    program.seed = seed;
    program.rules.zero_dates = random.chance(50);
    program.writes = random.chance(85);
    add_key(program, random);
    const unsigned plain = 2 + random.below(6);
    for (unsigned i = 0; i < plain; ++i) {
        add_column(program, fmt::format("c{}", i), random);
    }
    for (unsigned i = 0; i < random.below(3); ++i) {
        add_generated(program, fmt::format("g{}", i), random);
    }
    for (unsigned i = 0; i < random.below(4); ++i) {
        program.indexes.push_back(random_index(program, fmt::format("i{}", i), random));
    }
    if (random.chance(10)) {
        program.indexes.emplace_back("CONSTRAINT ck_t CHECK (c0 IS NULL OR c0 IS NOT NULL)");
    }
    choose_options(program, random);
    const unsigned rows = random.chance(5) ? 0 : kRowsMin + random.below(kRowsSpread);
    for (unsigned i = 0; i < rows; ++i) {
        program.rows.push_back(random_row(program, random));
    }
    program.clauses = random_clauses(program, random);
    return program;
}

std::string Program::create_sql(const std::string& table) const {
    std::vector<std::string> elements;
    for (const Column& column : columns) {
        elements.push_back(column.sql);
    }
    for (std::string element : indexes) {
        // Names of CHECK constraints are unique in a schema.
        if (element.starts_with("CONSTRAINT ck_t")) {
            element.replace(0, 15, "CONSTRAINT ck_" + table);
        }
        elements.push_back(element);
    }
    return fmt::format(
        "CREATE TABLE {} (\n  {}\n){}", table, fmt::join(elements, ",\n  "), options
    );
}

std::string Program::insert_sql(const std::string& table, const std::vector<std::string>& row)
    const {
    std::vector<std::string> names;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!columns[i].generated) {
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
    return rules.zero_dates ? "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION"
                            : "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
                              "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";
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
