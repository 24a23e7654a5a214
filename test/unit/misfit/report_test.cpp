// SPDX-License-Identifier: Apache-2.0
#include "misfit/report.hpp"

#include "schemas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::misfit {
namespace {

using mysql::Key;
using test::misfit_index;
using test::misfit_schema;
using test::misfit_shape;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Key key(std::int64_t id) {
    Key key;
    mysql::KeyShape::append_signed(key.bytes, id);
    return key;
}

const Error kDuplicate(
    Errc::failed, "Duplicate entry 'x' for key '_t_new.u'", ServerError{1062, "23000"}
);
const Error kTooLong(
    Errc::failed, "Data too long for column 'title' at row 1", ServerError{1406, "22001"}
);

TEST(GroupCollisions, JoinsWhatMeetsByWayOfOthers) {
    EXPECT_THAT(
        group_collisions({{key(5), key(6)}, {key(1), key(2)}, {key(9)}, {key(2), key(3)}}),
        ElementsAre(
            ElementsAre(key(1), key(2), key(3)), ElementsAre(key(5), key(6)), ElementsAre(key(9))
        )
    );
    EXPECT_THAT(
        group_collisions({{key(1), key(2)}, {key(3), key(4)}, {key(2), key(3)}}),
        ElementsAre(ElementsAre(key(1), key(2), key(3), key(4)))
    );
}

TEST(Report, OfADuplicate) {
    NewSchema schema = misfit_schema();
    schema.shadow.columns[2] = schema.source.columns[2];
    schema.shadow.indexes = {misfit_index("u", {{"n", "", 0, false}})};
    const Error error =
        report(schema, misfit_shape(), {{key(1), key(7)}, {key(2), key(9)}}, kDuplicate);
    EXPECT_EQ(error.code(), Errc::data_misfit);
    EXPECT_EQ(error.server_errno(), 1062U);
    EXPECT_STREQ(
        error.what(),
        "the data of shop.t does not fit the new schema: the unique index `u` (`n`) has "
        "duplicates: Duplicate entry 'x' for key 't.u'. Rows with these keys (`id`): (1) and (7); "
        "(2) and (9). This finds all such rows: SELECT `n`, COUNT(*) FROM `shop`.`t` WHERE `n` IS "
        "NOT NULL GROUP BY 1 HAVING COUNT(*) > 1"
    );
    ASSERT_NE(error.misfit(), nullptr);
    EXPECT_EQ(error.misfit()->constraint, "u");
    EXPECT_THAT(error.misfit()->columns, ElementsAre("n"));
    EXPECT_THAT(error.misfit()->keys, ElementsAre("(1)", "(7)", "(2)", "(9)"));
    EXPECT_THAT(error.what(), EndsWith(error.misfit()->search));
}

TEST(Report, OfValuesNamesTheColumnsType) {
    const Error error = report(misfit_schema(), misfit_shape(), {{key(3)}, {key(4)}}, kTooLong);
    EXPECT_THAT(
        error.what(),
        HasSubstr("the column `title`, varchar(5), refuses values: Data too long for column "
                  "'title' at row 1. Rows with these keys (`id`): (3), (4). ")
    );
    EXPECT_EQ(error.misfit()->constraint, "varchar(5)");
}

TEST(Report, TellsTenKeys) {
    Groups rows;
    for (int i = 0; i < 15; ++i) {
        rows.push_back({key(i)});
    }
    const Error error = report(misfit_schema(), misfit_shape(), rows, kTooLong);
    EXPECT_THAT(error.misfit()->keys, SizeIs(10));
    EXPECT_THAT(error.what(), HasSubstr("(8), (9) and more. "));
}

TEST(Report, ConstraintsHaveTheUsersNames) {
    NewSchema schema = misfit_schema();
    schema.check_names = {{"_positive", "positive"}};
    const auto violated = [](const std::string& name) {
        return Error(
            Errc::failed, "Check constraint '" + name + "' is violated.", ServerError{3819, "HY000"}
        );
    };
    const Error renamed = report(schema, misfit_shape(), {{key(1)}}, violated("_positive"));
    EXPECT_EQ(renamed.misfit()->constraint, "positive");
    EXPECT_THAT(renamed.what(), HasSubstr("Check constraint 'positive' is violated"));
    const Error generated = report(schema, misfit_shape(), {{key(1)}}, violated("_t_new_chk_2"));
    EXPECT_EQ(generated.misfit()->constraint, "t_chk_2");
    EXPECT_THAT(generated.what(), HasSubstr("mend these and run again"));
}

TEST(Report, OfRowsThatGetNowhereSaysSo) {
    const Error error = report_futile(misfit_schema(), misfit_shape(), {{key(1)}}, kDuplicate);
    EXPECT_EQ(error.code(), Errc::data_misfit);
    EXPECT_THAT(error.what(), HasSubstr("changes all the time: (1). "));
}

TEST(Report, TellsConstraintsApart) {
    const NewSchema schema = misfit_schema();
    EXPECT_NE(constraint_of(schema, kDuplicate), constraint_of(schema, kTooLong));
    EXPECT_EQ(constraint_of(schema, kTooLong), constraint_of(schema, kTooLong));
}

}  // namespace
}  // namespace doppel::misfit
