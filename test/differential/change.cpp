// SPDX-License-Identifier: Apache-2.0
//
// The random ALTER and the random transactions of a program.
#include "differential/program.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

// What the fuzzer does not try, since the native ALTER is not the same twice or not the measure:
// - ADD COLUMN with a default of the time, a random number or a UUID: computed for each row.
// - NULL changed into TIMESTAMP NOT NULL: the server takes the present time for it, Doppel exit 5.
// - AUTO_INCREMENT added to a table with rows: the numbers follow the order of the copy.

bool needed_by_others(const Program& program, const Column& column) {
    return std::any_of(program.columns.begin(), program.columns.end(), [&](const Column& other) {
        return other.generated && other.sql.find(column.name) != std::string::npos;
    });
}

// Statements that the server refuses as such are worth little, so most choices avoid them.
const Column& some_column(const Program& program, Random& random, bool keys_rarely = true) {
    for (unsigned i = 0; i < 8; ++i) {
        const Column& column = random.pick(program.columns);
        if (!column.generated && (!column.key || !keys_rarely || random.chance(12)) &&
            (!needed_by_others(program, column) || random.chance(10))) {
            return column;
        }
    }
    return program.columns.back();
}

std::string place(const Program& program, Random& random) {
    if (random.chance(65)) {
        return "";
    }
    return random.chance(30) ? " FIRST" : " AFTER " + random.pick(program.columns).name;
}

std::string attributes(const Column& column, Random& random) {
    if (column.key) {
        return column.sql.ends_with("AUTO_INCREMENT") && random.chance(80)
                   ? " NOT NULL AUTO_INCREMENT"
                   : " NOT NULL";
    }
    std::string text;
    if (column.nullable && column.type.name == "timestamp") {
        text = " NULL";
    } else if (!column.nullable || random.chance(10)) {
        text = random.chance(85) ? " NOT NULL" : "";
    }
    if (random.chance(30)) {
        text += " DEFAULT " + random_default(column.type, random);
    }
    if (random.chance(5)) {
        text += " INVISIBLE";
    }
    return text;
}

std::string added_column(const Program& program, const std::string& name, Random& random) {
    Column column;
    column.name = name;
    column.type = random_type(random);
    column.nullable = random.chance(60);
    if (random.chance(15)) {
        const Column& of = some_column(program, random);
        return fmt::format(
            "ADD COLUMN {} INT AS (isnull({})) {}{}",
            name,
            of.name,
            random.chance(50) ? "STORED" : "VIRTUAL",
            place(program, random)
        );
    }
    return "ADD COLUMN " + column_sql(column, attributes(column, random)) + place(program, random);
}

std::string modified_column(const Program& program, const std::string& new_name, Random& random) {
    Column column = some_column(program, random);
    if (column.generated) {
        return "ADD COLUMN " + new_name + " INT";
    }
    const std::string old_name = column.name;
    if (random.chance(85)) {
        column.type = changed_type(column.type, random);
    }
    const std::string rest = attributes(column, random) + place(program, random);
    if (random.chance(70)) {
        return "MODIFY COLUMN " + column_sql(column, rest);
    }
    column.name = new_name;
    return fmt::format("CHANGE COLUMN {} {}", old_name, column_sql(column, rest));
}

std::string swapped_names(const Program& program, const std::string& new_name, Random& random) {
    const std::string& one = some_column(program, random).name;
    const std::string& other = some_column(program, random).name;
    if (one == other || random.chance(50)) {
        return fmt::format("RENAME COLUMN {} TO {}", one, new_name);
    }
    return fmt::format("RENAME COLUMN {} TO {}, RENAME COLUMN {} TO {}", one, other, other, one);
}

std::string changed_index(const Program& program, const std::string& name, Random& random) {
    std::vector<std::string> names;
    for (const std::string& index : program.indexes) {
        const auto at = index.find("KEY i");
        if (at != std::string::npos) {
            names.push_back(index.substr(at + 4, index.find(' ', at + 4) - at - 4));
        }
    }
    if (names.empty() || random.chance(50)) {
        return "ADD " + random_index(program, name, random);
    }
    const std::string& old_name = random.pick(names);
    switch (random.below(3)) {
        case 0:
            return "DROP INDEX " + old_name;
        case 1:
            return fmt::format("RENAME INDEX {} TO {}", old_name, name);
        default:
            return fmt::format("ALTER INDEX {} INVISIBLE", old_name);
    }
}

