// SPDX-License-Identifier: Apache-2.0
//
// The random table of a program.
#include "differential/program.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

void push_key_column(Program& program, const std::string& name, const Type& type) {
    Column column;
    column.name = name;
    column.type = type;
    column.nullable = false;
    column.key = true;
    column.attributes = " NOT NULL";
    program.columns.push_back(column);
}

void primary(Program& program, const std::string& columns) {
    program.elements.push_back({"PRIMARY", fmt::format("PRIMARY KEY ({})", columns)});
}

Type key_text(Random& random) {
    Type type = random_text_type(random);
    type.name = random.chance(70) ? "varchar" : "char";
    type.length = 20;
    return type;
}

Type exotic_key(Random& random) {
    switch (random.below(14)) {
        case 0:
            return simple_type(Kind::decimal, "decimal", 20, 4);
        case 1:
            return simple_type(Kind::datetime, "datetime", 0, 6);
        case 2:
            return simple_type(Kind::time, "time", 0, 3);
        case 3:
            return simple_type(Kind::date, "date");
        case 4:
            return simple_type(Kind::binary, "binary", 8);
        case 5:
            return simple_type(Kind::year, "year");
        case 6:
            return simple_type(Kind::datetime, "timestamp", 0, 3);
        case 7:
            return simple_type(Kind::bit, "bit", 40);
        case 8: {
            Type type = simple_type(Kind::enumeration, "enum");
            for (unsigned i = 0; i < 60; ++i) {
                type.elements.push_back(fmt::format("e{}", i));
            }
            type.charset = "utf8mb4";
            type.collation = "utf8mb4_0900_ai_ci";
            return type;
        }
        case 9:
        case 10: {
            Type type = simple_type(Kind::set, "set");
            for (unsigned i = 0; i < 40; ++i) {
                type.elements.push_back(fmt::format("s{}", i));
            }
            type.charset = "utf8mb4";
            type.collation = "utf8mb4_0900_ai_ci";
            return type;
        }
        default:
            return simple_type(Kind::binary, "varbinary", 12);
    }
}

void add_integer_key(Program& program, Random& random) {
    static const std::vector<std::string> names{
        "int", "int", "int", "bigint", "bigint", "mediumint", "smallint", "tinyint"};
    Type type = simple_type(Kind::integer, random.pick(names));
    type.is_unsigned = random.chance(25);
    push_key_column(program, "k0", type);
    if (random.chance(60)) {
        program.columns.back().auto_increment = true;
        program.columns.back().attributes += " AUTO_INCREMENT";
        program.features.insert("key AUTO_INCREMENT");
    }
    if (random.chance(5)) {
        program.columns.back().attributes += " INVISIBLE";
        program.features.insert("key invisible column");
    }
    primary(program, "k0");
    program.features.insert("key integer");
}

void add_composite_key(Program& program, Random& random) {
    static const std::vector<std::string> orders{
        "k0, k1", "k1, k0", "k0 DESC, k1 DESC", "k2, k0, k1", "k0, k1, k2"};
    push_key_column(program, "k0", simple_type(Kind::integer, "int"));
    push_key_column(program, "k1", random.chance(70) ? key_text(random) : exotic_key(random));
    const std::string& order = random.pick(orders);
    if (order.find("k2") != std::string::npos) {
        push_key_column(program, "k2", random_integer_type(random));
    }
    primary(program, order);
    program.features.insert("key composite");
}

void add_unique_key(Program& program, Random& random) {
    const bool text = random.chance(30);
    push_key_column(program, "k0", text ? key_text(random) : simple_type(Kind::integer, "int"));
    const bool descending = random.chance(30);
    program.elements.push_back({"uk", descending ? "UNIQUE KEY uk (k0 DESC)" : "UNIQUE KEY uk (k0)"}
    );
    program.features.insert(descending ? "key unique descending" : "key unique");
}

void add_key(Program& program, Random& random) {
    switch (random.below(8)) {
        case 0:
        case 1:
        case 2:
            add_integer_key(program, random);
            break;
        case 3:
            add_composite_key(program, random);
            break;
        case 4:
            push_key_column(program, "k0", key_text(random));
            primary(program, "k0");
            program.features.insert("key text");
            break;
        case 5:
            add_unique_key(program, random);
            break;
        default:
            push_key_column(program, "k0", exotic_key(random));
            primary(program, "k0");
            program.features.insert("key " + program.columns.back().type.name);
    }
}

void add_generated(Program& program, const std::string& name, Random& random) {
    const Column of = random.pick(program.columns);
    if (of.generated() || of.auto_increment) {
        return;
    }
    Column column;
    column.name = name;
    column.expression = random_expression(of, random, column.type);
    column.stored = random.chance(50);
    program.columns.push_back(column);
}

std::string column_default(const Type& type, Program& program, Random& random) {
    if (type.kind == Kind::datetime && random.chance(50)) {
        program.features.insert("column DEFAULT CURRENT_TIMESTAMP");
        const std::string now =
            type.scale > 0 ? fmt::format("CURRENT_TIMESTAMP({})", type.scale) : "CURRENT_TIMESTAMP";
        return random.chance(50) ? now : now + " ON UPDATE " + now;
    }
    std::string text = random_default(type, random);
    if (text.starts_with('(')) {
        program.features.insert("column expression default");
    }
    return text;
}

