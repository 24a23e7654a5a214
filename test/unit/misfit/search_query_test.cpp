// SPDX-License-Identifier: Apache-2.0
#include "misfit/search_query.hpp"

#include "schemas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::misfit {
namespace {

using test::misfit_column;
using test::misfit_index;
using test::misfit_schema;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Subject = Complaint::Subject;

// The queries' results are compared with what the server refuses in test/integration/misfit_test.

std::string query(const NewSchema& schema, Subject subject, const char* name, unsigned number) {
    return search_query(schema, {"id"}, {subject, name}, number);
}

TEST(SearchQuery, OfADuplicateIsInTermsOfTheSource) {
    NewSchema schema = misfit_schema();
    schema.shadow.columns[2] = schema.source.columns[2];
    schema.shadow.indexes = {misfit_index("u", {{"n", "", 0, false}})};
    EXPECT_EQ(
        query(schema, Subject::unique_index, "u", 1062),
        "SELECT `n`, COUNT(*) FROM `shop`.`t` WHERE `n` IS NOT NULL GROUP BY 1 HAVING COUNT(*) > 1"
    );
}

TEST(SearchQuery, OfADuplicateConvertsWhereTypesOrNamesChange) {
    NewSchema schema = misfit_schema();
    schema.shadow.indexes = {
        misfit_index("u", {{"title", "", 3, false}, {"", "abs(`n`)", 0, false}})};
    EXPECT_EQ(
        query(schema, Subject::unique_index, "u", 1062),
        "SELECT LEFT(`title`, 3), (abs(`n`)), COUNT(*) FROM (SELECT CONVERT(`s` USING utf8mb4) "
        "COLLATE utf8mb4_0900_ai_ci AS `title`, CAST(`n` AS SIGNED) AS `n` FROM `shop`.`t`) AS "
        "converted WHERE LEFT(`title`, 3) IS NOT NULL AND (abs(`n`)) IS NOT NULL GROUP BY 1, 2 "
        "HAVING COUNT(*) > 1"
    );
}

TEST(SearchQuery, ThereIsNoneForNewColumns) {
    NewSchema schema = misfit_schema();
    schema.shadow.columns.push_back(misfit_column("fresh", "int"));
    schema.shadow.indexes = {misfit_index("u", {{"fresh", "", 0, false}})};
    EXPECT_THAT(query(schema, Subject::unique_index, "u", 1062), IsEmpty());
    EXPECT_THAT(query(schema, Subject::column, "fresh", 1048), IsEmpty());
    EXPECT_THAT(query(schema, Subject::unique_index, "nowhere", 1062), IsEmpty());
    EXPECT_THAT(query(schema, Subject::partition, "", 1526), IsEmpty());
}

TEST(SearchQuery, OfAColumnFollowsTheError) {
    const NewSchema schema = misfit_schema();
    EXPECT_EQ(
        query(schema, Subject::column, "title", 1406),
        "SELECT `id`, `s` FROM `shop`.`t` WHERE CHAR_LENGTH(RTRIM(`s`)) > 5"
    );
    EXPECT_EQ(
        query(schema, Subject::column, "n", 1264),
        "SELECT `id`, `n` FROM `shop`.`t` WHERE `n` NOT BETWEEN -128 AND 127"
    );
    EXPECT_EQ(
        query(schema, Subject::column, "n", 1048),
        "SELECT `id`, `n` FROM `shop`.`t` WHERE `n` IS NULL"
    );
}

TEST(SearchQuery, OfACheckIsItsClause) {
    NewSchema schema = misfit_schema();
    schema.shadow.checks = {{"c", "(`title` <> \\'x\\')", true}};
    schema.shadow.columns[1] = misfit_column("title", "varchar(20)");
    EXPECT_EQ(
        query(schema, Subject::check, "c", 3819),
        "SELECT `id` FROM (SELECT `s` AS `title`, `id` FROM `shop`.`t`) AS converted WHERE NOT "
        "((`title` <> 'x'))"
    );
    EXPECT_THAT(columns_of(schema, {Subject::check, "c"}), ElementsAre("title"));
}

TEST(ColumnsOf, WhatTheServerDoesNotNameIsTheOnlyColumnThatChanges) {
    NewSchema schema = misfit_schema();
    EXPECT_THAT(columns_of(schema, {}), IsEmpty()) << "two columns change";
    schema.shadow.columns[2] = schema.source.columns[2];
    EXPECT_THAT(columns_of(schema, {}), ElementsAre("title"));
    schema.shadow.columns[1] = misfit_column("title", "varchar(20)");
    schema.shadow.columns.push_back(misfit_column("g", "int"));
    schema.shadow.columns.back().generated = schema::GeneratedKind::stored_value;
    EXPECT_THAT(columns_of(schema, {}), ElementsAre("g"));
}

}  // namespace
}  // namespace doppel::misfit
