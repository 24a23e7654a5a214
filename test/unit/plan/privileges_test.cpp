// SPDX-License-Identifier: Apache-2.0
#include "plan/privileges.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Privileges account(const std::vector<std::string>& lines, bool wildcards = true) {
    std::vector<Grant> grants;
    for (const std::string& line : lines) {
        auto grant = parse_grant(line);
        if (!grant) {
            throw std::invalid_argument(grant.failure().message);
        }
        grants.push_back(*grant);
    }
    return {"app@10.0.%", grants, wildcards};
}

TEST(Grants, AreReadAsTheServerPrintsThem) {
    const auto grant = parse_grant(
        "GRANT SELECT, LOCK TABLES, REPLICATION SLAVE ON *.* TO `a`@`%` WITH GRANT OPTION"
    );
    ASSERT_TRUE(grant.ok());
    EXPECT_THAT(grant->privileges, ElementsAre("SELECT", "LOCK TABLES", "REPLICATION SLAVE"));
    EXPECT_EQ(grant->schema, "*");
    EXPECT_EQ(grant->table, "*");
    const auto table = parse_grant("GRANT ALL PRIVILEGES ON `s``x`.`t ON` TO `a`@`%`");
    ASSERT_TRUE(table.ok());
    EXPECT_THAT(table->privileges, ElementsAre("ALL PRIVILEGES"));
    EXPECT_EQ(table->schema, "s`x");
    EXPECT_EQ(table->table, "t ON");
    const auto ansi = parse_grant(R"(GRANT SELECT ON "s""x".* TO "a"@"%")");
    ASSERT_TRUE(ansi.ok());
    EXPECT_EQ(ansi->schema, "s\"x");
}

TEST(Grants, OnColumnsRoutinesProxiesAndRolesGiveNothing) {
    const auto columns =
        parse_grant("GRANT SELECT (`a`, `b`), INSERT, UPDATE (`c`) ON `s`.`t` TO `x`@`%`");
    ASSERT_TRUE(columns.ok());
    EXPECT_THAT(columns->privileges, ElementsAre("INSERT"));
    for (const char* line :
         {"GRANT EXECUTE ON PROCEDURE `s`.`p` TO `a`@`%`",
          "GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION",
          "GRANT `role`@`%`,`other`@`%` TO `a`@`%`"}) {
        const auto grant = parse_grant(line);
        ASSERT_TRUE(grant.ok()) << line;
        EXPECT_THAT(grant->privileges, IsEmpty()) << line;
    }
    EXPECT_TRUE(parse_grant("GRANT `role`@`%` TO `a`@`%`")->role);
}

TEST(Grants, FailOnOtherText) {
    for (const char* line :
         {"", "SELECT 1", "GRANT", "GRANT SELECT", "GRANT SELECT ON", "GRANT 'x"}) {
        const auto grant = parse_grant(line);
        EXPECT_TRUE(!grant.ok() || grant->privileges.empty()) << line;
    }
}

TEST(Privileges, AreGivenGloballyBySchemaAndByTable) {
    const Privileges privileges = account(
        {"GRANT PROCESS, SELECT ON *.* TO `a`@`%`",
         "GRANT INSERT ON `s`.* TO `a`@`%`",
         "GRANT ALL PRIVILEGES ON `s`.`t` TO `a`@`%`"}
    );
    EXPECT_TRUE(privileges.has_global("PROCESS"));
    EXPECT_FALSE(privileges.has_global("INSERT"));
    EXPECT_TRUE(privileges.has_on_schema("SELECT", "anything"));
    EXPECT_TRUE(privileges.has_on_schema("INSERT", "s"));
    EXPECT_FALSE(privileges.has_on_schema("INSERT", "other"));
    EXPECT_FALSE(privileges.has_on_schema("DELETE", "s"));
    EXPECT_TRUE(privileges.has_on_table("DELETE", {"s", "t"}));
    EXPECT_FALSE(privileges.has_on_table("DELETE", {"s", "u"}));
}

TEST(Privileges, ReadWildcardsInSchemaNames) {
    const Privileges privileges =
        account({R"(GRANT SELECT ON `app\_%`.* TO `a`@`%`)", "GRANT DELETE ON `x_y`.* TO `a`@`%`"});
    EXPECT_TRUE(privileges.has_on_schema("SELECT", "app_one"));
    EXPECT_TRUE(privileges.has_on_schema("SELECT", "app_"));
    EXPECT_FALSE(privileges.has_on_schema("SELECT", "appXone"));
    EXPECT_TRUE(privileges.has_on_schema("DELETE", "xzy"));
    const Privileges literal = account({"GRANT DELETE ON `x_y`.* TO `a`@`%`"}, false);
    EXPECT_FALSE(literal.has_on_schema("DELETE", "xzy"));
    EXPECT_TRUE(literal.has_on_schema("DELETE", "x_y"));
}

TEST(Privileges, AreTakenAwayByPartialRevokes) {
    const Privileges privileges = account(
        {"GRANT SELECT, INSERT ON *.* TO `a`@`%`", "REVOKE INSERT ON `s`.* FROM `a`@`%`"}, false
    );
    EXPECT_FALSE(privileges.has_on_schema("INSERT", "s"));
    EXPECT_FALSE(privileges.has_on_table("INSERT", {"s", "t"}));
    EXPECT_TRUE(privileges.has_on_schema("INSERT", "other"));
    EXPECT_TRUE(privileges.has_on_schema("SELECT", "s"));
}

TEST(Privileges, QuoteNamesForGrants) {
    EXPECT_EQ(account({}).quoted_account(), "'app'@'10.0.%'");
    EXPECT_EQ(account({}).quoted_schema("a_b"), R"(`a\_b`)");
    EXPECT_EQ(account({}, false).quoted_schema("a_b"), "`a_b`");
    EXPECT_EQ(Privileges("o'hara@%", {}, true).quoted_account(), R"('o\'hara'@'%')");
}

TEST(Patterns, MatchAsTheServerMatches) {
    EXPECT_TRUE(matches_pattern("%", ""));
    EXPECT_TRUE(matches_pattern("a%c%", "abcbc"));
    EXPECT_TRUE(matches_pattern("%b_", "abbc"));
    EXPECT_FALSE(matches_pattern("%b_", "abb_c"));
    EXPECT_TRUE(matches_pattern(R"(a\%b)", "a%b"));
    EXPECT_FALSE(matches_pattern(R"(a\%b)", "axb"));
    EXPECT_FALSE(matches_pattern("a", "ab"));
    EXPECT_FALSE(matches_pattern("ab", "a"));
    EXPECT_FALSE(matches_pattern("", "a"));
}

}  // namespace
}  // namespace doppel::plan
