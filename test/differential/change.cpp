// SPDX-License-Identifier: Apache-2.0
//
// The random ALTER of a program: which clauses, and those of indexes, constraints, keys and the
// table.
#include "differential/change_maker.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::differential {

void ChangeMaker::make() {
    if (random_.chance(program_.partitioning.empty() ? 4 : 30)) {
        partition();
        return;
    }
    const unsigned count = 1 + random_.below(4);
    for (unsigned tries = 0; program_.clauses.size() < count && tries < 20; ++tries) {
        make_one();
    }
    if (program_.clauses.empty()) {
        add("COMMENT='changed'", "table option");
    }
}

void ChangeMaker::make_one() {
    struct Choice {
        unsigned weight;
        void (ChangeMaker::*make)();
    };
    static const std::vector<Choice> choices{
        {16, &ChangeMaker::add_column},
        {3, &ChangeMaker::add_generated},
        {22, &ChangeMaker::modify},
        {8, &ChangeMaker::change},
        {8, &ChangeMaker::drop_column},
        {9, &ChangeMaker::rename},
        {5, &ChangeMaker::reorder},
        {6, &ChangeMaker::alter_column},
        {9, &ChangeMaker::add_index},
        {6, &ChangeMaker::change_index},
        {4, &ChangeMaker::change_check},
        {7, &ChangeMaker::table_option},
        {5, &ChangeMaker::change_key},
        {4, &ChangeMaker::widen_key}};
    unsigned sum = 0;
    for (const Choice& choice : choices) {
        sum += choice.weight;
    }
    unsigned at = random_.below(sum);
    for (const Choice& choice : choices) {
        if (at < choice.weight) {
            (this->*choice.make)();
            return;
        }
        at -= choice.weight;
    }
}

void ChangeMaker::add(const std::string& clause, const std::string& feature) {
    program_.clauses.push_back(clause);
    program_.features.insert("change " + feature);
}

std::string ChangeMaker::new_name() {
    return fmt::format("n{}", next_name_++);
}

bool ChangeMaker::needed(const Column& column) const {
    const auto names = [&](const std::string& sql) {
        return sql.find(column.name) != std::string::npos;
    };
    return std::any_of(
               program_.columns.begin(),
               program_.columns.end(),
               [&](const Column& other) { return names(other.expression); }
           ) ||
           std::any_of(
               program_.elements.begin(),
               program_.elements.end(),
               [&](const Element& element) {
                   return names(element.sql) && (element.sql.find("((") != std::string::npos ||
                                                 element.sql.find("CHECK") != std::string::npos);
               }
           );
}

Column* ChangeMaker::some_column(bool of_key) {
    for (unsigned i = 0; i < 12; ++i) {
        Column& column = program_.columns[random_.index(program_.columns.size())];
        if (!column.generated() && (of_key || !column.key) && touched_.count(column.name) == 0 &&
            (!needed(column) || random_.chance(15))) {
            return &column;
        }
    }
    return nullptr;
}

void ChangeMaker::touch(const Column& column) {
    touched_.insert(column.name);
}

void ChangeMaker::add_index() {
    std::string feature;
    const Element index = random_index(program_, new_name(), random_, feature);
    for (const Column& column : program_.columns) {
        const bool named = index.sql.find(column.name) != std::string::npos;
        if (named && touched_.count(column.name) > 0) {
            return;
        }
        if (named && !column.key) {
            touch(column);
        }
    }
    add("ADD " + index.sql, "add index " + feature);
}

const Element* ChangeMaker::some_element(const std::string& prefix) {
    std::vector<const Element*> found;
    for (const Element& element : program_.elements) {
        if (element.name.starts_with(prefix) && touched_.count(element.name) == 0) {
            found.push_back(&element);
        }
    }
    if (found.empty()) {
        return nullptr;
    }
    const Element* element = random_.pick(found);
    touched_.insert(element->name);
    return element;
}