std::string table_option(Random& random) {
    static const std::vector<std::string> options{
        "ROW_FORMAT=COMPRESSED",
        "ROW_FORMAT=DYNAMIC",
        "ROW_FORMAT=REDUNDANT",
        "KEY_BLOCK_SIZE=4",
        "DEFAULT CHARSET=latin1",
        "CONVERT TO CHARACTER SET utf8mb4",
        "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "CONVERT TO CHARACTER SET latin1",
        "AUTO_INCREMENT=5000",
        "COMMENT='changed'",
        "STATS_PERSISTENT=1",
        "ENGINE=InnoDB",
        "FORCE"};
    return random.pick(options);
}

std::string key_change(const Program& program, Random& random) {
    if (random.chance(50)) {
        return "DROP PRIMARY KEY, ADD PRIMARY KEY (" + some_column(program, random).name +
               ", k0), ADD UNIQUE KEY uq (k0)";
    }
    return "ADD UNIQUE KEY uq (" + some_column(program, random, false).name + ")";
}

std::string partitioning(Random& random) {
    static const std::vector<std::string> clauses{
        "REMOVE PARTITIONING",
        "PARTITION BY KEY (k0) PARTITIONS 3",
        "PARTITION BY HASH (k0) PARTITIONS 4",
        "PARTITION BY RANGE (k0) (PARTITION p0 VALUES LESS THAN (100), PARTITION p1 VALUES LESS "
        "THAN MAXVALUE)",
        "PARTITION BY RANGE (k0) (PARTITION p0 VALUES LESS THAN (190))"};
    return random.pick(clauses);
}

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
        if (!column.generated && column.key == of_key && (of_key || random.chance(50))) {
            sets += fmt::format("{}{} = {}", sets.empty() ? "" : ", ", column.name, next[i]);
            row[i] = next[i];
        }
    }
    return sets.empty() ? "DO 0" : fmt::format("UPDATE {{}} SET {} WHERE {}", sets, where);
}

// What a clause has changed is not for the next one, but for the key.
void forget_columns(Program& program, const std::string& clause) {
    auto& columns = program.columns;
    columns.erase(
        std::remove_if(
            columns.begin(),
            columns.end(),
            [&](const Column& column) {
                return !column.key && clause.find(column.name) != std::string::npos;
            }
        ),
        columns.end()
    );
}

}  // namespace

std::vector<std::string> random_clauses(const Program& whole, Random& random) {
    Program program = whole;
    std::vector<std::string> clauses;
    const unsigned count = 1 + random.below(4);
    for (unsigned i = 0; i < count; ++i) {
        const std::string name = fmt::format("n{}", i);
        const unsigned choice = random.below(100);
        if (choice < 20) {
            clauses.push_back(added_column(program, name, random));
        } else if (choice < 58) {
            clauses.push_back(modified_column(program, name, random));
        } else if (choice < 66) {
            clauses.push_back("DROP COLUMN " + some_column(program, random).name);
        } else if (choice < 74) {
            clauses.push_back(swapped_names(program, name, random));
        } else if (choice < 86) {
            clauses.push_back(changed_index(program, name, random));
        } else if (choice < 95) {
            clauses.push_back(table_option(random));
        } else {
            clauses.push_back(key_change(program, random));
        }
        if (random.chance(90)) {
            forget_columns(program, clauses.back());
        }
    }
    if (random.chance(5)) {
        return {partitioning(random)};
    }
    return clauses;
}

std::vector<std::string> random_transaction(
    const Program& program, std::vector<std::vector<std::string>>& known_rows, Random& random
) {
    std::vector<std::string> statements;
    const unsigned count = 1 + random.below(4);
    for (unsigned i = 0; i < count; ++i) {
        const unsigned choice = random.below(100);
        if (known_rows.empty() || choice < 25) {
            known_rows.push_back(random_row(program, random));
            statements.push_back(program.insert_sql("{}", known_rows.back()));
            continue;
        }
        auto& row = known_rows[random.index(known_rows.size())];
        if (choice < 35) {
            statements.push_back("DELETE FROM {} WHERE " + condition(program, row));
        } else if (choice < 45) {
            std::string replace = program.insert_sql("{}", random_row(program, random));
            statements.push_back(replace.replace(0, 6, "REPLACE"));
        } else {
            statements.push_back(update(program, row, choice < 60, random));
        }
    }
    return statements;
}

}  // namespace doppel::differential