/// Now and then one that has to be quoted.
std::string name_of_column(unsigned number, Program& program, Random& random) {
    static const std::vector<std::string> forms{
        "`c{} x`", "`c{}``y`", "`c{}\xC3\xB6`", "`c{}'\"`", "`c{},`", "`c{}.z`", "`C{}\xC3\x96`"};
    if (random.chance(93)) {
        return fmt::format("c{}", number);
    }
    program.features.insert("column quoted name");
    return fmt::format(fmt::runtime(random.pick(forms)), number);
}

void add_column(Program& program, const std::string& name, Random& random) {
    Column column;
    column.name = name;
    column.type = random_type(random);
    column.nullable = random.chance(65);
    column.attributes = column.nullable ? "" : " NOT NULL";
    if (column.type.name == "timestamp" && column.nullable) {
        column.attributes = " NULL";
    }
    if (random.chance(40)) {
        column.attributes += " DEFAULT " + column_default(column.type, program, random);
    }
    if (random.chance(8)) {
        column.attributes += " INVISIBLE";
        program.features.insert("column invisible");
    }
    if (random.chance(8)) {
        column.attributes += " COMMENT 'it''s AUTO_INCREMENT=3'";
    }
    program.columns.push_back(column);
}

bool has_primary(const Program& program) {
    return std::any_of(program.elements.begin(), program.elements.end(), [](const Element& one) {
        return one.name == "PRIMARY";
    });
}

void add_indexes(Program& program, Random& random) {
    const unsigned count = random.below(4);
    for (unsigned i = 0; i < count; ++i) {
        std::string feature;
        program.elements.push_back(random_index(program, fmt::format("i{}", i), random, feature));
        program.features.insert("index " + feature);
    }
    if (has_primary(program) && random.chance(10)) {
        program.elements.push_back(
            {"uk2", "UNIQUE KEY uk2 (k0, " + program.columns.back().name + ")"}
        );
    }
}

void add_checks(Program& program, Random& random) {
    if (random.chance(85)) {
        return;
    }
    const Column& of = random.pick(program.columns);
    if (of.auto_increment) {
        return;
    }
    const std::string condition = fmt::format("CHECK ({0} IS NULL OR {0} IS NOT NULL)", of.name);
    if (random.chance(50)) {
        program.elements.push_back({"ck_u0", "CONSTRAINT ck_u0 " + condition});
    } else {
        program.elements.push_back({"", condition});
    }
    program.features.insert("constraint CHECK");
}

void choose_options(Program& program, Random& random) {
    static const std::vector<std::string> charsets{
        "", "", "", " DEFAULT CHARSET=latin1", " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"};
    static const std::vector<std::string> formats{
        "", "", "", " ROW_FORMAT=COMPRESSED", " ROW_FORMAT=COMPACT", " ROW_FORMAT=DYNAMIC"};
    static const std::vector<std::string> partitions{
        " PARTITION BY HASH (k0) PARTITIONS 3",
        " PARTITION BY LINEAR HASH (k0) PARTITIONS 2",
        " PARTITION BY KEY (k0) PARTITIONS 2",
        " PARTITION BY RANGE (k0) (PARTITION p0 VALUES LESS THAN (60), PARTITION p1 VALUES LESS "
        "THAN MAXVALUE)"};
    program.options = random.pick(charsets) + random.pick(formats);
    if (random.chance(10)) {
        program.options += " COMMENT='a table'";
    }
    if (random.chance(10) && program.columns.front().auto_increment) {
        program.options += " AUTO_INCREMENT=100";
    }
    // The end of TINYINT is soon reached. A partitioned table goes on counting there, with each
    // INSERT that fails, until RENAME or FLUSH forgets it (seen on 9.7): the old table has then
    // another counter than the twin.
    const bool counts_past_end =
        program.columns.front().auto_increment && program.columns.front().type.name == "tinyint";
    if (random.chance(12) && program.columns.front().type.kind == Kind::integer &&
        !counts_past_end) {
        program.partitioning = random.pick(partitions);
        program.features.insert("table partitioned");
    }
}

}  // namespace

std::string random_expression(const Column& of, Random& random, Type& result) {
    const Kind kind = of.type.kind;
    if (kind == Kind::json) {
        result = simple_type(Kind::text, "varchar", 250);
        return fmt::format("json_unquote(json_extract({}, '$.a'))", of.name);
    }
    if (kind == Kind::integer && random.chance(60)) {
        result = simple_type(Kind::decimal, "decimal", 30, 2);
        return fmt::format("({} / 4)", of.name);
    }
    if (kind == Kind::text && random.chance(60)) {
        if (random.chance(50)) {
            result = simple_type(Kind::integer, "int");
            return fmt::format("char_length({})", of.name);
        }
        result = simple_type(Kind::text, "varchar", 250);
        result.charset = "utf8mb4";
        result.collation = "utf8mb4_0900_ai_ci";
        return fmt::format("convert(left({}, 3) using utf8mb4)", of.name);
    }
    result = simple_type(Kind::integer, "int");
    return fmt::format("isnull({})", of.name);
}

void add_table(Program& program, Random& random) {
    add_key(program, random);
    const unsigned plain = 2 + random.below(6);
    for (unsigned i = 0; i < plain; ++i) {
        add_column(program, name_of_column(i, program, random), random);
    }
    const unsigned generated = random.below(3);
    for (unsigned i = 0; i < generated; ++i) {
        add_generated(program, fmt::format("g{}", i), random);
    }
    add_indexes(program, random);
    add_checks(program, random);
    choose_options(program, random);
    if (!random.chance(85)) {
        // Key columns need not be the first ones.
        std::rotate(program.columns.begin(), program.columns.begin() + 1, program.columns.end());
    }
}

}  // namespace doppel::differential