void ChangeMaker::change_index() {
    const Element* index = some_element("i");
    if (index == nullptr) {
        return;
    }
    switch (random_.below(3)) {
        case 0:
            add("DROP INDEX " + index->name, "drop index");
            break;
        case 1:
            add(fmt::format("RENAME INDEX {} TO {}", index->name, new_name()), "rename index");
            break;
        default:
            add(fmt::format("ALTER INDEX {} INVISIBLE", index->name), "visibility of index");
    }
}

void ChangeMaker::change_check() {
    const Element* check = some_element("ck");
    if (check != nullptr) {
        add(random_.chance(50) ? "DROP CHECK ck_u0" : "ALTER CHECK ck_u0 NOT ENFORCED",
            "drop or alter CHECK");
        return;
    }
    const Column* column = some_column();
    if (column == nullptr || !check_names_.insert("ck_u1").second) {
        return;
    }
    touch(*column);
    const bool strict = random_.chance(15);
    const std::string condition = strict ? fmt::format("{} IS NOT NULL", column->name)
                                         : fmt::format("{0} IS NULL OR {0} = {0}", column->name);
    add(fmt::format("ADD CONSTRAINT ck_u1 CHECK ({})", condition), "add CHECK");
}

void ChangeMaker::convert_charset() {
    for (const Column& column : program_.columns) {
        if (!column.type.elements.empty()) {
            return;
        }
    }
    static const std::vector<std::pair<std::string, std::string>> charsets{
        {"utf8mb4", ""}, {"utf8mb4", " COLLATE utf8mb4_bin"}, {"latin1", ""}, {"utf16", ""}};
    const auto& [charset, rest] = random_.pick(charsets);
    for (Column& column : program_.columns) {
        if (column.type.kind == Kind::text && !column.becomes) {
            column.becomes = column.type;
            column.becomes->charset = charset;
            column.becomes->collation.clear();
        }
    }
    add("CONVERT TO CHARACTER SET " + charset + rest, "charset of the table");
}

void ChangeMaker::table_option() {
    if (random_.chance(25)) {
        convert_charset();
        return;
    }
    static const std::vector<std::string> options{
        "ROW_FORMAT=COMPRESSED",
        "ROW_FORMAT=DYNAMIC",
        "ROW_FORMAT=REDUNDANT",
        "KEY_BLOCK_SIZE=4",
        "DEFAULT CHARSET=latin1",
        "AUTO_INCREMENT=5000",
        "AUTO_INCREMENT=3",
        "COMMENT='changed'",
        "STATS_PERSISTENT=1",
        "ENGINE=InnoDB",
        "ORDER BY k0",
        "FORCE"};
    const std::string& option = random_.pick(options);
    add(option, option.starts_with("ROW") ? "row format" : "table option");
}

std::string ChangeMaker::key_columns() const {
    std::string list;
    for (const Column& column : program_.columns) {
        list += column.key ? (list.empty() ? "" : ", ") + column.name : "";
    }
    return list;
}

void ChangeMaker::change_key() {
    const bool primary =
        std::any_of(program_.elements.begin(), program_.elements.end(), [](const Element& element) {
            return element.name == "PRIMARY";
        });
    if (touched_.count("k0") > 0 || !touched_.insert("PRIMARY").second) {
        return;
    }
    const std::string unique = fmt::format("ADD UNIQUE KEY uq ({})", key_columns());
    const Column* column = some_column();
    const bool part = column != nullptr && !column->nullable && !column->type.large();
    if (!primary) {
        add(fmt::format("ADD PRIMARY KEY ({})", key_columns()), "add PRIMARY KEY");
        return;
    }
    switch (random_.below(part ? 4 : 3)) {
        case 0:
            add("DROP PRIMARY KEY, " + unique, "drop PRIMARY KEY");
            return;
        case 1:
            add(unique, "add unique key");
            return;
        case 2:
            add(fmt::format(
                    "ADD COLUMN m INT NOT NULL DEFAULT 3, DROP PRIMARY KEY, ADD PRIMARY KEY "
                    "({}, m)",
                    key_columns()
                ),
                "new column in PRIMARY KEY");
            return;
        default:
            add(fmt::format(
                    "DROP PRIMARY KEY, ADD PRIMARY KEY ({}, {}), {}",
                    column->name,
                    key_columns(),
                    unique
                ),
                "other PRIMARY KEY");
    }
}

