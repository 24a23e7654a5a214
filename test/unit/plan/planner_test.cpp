// SPDX-License-Identifier: Apache-2.0
#include "plan/planner.hpp"

#include "unit/plan/facts_builder.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::plan {
namespace {

using test::alter;
using test::good_facts;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Plan, SaysWhatWillBeDoneInWhichOrder) {
    const Plan plan = make_plan(good_facts(), alter("ADD n INT"), {});
    EXPECT_TRUE(plan.native_allowed() && plan.copy_allowed());
    EXPECT_EQ(
        describe(plan),
        "table s.t: about 1000 rows, 0.0 MiB of data, 0.0 MiB of indexes\n"
        "change ADD n INT\n"
        "  1. try the server's own instant or metadata-only change; done if it accepts\n"
        "  2. copy the rows into `_t_new` by key `PRIMARY` while following the binary log,\n"
        "     then rename `t` to `_t_old` and `_t_new` to `t`\n"
    );
}

TEST(Plan, LeavesOutTheNativeAttemptWhenNotWanted) {
    MigrationOptions options;
    options.try_native = false;
    const Plan plan = make_plan(good_facts(), alter("ADD n INT"), options);
    EXPECT_FALSE(plan.native_allowed());
    EXPECT_TRUE(plan.copy_allowed());
    EXPECT_THAT(describe(plan), HasSubstr("  1. copy the rows"));
}

TEST(Plan, AllowsTheNativeChangeWhereOnlyTheCopyIsRefused) {
    Facts facts = good_facts();
    facts.source->triggers = {{"trg", "AFTER", "INSERT"}};
    const Plan plan = make_plan(facts, alter("ADD n INT"), {});
    EXPECT_TRUE(plan.native_allowed());
    EXPECT_FALSE(plan.copy_allowed());
    EXPECT_THAT(describe(plan), HasSubstr("refused [triggers] table s.t has triggers (trg)"));
    EXPECT_THAT(describe(plan), HasSubstr("2. no copy: see above"));
}

TEST(Plan, DoesNothingWhereEverythingIsRefused) {
    Facts facts = good_facts();
    facts.source.reset();
    const Plan plan = make_plan(facts, alter("ADD n INT"), {});
    EXPECT_FALSE(plan.native_allowed());
    EXPECT_FALSE(plan.copy_allowed());
    EXPECT_THAT(describe(plan), HasSubstr("refused [no-table]"));
    EXPECT_THAT(describe(plan), HasSubstr("nothing will be done"));
    EXPECT_THAT(describe(plan), Not(HasSubstr("1.")));
}

TEST(Plan, SpellsTheTableAsTheServerDoes) {
    Facts facts = good_facts();
    facts.table = {"S", "T"};
    EXPECT_EQ(make_plan(facts, alter("FORCE"), {}).source.str(), "s.t");
}

}  // namespace
}  // namespace doppel::plan
