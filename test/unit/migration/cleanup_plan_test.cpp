// SPDX-License-Identifier: Apache-2.0
#include "migration/cleanup_plan.hpp"

#include "unit/migration/remains_builder.hpp"

#include <gmock/gmock.h>

namespace doppel::migration {
namespace {

using checkpoint::Stage;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> removed(const Remains& remains) {
    const auto plan = plan_cleanup(remains);
    if (!plan) {
        return {"refused: " + plan.failure().message};
    }
    std::vector<std::string> tables;
    for (const CleanupTable& table : plan->remove) {
        tables.push_back(std::string(to_string(table.kind)) + " " + table.table);
    }
    return tables;
}

std::vector<std::string> kept(const Remains& remains) {
    const auto plan = plan_cleanup(remains);
    std::vector<std::string> tables;
    for (const KeptTable& table : plan->keep) {
        tables.push_back(table.table);
    }
    return tables;
}

std::string refusal(const Remains& remains) {
    const auto plan = plan_cleanup(remains);
    return plan ? "none" : plan.failure().message;
}

TEST(CleanupPlan, WithoutAStateTableNothingIsOurs) {
    Remains remains = test::untouched();
    EXPECT_THAT(removed(remains), IsEmpty());
    EXPECT_THAT(kept(remains), IsEmpty());
    remains.shadow = test::after("_t_new");
    EXPECT_THAT(removed(remains), IsEmpty());
    EXPECT_THAT(kept(remains), ElementsAre("s._t_new"));
    remains.state = test::state_table();
    remains.state->comment = "mine";
    EXPECT_THAT(removed(remains), IsEmpty());
    EXPECT_THAT(kept(remains), ElementsAre("s._t_new", "s._t_doppel"));
}

TEST(CleanupPlan, TheShadowGoesBeforeTheTableThatMarksIt) {
    const Remains remains = test::left_by(Stage::running);
    EXPECT_THAT(removed(remains), ElementsAre("shadow s._t_new", "state s._t_doppel"));
    EXPECT_EQ(plan_cleanup(remains)->statement, "ALTER TABLE s.t ADD note TEXT");
    EXPECT_FALSE(plan_cleanup(remains)->swapped);
}

TEST(CleanupPlan, GoesOnWhereItWasKilled) {
    Remains remains = test::left_by(Stage::running);
    remains.shadow.reset();
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
}

TEST(CleanupPlan, NeedsNoSource) {
    Remains remains = test::left_by(Stage::running);
    remains.source.reset();
    EXPECT_THAT(removed(remains), ElementsAre("shadow s._t_new", "state s._t_doppel"));
}

TEST(CleanupPlan, AShadowThatIsDefinedOtherwiseIsNotTouched) {
    Remains remains = test::left_by(Stage::running);
    remains.shadow->create_text += " COMMENT='mine'";
    EXPECT_THAT(refusal(remains), HasSubstr("s._t_new is not defined as the migration made it"));
    remains = test::left_by(Stage::running);
    remains.shadow->is_view = true;
    EXPECT_THAT(refusal(remains), HasSubstr("s._t_new is not defined as the migration made it"));
    remains = test::left_by(Stage::running);
    remains.shadow->create_text.clear();  // the account may not see it
    EXPECT_THAT(refusal(remains), HasSubstr("s._t_new is not defined as the migration made it"));
}

TEST(CleanupPlan, AShadowWithRowsIsNotOfARunThatHadCopiedNone) {
    Remains remains = test::left_by(Stage::preparing);
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
    remains.shadow = test::before("_t_new");
    EXPECT_THAT(removed(remains), ElementsAre("shadow s._t_new", "state s._t_doppel"));
    remains.shadow_has_rows = true;
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
    EXPECT_THAT(kept(remains), ElementsAre("s._t_new"));
}

TEST(CleanupPlan, AStateTableWithoutARecordHasNoShadow) {
    Remains remains = test::untouched();
    remains.state = test::state_table();
    remains.stored = checkpoint::Stored{};
    remains.shadow = test::after("_t_new");
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
    EXPECT_THAT(kept(remains), ElementsAre("s._t_new"));
    remains.state->comment = shadow::state_comment({"s", "u"});
    EXPECT_THAT(refusal(remains), HasSubstr("its comment names another table"));
}

TEST(CleanupPlan, WhatCannotBeReadIsNotTouched) {
    Remains remains = test::left_by(Stage::running);
    remains.stored->record = R"({"format": 1, "statement": "x"})";
    EXPECT_THAT(refusal(remains), HasSubstr("written in format 1 by another version"));
    EXPECT_THAT(refusal(remains), HasSubstr("DROP TABLE `s`.`_t_new`, `s`.`_t_doppel`"));
    remains.stored->record = "[";
    EXPECT_THAT(refusal(remains), HasSubstr("no JSON"));
    remains.stored.reset();
    EXPECT_THAT(refusal(remains), HasSubstr("its columns are not those"));
    remains = test::left_by(Stage::running);
    auto copied = test::record(Stage::running);
    copied.source = "u";
    test::put_record(remains, copied);
    EXPECT_THAT(refusal(remains), HasSubstr("tells of another table, u"));
}

TEST(CleanupPlan, AfterTheSwapTheFormerTableStays) {
    const Remains remains = test::swapped(false);
    EXPECT_TRUE(plan_cleanup(remains)->swapped);
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
    EXPECT_THAT(kept(remains), ElementsAre("s._t_old"));
}

TEST(CleanupPlan, TheFormerTableGoesWhenTheRunHadBeenToldSo) {
    Remains remains = test::swapped(true);
    EXPECT_THAT(removed(remains), ElementsAre("old_table s._t_old", "state s._t_doppel"));
    // The names of its CHECK constraints were made anew, and it is recognised all the same; one
    // that is defined otherwise is not.
    remains.old_table->create_text += " COMMENT='mine'";
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
    EXPECT_THAT(kept(remains), ElementsAre("s._t_old"));
}

TEST(CleanupPlan, GoesOnWhereItWasKilledAroundTheFormerTable) {
    Remains remains = test::swapped(true);
    auto noted = test::record(Stage::swapped);
    noted.drop_old = true;
    remains.stored->record = checkpoint::to_json(noted);
    EXPECT_THAT(removed(remains), ElementsAre("old_table s._t_old", "state s._t_doppel"));
    remains.old_table.reset();
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
}

TEST(CleanupPlan, AFormerTableThatOnlySeemsToBeOneStays) {
    // A change that leaves no trace in the columns: whether it was made cannot be seen.
    Remains remains = test::swapped(true);
    auto told = test::record(Stage::running);
    told.drop_old = true;
    told.shadow_columns = describe_columns(test::before("t"));
    test::put_record(remains, told);
    remains.source = test::before("t");
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
    EXPECT_THAT(kept(remains), ElementsAre("s._t_old"));
}

TEST(CleanupPlan, OnceTheRecordTellsOfTheSwapATableNamedLikeTheShadowIsSomebodyElses) {
    Remains remains = test::left_by(Stage::swapped);
    remains.source = test::after("t");
    remains.shadow = test::after("_t_new");
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
    EXPECT_THAT(kept(remains), ElementsAre("s._t_new"));
}

TEST(CleanupPlan, WithoutASwapATableNamedLikeTheFormerOneStays) {
    Remains remains = test::left_by(Stage::running);
    auto told = test::record(Stage::running);
    told.drop_old = true;
    remains.stored->record = checkpoint::to_json(told);
    remains.old_table = test::before("_t_old");
    EXPECT_THAT(removed(remains), ElementsAre("shadow s._t_new", "state s._t_doppel"));
    EXPECT_THAT(kept(remains), ElementsAre("s._t_old"));
    // The shadow was removed by a clean-up that was killed then.
    remains.shadow.reset();
    EXPECT_THAT(removed(remains), ElementsAre("state s._t_doppel"));
}

}  // namespace
}  // namespace doppel::migration
