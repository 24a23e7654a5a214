// SPDX-License-Identifier: Apache-2.0
#include "misfit/self_assignment.hpp"

#include "schemas.hpp"

#include <gtest/gtest.h>

namespace doppel::misfit {
namespace {

NewSchema schema_of(const std::vector<std::string>& types) {
    NewSchema schema;
    schema.shadow.name = {"shop", "_t_new"};
    for (std::size_t i = 0; i < types.size(); ++i) {
        const std::string name = "c" + std::to_string(i);
        schema.shadow.columns.push_back(test::misfit_column(name, types[i]));
        schema.columns.pairs.push_back({name, name});
    }
    return schema;
}

TEST(SelfAssignment, TakesTheFirstNumber) {
    EXPECT_EQ(
        self_assignment(schema_of({"enum('a')", "json", "varchar(3)", "int", "bigint"}), "x"),
        "`shop`.`_t_new`.`c3` = IF(x IS NULL, `shop`.`_t_new`.`c3`, `shop`.`_t_new`.`c3`)"
    );
}

TEST(SelfAssignment, WritesSetsAndBitsAsNumbers) {
    EXPECT_EQ(
        self_assignment(schema_of({"enum('a')", "json", "set('a')"}), "x"),
        "`shop`.`_t_new`.`c2` = IF(x IS NULL, CAST(`shop`.`_t_new`.`c2` AS UNSIGNED), "
        "CAST(`shop`.`_t_new`.`c2` AS UNSIGNED))"
    );
}

TEST(SelfAssignment, NeverWritesTheInvalidNumberOfAnEnum) {
    NewSchema schema = schema_of({"enum('a')", "enum('b')"});
    schema.shadow.indexes.push_back(test::misfit_index("PRIMARY", {{"c0", {}, 0, false}}));
    EXPECT_EQ(
        self_assignment(schema, "x"),
        "`shop`.`_t_new`.`c1` = IF(x IS NULL, GREATEST(CAST(`shop`.`_t_new`.`c1` AS UNSIGNED), "
        "1), GREATEST(CAST(`shop`.`_t_new`.`c1` AS UNSIGNED), 1))"
    );
}

TEST(SelfAssignment, LeavesOutColumnsThatAreNotCopied) {
    NewSchema schema = schema_of({"int", "json"});
    schema.columns.pairs.erase(schema.columns.pairs.begin());
    EXPECT_TRUE(self_assignment(schema, "x").starts_with("`shop`.`_t_new`.`c1` = "));
}

}  // namespace
}  // namespace doppel::misfit
