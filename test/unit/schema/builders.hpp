// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "schema/table_definition.hpp"
#include "statement/alter_statement.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace doppel::schema::test {

/// A NOT NULL column of a type as COLUMN_TYPE has it: "int", "bigint unsigned", "varchar(20)".
inline Column column(const std::string& name, const std::string& type) {
    Column result;
    result.name = name;
    result.type = type;
    result.data_type = type.substr(0, type.find_first_of(" ("));
    result.nullable = false;
    const std::size_t open = type.find('(');
    const bool has_length = result.data_type.find("char") != std::string::npos ||
                            result.data_type.find("binary") != std::string::npos;
    if (has_length && open != std::string::npos) {
        result.length_characters = std::stoul(type.substr(open + 1));
        result.length_bytes = result.length_characters;
    }
    if (result.data_type == "char" || result.data_type == "varchar" || result.data_type == "enum") {
        result.charset = "utf8mb4";
        result.collation = "utf8mb4_0900_ai_ci";
    }
    return result;
}

inline Index index(const std::string& name, const std::vector<std::string>& columns) {
    Index result;
    result.name = name;
    result.unique = true;
    result.type = "BTREE";
    for (const std::string& part : columns) {
        result.parts.push_back({part, "", 0, false});
    }
    return result;
}

inline TableDefinition table(std::vector<Column> columns, std::vector<Index> indexes = {}) {
    TableDefinition result;
    result.name = {"s", "t"};
    result.engine = "InnoDB";
    for (Column& each : columns) {
        each.ordinal = result.columns.size();
        result.columns.push_back(std::move(each));
    }
    result.indexes = std::move(indexes);
    return result;
}

inline statement::AlterStatement alter(const std::string& clauses) {
    auto parsed = statement::parse_alter("ALTER TABLE t " + clauses);
    if (!parsed) {
        throw std::invalid_argument(parsed.failure().message);
    }
    return *parsed;
}

}  // namespace doppel::schema::test
