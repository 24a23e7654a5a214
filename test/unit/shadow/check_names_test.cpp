// SPDX-License-Identifier: Apache-2.0
#include "shadow/check_names.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::shadow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const mysql::TableName kSource{"s", "t"};
const mysql::TableName kShadow{"s", "_t_new"};

std::string rewritten(const std::string& clauses) {
    const std::vector<CheckRename> renames{
        {"t_chk_1", "_t_new_chk_1", true}, {"Positive", "_Positive", false}};
    const auto text = rename_in_clauses(clauses, renames);
    return text ? *text : text.failure().message;
}

TEST(WrittenChecks, AreReadFromTheCreateText) {
    const std::string text =
        "CREATE TABLE `t` (\n  `a` int DEFAULT NULL COMMENT 'CONSTRAINT `x` CHECK (1)',\n"
        "  PRIMARY KEY (`a`),\n  CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p` (`id`),\n"
        "  CONSTRAINT `a``b` CHECK ((`a` > 0)) /*!80016 NOT ENFORCED */,\n"
        "  CONSTRAINT `t_chk_1` CHECK ((`a` <> _utf8mb4'),'))\n) ENGINE=InnoDB";
    EXPECT_THAT(
        written_checks(text),
        ElementsAre(
            WrittenCheck{"a`b", "CHECK ((`a` > 0)) /*!80016 NOT ENFORCED */"},
            WrittenCheck{"t_chk_1", "CHECK ((`a` <> _utf8mb4'),'))"}
        )
    );
}

TEST(WrittenChecks, AreReadUnderAnsiQuotes) {
    EXPECT_THAT(
        written_checks("  CONSTRAINT \"q\" CHECK ((`a` > 0))\n)"),
        ElementsAre(WrittenCheck{"q", "CHECK ((`a` > 0))"})
    );
}

TEST(WrittenChecks, SurviveBrokenText) {
    EXPECT_THAT(written_checks(""), IsEmpty());
    EXPECT_THAT(written_checks("CONSTRAINT `open"), IsEmpty());
    EXPECT_THAT(written_checks("CONSTRAINT "), IsEmpty());
    EXPECT_THAT(written_checks("CONSTRAINT `a`"), IsEmpty());
}

TEST(CheckNames, FollowTheTableWhereTheServerMadeThem) {
    const auto renames =
        rename_checks({{"t_chk_12", ""}, {"t_chk_x", ""}, {"tt_chk_1", ""}}, kSource, kShadow, {});
    EXPECT_EQ(renames.at(0).shadow, "_t_new_chk_12");
    EXPECT_TRUE(renames.at(0).comes_back);
    EXPECT_EQ(renames.at(1).shadow, "_t_chk_x");
    EXPECT_FALSE(renames.at(1).comes_back);
    EXPECT_FALSE(renames.at(2).comes_back);
}

TEST(CheckNames, ToggleAnUnderscoreAndAvoidTakenNames) {
    const auto renames =
        rename_checks({{"pos", ""}, {"_neg", ""}, {"_", ""}}, kSource, kShadow, {"_POS", "other"});
    EXPECT_EQ(renames.at(0).shadow, "__pos");
    EXPECT_EQ(renames.at(1).shadow, "neg");
    EXPECT_EQ(renames.at(2).shadow, "__");
}

TEST(CheckNames, StayWithinTheLimit) {
    const std::string longest(64, 'c');
    const auto renames = rename_checks({{longest, ""}}, kSource, kShadow, {});
    EXPECT_EQ(renames.at(0).shadow.size(), 64U);
    EXPECT_NE(renames.at(0).shadow, longest);
}

TEST(CheckNames, AreReplacedInClauses) {
    EXPECT_EQ(
        rewritten("DROP CHECK t_chk_1, DROP CONSTRAINT positive"),
        "DROP CHECK `_t_new_chk_1`, DROP CONSTRAINT `_Positive`"
    );
    EXPECT_EQ(
        rewritten("ALTER CHECK `Positive` NOT ENFORCED"), "ALTER CHECK `_Positive` NOT ENFORCED"
    );
    EXPECT_EQ(
        rewritten("ADD COLUMN a INT CONSTRAINT positive CHECK (a > 0)"),
        "ADD COLUMN a INT CONSTRAINT `_Positive` CHECK (a > 0)"
    );
}

TEST(CheckNames, AreNotReplacedWhereTheyNameSomethingElse) {
    for (const char* clauses :
         {"ADD CONSTRAINT positive UNIQUE (a)",
          "DROP INDEX positive",
          "DROP COLUMN t_chk_1",
          "ADD CHECK (positive > 0)",
          "ADD a INT COMMENT 'CHECK positive'",
          "ADD a INT /* CHECK positive */"}) {
        EXPECT_EQ(rewritten(clauses), clauses);
    }
}

}  // namespace
}  // namespace doppel::shadow
