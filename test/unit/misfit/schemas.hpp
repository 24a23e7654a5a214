// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "misfit/new_schema.hpp"
#include "mysql/key.hpp"

#include <string>

namespace doppel::test {

inline schema::Column misfit_column(const std::string& name, const std::string& type) {
    schema::Column column;
    column.name = name;
    column.type = type;
    column.data_type = type.substr(0, type.find_first_of("( "));
    if (column.data_type == "varchar") {
        column.charset = "utf8mb4";
        column.collation = "utf8mb4_0900_ai_ci";
        column.length_characters = std::stoul(type.substr(8));
        column.length_bytes = 4 * column.length_characters;
    }
    return column;
}

/// shop.t (id INT, s VARCHAR(20), n INT) that becomes (id INT, title VARCHAR(5), n TINYINT).
inline misfit::NewSchema misfit_schema() {
    misfit::NewSchema schema;
    schema.source.name = {"shop", "t"};
    schema.shadow.name = {"shop", "_t_new"};
    schema.source.columns = {
        misfit_column("id", "int"), misfit_column("s", "varchar(20)"), misfit_column("n", "int")};
    schema.shadow.columns = {
        misfit_column("id", "int"),
        misfit_column("title", "varchar(5)"),
        misfit_column("n", "tinyint")};
    schema.columns.pairs = {{"id", "id"}, {"s", "title"}, {"n", "n"}};
    return schema;
}

inline schema::Index misfit_index(const std::string& name, std::vector<schema::IndexPart> parts) {
    schema::Index index;
    index.name = name;
    index.unique = true;
    index.parts = std::move(parts);
    return index;
}

inline mysql::KeyShape misfit_shape() {
    mysql::KeyColumn id;
    id.name = "id";
    return mysql::KeyShape({id});
}

}  // namespace doppel::test
