// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/facts.hpp"
#include "statement/alter_statement.hpp"

#include <stdexcept>
#include <string>

namespace doppel::plan::test {

inline statement::AlterStatement alter(const std::string& clauses) {
    auto parsed = statement::parse_alter("ALTER TABLE t " + clauses);
    if (!parsed) {
        throw std::invalid_argument(parsed.failure().message);
    }
    return *parsed;
}

/// A table, a server and an account with which every check passes.
inline Facts good_facts() {
    Facts facts;
    facts.table = {"s", "t"};
    facts.names = {"_t_new", "_t_old", "_t_doppel", "doppel state v1"};
    facts.server.version = {mysql::Flavor::mysql, 9, 7, 0};
    facts.privileges = Privileges("app@%", {{{"ALL PRIVILEGES"}, "*", "*", false, false}}, true);
    schema::TableDefinition source;
    source.name = facts.table;
    source.engine = "InnoDB";
    source.rows_estimated = 1000;
    schema::Column id;
    id.name = "id";
    id.type = "int";
    id.data_type = "int";
    id.nullable = false;
    source.columns = {id};
    source.indexes = {{"PRIMARY", true, true, "BTREE", {{"id", "", 0, false}}, ""}};
    facts.source = source;
    return facts;
}

}  // namespace doppel::plan::test