bool ChangeMaker::lengthen(Type& type) {
    if (type.kind == Kind::text || type.name == "varbinary") {
        type.length += 30;
    } else if (type.kind == Kind::decimal) {
        type.length += 4;
    } else if (type.kind == Kind::bit) {
        type.length = 64;
    } else if (type.name == "binary") {
        type.length += 5;  // padded
    } else {
        return false;
    }
    return true;
}

bool ChangeMaker::widen(Type& type) {
    if (type.kind == Kind::integer) {
        type.name = "bigint";
        type.is_unsigned = type.is_unsigned && random_.chance(80);
    } else if (type.kind == Kind::datetime || type.kind == Kind::time) {
        type.scale = 6;
    } else if (!type.elements.empty()) {
        type.elements.emplace_back("more");
    } else {
        return lengthen(type);
    }
    return true;
}

/// One in which the server writes the same values otherwise.
bool ChangeMaker::retype_key(Type& type) {
    if (type.kind == Kind::integer) {
        type = simple_type(Kind::decimal, "decimal", 24, random_.below(4));
    } else if (type.kind == Kind::bit) {
        type = simple_type(Kind::integer, "bigint");
    } else if (type.kind == Kind::date) {
        type = simple_type(Kind::datetime, "datetime", 0, random_.below(7));
    } else if (type.name == "binary") {
        type = simple_type(Kind::binary, "varbinary", 20);
    } else if (type.kind == Kind::decimal) {
        type.length += 6;
        type.scale += 3;
    } else if (type.kind == Kind::text) {
        choose_charset(type, random_);
    } else {
        return false;
    }
    return true;
}

void ChangeMaker::widen_key() {
    for (Column& column : program_.columns) {
        if (!column.key || touched_.count(column.name) > 0 || needed(column)) {
            continue;
        }
        Type to = column.type;
        const bool retyped = !column.auto_increment && random_.chance(40) && retype_key(to);
        if (!retyped && !widen(to)) {
            continue;
        }
        touch(column);
        column.becomes = to;
        add(fmt::format(
                "MODIFY COLUMN {} {} NOT NULL{}",
                column.name,
                to.sql(),
                column.auto_increment ? " AUTO_INCREMENT" : ""
            ),
            retyped ? "key of another type" : "wider key");
        return;
    }
}

void ChangeMaker::partition() {
    static const std::vector<std::string> clauses{
        "PARTITION BY KEY (k0) PARTITIONS 3",
        "PARTITION BY HASH (k0) PARTITIONS 4",
        "PARTITION BY RANGE (k0) (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES "
        "LESS THAN MAXVALUE)",
        "PARTITION BY RANGE (k0) (PARTITION p0 VALUES LESS THAN (190))"};
    static const std::vector<std::string> of_hash{
        "ADD PARTITION PARTITIONS 1", "COALESCE PARTITION 1", "REMOVE PARTITIONING"};
    static const std::vector<std::string> of_range{
        "REORGANIZE PARTITION p0 INTO (PARTITION p2 VALUES LESS THAN (30), PARTITION p3 VALUES "
        "LESS "
        "THAN (60))",
        "REMOVE PARTITIONING"};
    const bool range = program_.partitioning.find("RANGE") != std::string::npos;
    const bool again = program_.partitioning.empty() || random_.chance(30);
    add(random_.pick(again ? clauses : range ? of_range : of_hash), "partitioning");
}

void add_change(Program& program, Random& random) {
    ChangeMaker(program, random).make();
}

}  // namespace doppel::differential
