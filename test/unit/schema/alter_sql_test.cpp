// SPDX-License-Identifier: Apache-2.0
#include "schema/alter_sql.hpp"

#include "unit/schema/builders.hpp"

#include <string>

#include <gtest/gtest.h>

namespace doppel::schema {
namespace {

std::string with_copy(const std::string& clauses) {
    return alter_sql({"s", "g`h"}, "ALGORITHM=COPY", test::alter(clauses));
}

TEST(AlterSql, PutsModifiersBeforeTheClauses) {
    EXPECT_EQ(
        with_copy("ADD COLUMN a INT, DROP b"),
        "ALTER TABLE `s`.`g``h` ALGORITHM=COPY, ADD COLUMN a INT, DROP b"
    );
}

TEST(AlterSql, UsesNoCommaBeforePartitionClauses) {
    EXPECT_EQ(
        with_copy("PARTITION BY HASH (a)"),
        "ALTER TABLE `s`.`g``h` ALGORITHM=COPY PARTITION BY HASH (a)"
    );
    EXPECT_EQ(
        with_copy("/*!50100 PARTITION BY HASH (a) */"),
        "ALTER TABLE `s`.`g``h` ALGORITHM=COPY /*!50100 PARTITION BY HASH (a) */"
    );
    EXPECT_EQ(
        with_copy("REMOVE PARTITIONING"),
        "ALTER TABLE `s`.`g``h` ALGORITHM=COPY REMOVE PARTITIONING"
    );
    EXPECT_EQ(
        with_copy("ADD PARTITION PARTITIONS 2"),
        "ALTER TABLE `s`.`g``h` ALGORITHM=COPY, ADD PARTITION PARTITIONS 2"
    );
}

TEST(AlterSql, WorksWithoutModifiersOrClauses) {
    EXPECT_EQ(alter_sql({"s", "t"}, "", test::alter("FORCE")), "ALTER TABLE `s`.`t` FORCE");
    EXPECT_EQ(
        alter_sql({"s", "t"}, "ALGORITHM=COPY", test::alter("ALGORITHM=INPLACE")),
        "ALTER TABLE `s`.`t` ALGORITHM=COPY"
    );
}

}  // namespace
}  // namespace doppel::schema
