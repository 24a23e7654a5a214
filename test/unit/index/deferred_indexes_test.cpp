// SPDX-License-Identifier: Apache-2.0
#include "index/deferred_indexes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

schema::Column column(std::string name, std::size_t ordinal) {
    schema::Column column;
    column.name = std::move(name);
    column.ordinal = ordinal;
    return column;
}

schema::IndexPart part(std::string name) {
    schema::IndexPart part;
    part.column = std::move(name);
    return part;
}

schema::Index plain_index(std::string name, std::vector<schema::IndexPart> parts) {
    schema::Index index;
    index.name = std::move(name);
    index.type = "BTREE";
    index.parts = std::move(parts);
    return index;
}

class Deferred : public ::testing::Test {
protected:
    Deferred() {
        table_.name = {"shop", "_t_new"};
        table_.columns = {column("id", 0), column("a", 1), column("b", 2)};
        table_.indexes = {
            plain_index("PRIMARY", {part("id")}),
            plain_index("by a", {part("a")}),
            plain_index("ab", {part("a"), part("b")})};
        table_.indexes[0].unique = true;
        table_.create_text =
            "CREATE TABLE `_t_new` (\n"
            "  `id` int NOT NULL COMMENT '\\n  KEY `ab` (nonsense',\n"
            "  `a` int DEFAULT NULL,\n"
            "  `b` int DEFAULT NULL,\n"
            "  PRIMARY KEY (`id`),\n"
            "  KEY `by a` (`a` DESC) /*!80000 INVISIBLE */,\n"
            "  KEY `ab` (`a`,`b`) USING BTREE COMMENT 'x, y'\n"
            ") ENGINE=InnoDB";
    }

    schema::TableDefinition table_;
};

TEST_F(Deferred, AreNamedInTheOrderOfTheTable) {
    EXPECT_THAT(deferrable(table_), ElementsAre("by a", "ab"));
}

TEST_F(Deferred, NoneThatJudgeRowsOrReadOtherwise) {
    table_.indexes[1].unique = true;
    table_.indexes[2].type = "FULLTEXT";
    EXPECT_THAT(deferrable(table_), IsEmpty());
}

TEST_F(Deferred, NoneThatTheCounterNeeds) {
    table_.columns[1].auto_increment = true;
    EXPECT_THAT(deferrable(table_), IsEmpty());
}

TEST_F(Deferred, NoneOverExpressionsAndGeneratedColumns) {
    table_.columns[2].generated = schema::GeneratedKind::virtual_value;
    table_.indexes[1].parts[0].expression = "`a` + 1";
    EXPECT_THAT(deferrable(table_), IsEmpty());
}

TEST_F(Deferred, NoneWhereThereAreForeignKeys) {
    table_.foreign_keys.emplace_back();
    EXPECT_THAT(deferrable(table_), IsEmpty());
}

TEST_F(Deferred, AreDroppedInOneStatement) {
    EXPECT_EQ(
        drop_statement(table_.name, {"by a", "ab"}),
        "ALTER TABLE `shop`.`_t_new` DROP INDEX `by a`, DROP INDEX `ab`"
    );
}

TEST_F(Deferred, AreBuiltAsTheServerWritesThem) {
    EXPECT_EQ(
        build_statement(table_.name, table_.create_text, {"by a", "ab"}),
        "ALTER TABLE `shop`.`_t_new` ADD KEY `by a` (`a` DESC) /*!80000 INVISIBLE */, "
        "ADD KEY `ab` (`a`,`b`) USING BTREE COMMENT 'x, y', ALGORITHM=INPLACE, LOCK=NONE"
    );
}

TEST_F(Deferred, OneThatIsNotFoundLeavesNoStatement) {
    EXPECT_EQ(build_statement(table_.name, table_.create_text, {"other"}), "");
}

}  // namespace
}  // namespace doppel::index
