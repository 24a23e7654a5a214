// SPDX-License-Identifier: Apache-2.0
//
// The comparison by which the differential cases are judged must see the smallest differences.
#include "differential/contents.hpp"

#include "support/sandbox.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::differential {
namespace {

class ComparedContents : public testing::Test {
protected:
    static void SetUpTestSuite() { sandbox_ = std::make_unique<test::Sandbox>(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    ComparedContents() : ours_(*sandbox_, "d"), twin_(*sandbox_, "d_twin") {
        make(ours_);
        make(twin_);
    }

    static void make(test::Schema& schema) {
        schema.execute("DROP TABLE IF EXISTS t");
        schema.execute(
            "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, f FLOAT, d DOUBLE, j JSON, "
            "v VARCHAR(20) NOT NULL DEFAULT 'd', b VARBINARY(20), e ENUM('x','y'), n DECIMAL(5,2), "
            "s TIMESTAMP(6) NULL, g GEOMETRY, k BIT(9), w VECTOR(2), i INT INVISIBLE, KEY (v), "
            "CONSTRAINT ck_u0 CHECK (n > 0), CHECK (n < 100))"
        );
        schema.execute(
            "INSERT INTO t (id, f, d, j, v, b, e, n, s, g, k, w, i) VALUES (1, 0.1, 0.1, '[1]', "
            "'a', X'0061', 'x', 1.10, '2024-05-05 10:00:00.5', ST_GeomFromText('POINT(1 2)', 0), "
            "5, "
            "X'0000803F0000803F', 7), (2, 0, 0, '{\"a\": 1}', '', NULL, NULL, NULL, NULL, NULL, "
            "NULL, NULL, NULL)"
        );
    }

    std::string difference() {
        return compare(
                   read_contents(ours_.session(), "d", "t"),
                   read_contents(ours_.session(), "d_twin", "t")
        )
            .what;
    }
    /// What is seen of one change; the table is as before afterwards.
    std::string seen_after(const std::string& statement) {
        ours_.execute("START TRANSACTION");
        ours_.execute(statement);
        std::string seen = difference();
        ours_.execute("ROLLBACK");
        return seen;
    }

    static std::unique_ptr<test::Sandbox> sandbox_;
    test::Schema ours_;
    test::Schema twin_;
};

std::unique_ptr<test::Sandbox> ComparedContents::sandbox_;

TEST_F(ComparedContents, AreEqualOfEqualTables) {
    EXPECT_EQ(difference(), "");
}

TEST_F(ComparedContents, DifferInEveryBitOfTheData) {
    for (const char* change :
         {"f = 0.10000001 WHERE id = 1",
          "d = 0.1 + 1.4e-17 WHERE id = 1",
          "f = -0e0 WHERE id = 2",
          "d = -0e0 WHERE id = 2",
          "j = '{\"a\": \"1\"}' WHERE id = 2",
          "j = 'null' WHERE id = 2",
          "v = 'A' WHERE id = 1",
          "v = 'a ' WHERE id = 1",
          "v = CONCAT('a', CHAR(0)) WHERE id = 1",
          "b = X'006100' WHERE id = 1",
          "b = '' WHERE id = 2",
          "e = 'y' WHERE id = 1",
          "n = 1.11 WHERE id = 1",
          "s = '2024-05-05 10:00:00.500001' WHERE id = 1",
          "g = ST_GeomFromText('POINT(1 2)', 4326) WHERE id = 1",
          "k = 4 WHERE id = 1",
          "w = X'0000803F0100803F' WHERE id = 1",
          "i = 8 WHERE id = 1"}) {
        EXPECT_EQ(seen_after(std::string("UPDATE t SET ") + change), "data") << change;
    }
    EXPECT_EQ(seen_after("DELETE FROM t WHERE id = 2"), "data");
}

// UPDATE does not write a JSON value that compares equal to the old one, as 1.0 does to 1.
TEST_F(ComparedContents, DifferInTheTypesInsideJson) {
    for (const char* value : {"'[1.0]'", "JSON_ARRAY(CAST(1 AS UNSIGNED))", "JSON_ARRAY(1.0)"}) {
        ours_.execute("UPDATE t SET j = NULL WHERE id = 1");
        ours_.execute(fmt::format("UPDATE t SET j = {} WHERE id = 1", value));
        EXPECT_EQ(difference(), "data") << value;
    }
    ours_.execute("UPDATE t SET j = NULL WHERE id = 1");
    ours_.execute("UPDATE t SET j = '[1]' WHERE id = 1");
    EXPECT_EQ(difference(), "");
}

TEST_F(ComparedContents, DifferInTheDefinition) {
    for (const char* change :
         {"AUTO_INCREMENT = 50",
          "ALTER COLUMN v SET DEFAULT 'e'",
          "ALTER COLUMN i SET VISIBLE",
          "ALTER INDEX v INVISIBLE",
          "RENAME INDEX v TO w",
          "MODIFY e ENUM('y','x')",
          "MODIFY v VARCHAR(21) NOT NULL DEFAULT 'd'",
          "MODIFY b VARBINARY(20) FIRST",
          "DROP CHECK ck_u0",
          "ALTER CHECK ck_u0 NOT ENFORCED",
          "COMMENT = 'c'",
          "ROW_FORMAT = COMPACT"}) {
        make(ours_);
        ours_.execute(std::string("ALTER TABLE t ") + change);
        EXPECT_EQ(difference(), "definition") << change;
    }
}

TEST_F(ComparedContents, DoNotDifferByTheSpellingOfColumnsInChecks) {
    ours_.execute("ALTER TABLE t RENAME COLUMN n TO N");
    twin_.execute("ALTER TABLE t RENAME COLUMN n TO N");
    ASSERT_EQ(difference(), "");
    twin_.execute("ALTER TABLE t COMMENT = 'printed anew'");
    twin_.execute("ALTER TABLE t COMMENT = ''");
    const auto text = [](test::Schema& schema) {
        return schema.session().query("SHOW CREATE TABLE t").rows.at(0).at(1).value_or("");
    };
    EXPECT_NE(text(ours_), text(twin_)) << "what the server once did";
    EXPECT_EQ(difference(), "");
    twin_.execute("ALTER TABLE t DROP CHECK ck_u0, ADD CONSTRAINT ck_u0 CHECK (i > 0)");
    EXPECT_EQ(difference(), "definition");
}

TEST_F(ComparedContents, DoNotDifferByNamesOfOurs) {
    ours_.execute("RENAME TABLE t TO _t_old");
    ours_.execute("ALTER TABLE _t_old DROP CHECK ck_u0, ADD CONSTRAINT _ck_u0 CHECK (n > 0)");
    const auto old = read_contents(ours_.session(), "d", "_t_old");
    EXPECT_EQ(compare(old, read_contents(ours_.session(), "d_twin", "t")).text, "");
}

}  // namespace
}  // namespace doppel::differential
