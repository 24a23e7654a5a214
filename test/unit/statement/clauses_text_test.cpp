// SPDX-License-Identifier: Apache-2.0
#include "statement/alter_statement.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace doppel::statement {
namespace {

struct TextCase {
    std::string_view clauses;
    std::string_view text;
};

void check_texts(const std::vector<TextCase>& cases) {
    for (const TextCase& c : cases) {
        const auto statement = parse_alter("ALTER TABLE t " + std::string(c.clauses));
        ASSERT_TRUE(statement.ok()) << c.clauses << ": " << statement.failure().message;
        EXPECT_EQ(statement->clauses_text, c.text) << c.clauses;
    }
}

void check_refused(const std::vector<std::string_view>& clauses, std::string_view reason) {
    for (const std::string_view text : clauses) {
        const auto statement = parse_alter("ALTER TABLE t " + std::string(text));
        ASSERT_FALSE(statement.ok()) << text << " became " << statement->clauses_text;
        EXPECT_NE(statement.failure().message.find(reason), std::string::npos)
            << text << ": " << statement.failure().message;
    }
}

TEST(ClausesText, IsTheTextAsWritten) {
    check_texts({
        {"ADD a INT", "ADD a INT"},
        {"  ADD a INT ,\n\tDROP b ;  ", "ADD a INT ,\n\tDROP b"},
        {"ADD a INT /* x */, DROP b -- y", "ADD a INT /* x */, DROP b"},
        {"ADD a INT -- x\n, DROP b # y", "ADD a INT -- x\n, DROP b"},
        {"ADD (a INT, b INT) PARTITION BY HASH(a)", "ADD (a INT, b INT) PARTITION BY HASH(a)"},
        {"ADD a VARCHAR(9) COMMENT 'LOCK=NONE, ALGORITHM=COPY'",
         "ADD a VARCHAR(9) COMMENT 'LOCK=NONE, ALGORITHM=COPY'"},
        {"ADD lock_ INT, ADD `lock` INT, DROP `algorithm`",
         "ADD lock_ INT, ADD `lock` INT, DROP `algorithm`"},
    });
}

TEST(ClausesText, LeavesAlgorithmAndLockAway) {
    check_texts({
        {"ALGORITHM=INPLACE", ""},
        {"ALGORITHM=INPLACE, LOCK=NONE", ""},
        {"ALGORITHM=INPLACE, ADD a INT", "ADD a INT"},
        {"ADD a INT, ALGORITHM=INPLACE", "ADD a INT"},
        {"ADD a INT, ALGORITHM=INPLACE, LOCK=NONE", "ADD a INT"},
        {"ALGORITHM=INPLACE, LOCK=NONE, ADD a INT", "ADD a INT"},
        {"ALGORITHM=INPLACE, ADD a INT, LOCK=NONE", "ADD a INT"},
        {"ADD a INT, ALGORITHM=INPLACE, DROP b", "ADD a INT, DROP b"},
        {"ADD a INT, LOCK=NONE, ALGORITHM=COPY, DROP b", "ADD a INT, DROP b"},
        {"ADD a INT,LOCK=NONE,DROP b", "ADD a INT, DROP b"},
        {"ADD a INT, algorithm default, DROP b", "ADD a INT, DROP b"},
        {"ADD a INT, ALGORITHM=COPY PARTITION BY HASH(a)", "ADD a INT PARTITION BY HASH(a)"},
        {"ALGORITHM=COPY REMOVE PARTITIONING", "REMOVE PARTITIONING"},
        {"ADD a INT, -- why\n ALGORITHM=COPY -- because", "ADD a INT"},
        {"ADD a INT, ALGORITHM=COPY -- why\n, DROP b", "ADD a INT, -- why\nDROP b"},
        {"ADD a INT, ALGORITHM=COPY /* x */ , /* y */ DROP b", "ADD a INT, /* x */ /* y */ DROP b"},
        {"ENGINE=InnoDB COMMENT='x', LOCK=NONE", "ENGINE=InnoDB COMMENT='x'"},
    });
}

TEST(ClausesText, KeepsExecutableComments) {
    for (const std::string_view text : {
             "/*!80000 ADD a INT */",
             "/*!80000 ADD a INT, ADD b INT */",
             "/*! ADD a INT, */ ADD b INT",
             "ADD a INT /*!80000 , ADD b INT, ADD c INT */",
             "ADD a INT /*!80000 , */ /*M! ADD b INT */",
             "ADD a INT /*!80023 INVISIBLE */",
             "ADD a INT /*!80023 INVISIBLE */, ADD b INT /*!80023 INVISIBLE */ DEFAULT 1",
             "ADD (a INT /*!80000 , b INT */)",
             "ADD (/*!80000 a INT, */ b INT /*!80023 INVISIBLE */)",
             "ADD a INT /*!50100 PARTITION BY HASH (a) PARTITIONS 4 */",
             "ADD a INT DEFAULT (1 /*!80000 + 1 */)",
         }) {
        check_texts({{text, text}});
    }
}

TEST(ClausesText, TakesAlgorithmAndLockOutOfExecutableComments) {
    check_texts({
        {"/*!80000 ALGORITHM=INPLACE, */ ADD a INT", "ADD a INT"},
        {"ADD a INT /*!80000 , ALGORITHM=INPLACE */", "ADD a INT"},
        {"ADD a INT /*!80000 , ALGORITHM=INPLACE, LOCK=NONE */, DROP b", "ADD a INT , DROP b"},
        {"ADD a INT, /*!80000 ALGORITHM=INPLACE */", "ADD a INT"},
        {"ADD a INT, /*!80000 ALGORITHM=INPLACE, */ DROP b", "ADD a INT, DROP b"},
        {"/*!80000 ALGORITHM=INPLACE, ADD a INT */", "/*!80000 ADD a INT */"},
        {"/*!80000 ADD a INT, LOCK=NONE, ADD b INT */", "/*!80000 ADD a INT, ADD b INT */"},
        {"/*!80000 ADD a INT, */ LOCK=NONE", "/*!80000 ADD a INT */"},
        {"LOCK=NONE /*!80000 , ADD a INT */", "/*!80000 ADD a INT */"},
        {"ADD b INT, LOCK=NONE /*!80000 , ADD a INT */", "ADD b INT /*!80000 , ADD a INT */"},
        {"ADD a INT /*!80000 , LOCK=NONE */ /*M! , ALGORITHM=NOCOPY */", "ADD a INT"},
        {"/*!80000 LOCK=NONE */", ""},
    });
}

TEST(ClausesText, RefusesToGuessAroundExecutableComments) {
    check_refused(
        {
            "ADD a INT, /*!99999 ADD b INT, */ ALGORITHM=INPLACE",
            "ALGORITHM=INPLACE /*!99999 , ADD a INT */, ADD b INT",
        },
        "cannot be taken out"
    );
}

TEST(ClausesText, RefusesExecutableCommentsAroundPartsOfAClause) {
    check_refused(
        {
            "ADD a INT /*!80000 NOT NULL, ADD b INT */",
            "/*!80000 ADD a INT, ADD b */ INT",
            "DROP /*!80000 INDEX */ a",
            "DROP a /*!80000 , DROP */ b",
            "/*!80000 DROP */ a",
            "CHANGE a /*!80000 b */ c INT",
            "RENAME COLUMN a TO /*!80000 b, RENAME COLUMN c TO */ d",
            "ALGORITHM=/*!80000 INPLACE */",
            "ADD /*!80000 (a INT), ADD */ (b INT)",
            "ADD (a INT /*!80000 NOT NULL, b INT */)",
            "ADD (a /*!80000 INT, b */ INT)",
            "ENGINE=/*!80000 InnoDB */",
        },
        "An executable comment holds only a part of the clause"
    );
}

TEST(ClausesText, ClauseTextsLeaveOutMarkersAroundThem) {
    const auto statement = parse_alter(
        "ALTER TABLE t /*!80000 ADD a INT */ , ADD b INT /*!80023 INVISIBLE */ /*! , DROP c */"
    );
    ASSERT_TRUE(statement.ok()) << statement.failure().message;
    ASSERT_EQ(statement->clauses.size(), 3U);
    EXPECT_EQ(statement->clauses[0].text, "ADD a INT");
    EXPECT_EQ(statement->clauses[1].text, "ADD b INT /*!80023 INVISIBLE */");
    EXPECT_EQ(statement->clauses[2].text, "DROP c");
}

TEST(ClausesText, NothingHidesBehindAlgorithmOrLock) {
    check_refused({"ALGORITHM=INPLACE DROP a", "LOCK=NONE, ALGORITHM=COPY ADD b INT"}, "comma");
    check_refused({"ENGINE=InnoDB LOCK=NONE", "COMMENT='x' ALGORITHM=COPY, DROP a"}, "comma");
    check_refused({"ALGORITHM", "ALGORITHM=", "LOCK=, DROP a", "LOCK='NONE'"}, "no value");
}

}  // namespace
}  // namespace doppel::statement
