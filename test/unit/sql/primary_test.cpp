// SPDX-License-Identifier: Apache-2.0
#include "sql/primary.hpp"

#include <gmock/gmock.h>

namespace doppel::sql {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Candidate server(const char* host, bool read_only, std::optional<GroupView> group = std::nullopt) {
    return {{host, 3306}, ServerRole{std::string("uuid of ") + host, read_only, group}, {}, {}};
}

Candidate silent(const char* host) {
    return {{host, 3306}, std::nullopt, std::nullopt, std::string("cannot connect to ") + host};
}

TEST(ChoosePrimary, IsTheOneThatTakesWrites) {
    EXPECT_EQ(choose_primary({server("a", true), silent("b"), server("c", false)}).index, 2U);
}

TEST(ChoosePrimary, TellsAboutEachWhyThereIsNone) {
    const auto choice = choose_primary({server("a", true), silent("b")});
    EXPECT_FALSE(choice.index);
    EXPECT_FALSE(choice.several);
    EXPECT_EQ(choice.problem, "a:3306 is read-only; cannot connect to b");
}

TEST(ChoosePrimary, IsNotGuessedAmongTwo) {
    const auto choice = choose_primary({server("a", false), server("b", true), server("c", false)});
    EXPECT_FALSE(choice.index);
    EXPECT_TRUE(choice.several);
    EXPECT_THAT(choice.problem, AllOf(HasSubstr("a:3306"), HasSubstr("c:3306")));
}

TEST(ChoosePrimary, MayBeNamedTwice) {
    auto again = server("a.example", false);
    again.role->uuid = "uuid of a";
    EXPECT_EQ(choose_primary({server("a", false), again}).index, 0U);
}

TEST(ChoosePrimary, IsNoMemberThatHasLostItsGroup) {
    const GroupView whole{true, 3, 0, 1};
    const GroupView majority{true, 3, 1, 1};
    const GroupView minority{true, 3, 2, 1};
    const GroupView half{true, 2, 1, 1};
    const GroupView left{false, 1, 0, 0};
    EXPECT_EQ(choose_primary({server("a", false, whole)}).index, 0U);
    EXPECT_EQ(choose_primary({server("a", false, majority)}).index, 0U);
    EXPECT_EQ(choose_primary({server("a", false, minority)}).index, std::nullopt);
    EXPECT_EQ(choose_primary({server("a", false, half)}).index, std::nullopt);
    EXPECT_EQ(choose_primary({server("a", false, left)}).index, std::nullopt);
    EXPECT_EQ(
        choose_primary({server("a", false, minority), server("b", false, majority)}).index, 1U
    );
}

TEST(ChoosePrimary, IsNoReplicaThatNobodyPromoted) {
    auto replica = server("b", false);
    replica.source = ReplicationSource{"a:3306", "uuid of a"};
    const auto choice = choose_primary({silent("a"), replica});
    EXPECT_EQ(choice.index, std::nullopt);
    EXPECT_THAT(choice.problem, HasSubstr("b:3306 is a replica of a:3306"));
    EXPECT_EQ(choose_primary({server("a", false), replica}).index, 0U);
    EXPECT_EQ(choose_primary({server("a", true), replica}).index, 1U)
        << "two that replicate each other";
}

}  // namespace
}  // namespace doppel::sql
