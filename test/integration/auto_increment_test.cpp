// SPDX-License-Identifier: Apache-2.0
//
// The AUTO_INCREMENT counter, literal zeros, and new columns that must not be NULL: what a native
// ALTER leaves is what is left here.
#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <atomic>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

using testing::HasSubstr;

struct CounterCase {
    std::string name;
    std::string definition;
    std::vector<std::string> statements;  ///< "{}" for `t` and for `twin`
    std::string clauses = "ADD COLUMN note INT";
    std::string options = {};  ///< of the table
};

const char* const kTable = "id INT AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL";
const std::string kOneAndTen = "INSERT INTO {} VALUES (1, 4), (10, 5)";
const std::string kDeleteTen = "DELETE FROM {} WHERE id = 10";
const std::string kDeleteAll = "DELETE FROM {}";
const std::string kIntEnd = "INSERT INTO {} VALUES (2147483647, 1)";

std::vector<CounterCase> counter_cases() {
    const std::string partitioned = " PARTITION BY HASH (id) PARTITIONS 3";
    const std::string add = "ADD COLUMN note INT";
    return {
        {"Empty", kTable, {}},
        {"Emptied", kTable, {kOneAndTen, kDeleteAll}},
        {"TailDeleted", kTable, {kOneAndTen, kDeleteTen}},
        {"Negative", kTable, {"INSERT INTO {} VALUES (-7, 1)"}},
        {"Zero",
         kTable,
         {"SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", "INSERT INTO {} VALUES (0, 1)"}},
        {"StatedLower", kTable, {kOneAndTen}, "ADD COLUMN note INT, AUTO_INCREMENT = 5"},
        {"StatedLowerTailDeleted", kTable, {kOneAndTen, kDeleteTen}, "AUTO_INCREMENT 5, FORCE"},
        {"StatedHigher", kTable, {kOneAndTen}, "AUTO_INCREMENT=500, ADD COLUMN note INT"},
        {"StatedZero", kTable, {kOneAndTen, kDeleteTen}, "AUTO_INCREMENT = 0, FORCE"},
        {"EndOfType", kTable, {kIntEnd}},
        {"EndOfTypeDeleted", kTable, {kIntEnd, kDeleteAll}},
        {"EndOfTypeWidened", kTable, {kIntEnd}, "MODIFY id BIGINT AUTO_INCREMENT"},
        {"EndOfTypeDeletedWidened",
         kTable,
         {kIntEnd, kDeleteAll},
         "MODIFY id BIGINT AUTO_INCREMENT"},
        {"EndOfUnsignedBigint",
         "id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT",
         {"INSERT INTO {} VALUES (18446744073709551615, 1)"}},
        {"AttributeAdded",
         "id INT PRIMARY KEY, v INT",
         {kOneAndTen},
         "MODIFY id INT AUTO_INCREMENT"},
        {"AttributeAddedAndStated",
         "id INT PRIMARY KEY, v INT",
         {kOneAndTen},
         "MODIFY id INT AUTO_INCREMENT, AUTO_INCREMENT = 77"},
        {"AttributeRemoved", kTable, {kOneAndTen}, "MODIFY id INT"},
        {"AttributeMoves",
         kTable,
         {"INSERT INTO {} VALUES (3, 1), (700, 2)", "DELETE FROM {} WHERE id = 700"},
         "MODIFY id INT, MODIFY v INT NOT NULL AUTO_INCREMENT, ADD KEY (v)"},
        {"AttributeMovesUp",
         kTable,
         {"INSERT INTO {} VALUES (3, 500), (7, 2)"},
         "MODIFY id INT, MODIFY v INT NOT NULL AUTO_INCREMENT, ADD KEY (v)"},
        {"Renamed",
         kTable,
         {kOneAndTen, kDeleteTen},
         "RENAME COLUMN id TO v, RENAME COLUMN v TO id"},
        {"Partitioned", kTable, {kOneAndTen, kDeleteTen}, add, partitioned},
        {"PartitionedAtEnd", kTable, {kIntEnd}, add, partitioned},
        {"PartitionedAtEndDeleted", kTable, {kIntEnd, kDeleteAll}, add, partitioned},
        {"BecomesPartitioned", kTable, {kIntEnd}, "PARTITION BY HASH (id) PARTITIONS 2"},
        {"PartitionedNoMore", kTable, {kOneAndTen, kDeleteTen}, "REMOVE PARTITIONING", partitioned},
    };
}

void run_counter_case(const Sandbox& sandbox, const CounterCase& counter) {
    SCOPED_TRACE(counter.name + ": " + counter.clauses);
    Schema schema(sandbox, "n_" + counter.name);
    for (const std::string table : {"t", "twin"}) {
        schema.execute("CREATE TABLE " + table + " (" + counter.definition + ")" + counter.options);
        for (const std::string& statement : counter.statements) {
            schema.execute(fmt::format(fmt::runtime(statement), table));
        }
    }
    schema.execute("SET SESSION sql_mode = DEFAULT");
    const auto finished = sandbox.run_doppel(
        fmt::format("ALTER TABLE `{}`.t {}", schema.name(), counter.clauses), {"--no-native"}
    );
    ASSERT_EQ(finished.code, 0) << finished.err << finished.out;
    expect_like_native(schema.session(), counter.clauses, "id");
}

class AutoIncrementTest : public testing::Test {
protected:
    static void SetUpTestSuite() { sandbox_ = std::make_unique<Sandbox>(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    static std::unique_ptr<Sandbox> sandbox_;
};

std::unique_ptr<Sandbox> AutoIncrementTest::sandbox_;

TEST_F(AutoIncrementTest, IsLeftAsANativeAlterLeavesIt) {
    const auto cases = counter_cases();
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (std::size_t at = next++; at < cases.size(); at = next++) {
                try {
                    run_counter_case(*sandbox_, cases[at]);
                } catch (const std::exception& error) {
                    ADD_FAILURE() << cases[at].name << ": " << error.what();
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST_F(AutoIncrementTest, IsLoweredAfterRowsThatCameAndWent) {
    Schema schema(*sandbox_, "tail");
    schema.execute("CREATE TABLE t (id INT PRIMARY KEY, v INT)");
    schema.execute("INSERT INTO t VALUES (1, 1), (2, 1), (900, 1)");
    // The copy takes row 900 along; it goes while the cut-over cannot be made yet.
    const auto holder = sandbox_->connect();
    holder->execute("START TRANSACTION");
    holder->execute("SELECT COUNT(*) FROM tail.t");
    Process run(
        sandbox_->doppel_command(
            "ALTER TABLE tail.t MODIFY id INT AUTO_INCREMENT",
            {"--no-native", "--lock-wait-timeout=1s"}
        ),
        sandbox_->environment()
    );
    ASSERT_TRUE(run.wait_for("\"phase\":\"cutting_over\"", std::chrono::seconds(60))) << run.out();
    schema.execute("DELETE FROM t WHERE id = 900");
    holder->execute("COMMIT");
    EXPECT_EQ(run.wait(std::chrono::seconds(120)), 0) << run.err();
    EXPECT_THAT(definition_of(schema.session(), "t"), HasSubstr(" AUTO_INCREMENT=3 "));
}

TEST_F(AutoIncrementTest, ANewNumberedColumnIsAnnounced) {
    Schema schema(*sandbox_, "numbered");
    schema.execute("CREATE TABLE t (k VARCHAR(9) PRIMARY KEY, v INT)");
    schema.execute("INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3)");
    const auto finished = sandbox_->run_doppel(
        "ALTER TABLE numbered.t ADD COLUMN id BIGINT NOT NULL AUTO_INCREMENT UNIQUE",
        {"--no-native"}
    );
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_THAT(finished.out, HasSubstr("numbers the rows as they are copied"));
    EXPECT_EQ(schema.scalar("SELECT COUNT(DISTINCT id) FROM t"), "3");
}

TEST_F(AutoIncrementTest, AColumnThatAllowsNullIsNotNumbered) {
    Schema schema(*sandbox_, "nulls");
    schema.execute("CREATE TABLE t (id INT PRIMARY KEY, v INT UNIQUE)");
    schema.execute("INSERT INTO t VALUES (1, NULL), (2, 7), (3, NULL)");
    const std::string clauses = "CHANGE v number INT AUTO_INCREMENT";
    auto finished = sandbox_->run_doppel("ALTER TABLE nulls.t " + clauses);
    EXPECT_EQ(finished.code, 3) << finished.err;
    EXPECT_THAT(finished.out, HasSubstr("numbers-for-null"));
    EXPECT_THAT(finished.out, HasSubstr("column `v` of nulls.t allows NULL"));
    EXPECT_EQ(schema.tables(), "t");
    EXPECT_EQ(schema.scalar("SELECT COUNT(*) FROM t WHERE v IS NULL"), "2");
    // The way that the hint shows.
    schema.execute("UPDATE t SET v = id * 10 WHERE v IS NULL");
    schema.execute("CREATE TABLE twin LIKE t");
    schema.execute("INSERT INTO twin SELECT * FROM t");
    finished = sandbox_->run_doppel("ALTER TABLE nulls.t MODIFY v INT NOT NULL", {"--drop-old"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    finished = sandbox_->run_doppel("ALTER TABLE nulls.t " + clauses);
    EXPECT_EQ(finished.code, 0) << finished.err;
    expect_like_native(schema.session(), clauses, "id");
}

TEST_F(AutoIncrementTest, NewColumnsThatMustNotBeNullAreFilledAsNatively) {
    Schema schema(*sandbox_, "filled");
    for (const char* table : {"t", "twin"}) {
        schema.execute(fmt::format("CREATE TABLE {} (id INT PRIMARY KEY, v INT)", table));
        schema.execute(fmt::format("INSERT INTO {} VALUES (1, 1), (2, 2)", table));
    }
    const std::string clauses =
        "ADD COLUMN j JSON NOT NULL, ADD COLUMN ts TIMESTAMP NOT NULL, ADD COLUMN b BIT(9) NOT "
        "NULL, "
        "ADD COLUMN e ENUM('x', 'y') NOT NULL, ADD COLUMN s SET('x') NOT NULL, "
        "ADD COLUMN y YEAR NOT NULL, ADD COLUMN c BINARY(3) NOT NULL, ADD COLUMN f DOUBLE NOT NULL";
    const auto finished = sandbox_->run_doppel("ALTER TABLE filled.t " + clauses, {"--no-native"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    expect_like_native(schema.session(), clauses + ", ALGORITHM=COPY", "id");
}

TEST_F(AutoIncrementTest, NewColumnsWithoutAValueWantAnEmptyTable) {
    Schema schema(*sandbox_, "dates");
    const std::string clauses =
        "ADD COLUMN d DATE NOT NULL, ADD COLUMN g POINT NOT NULL, ADD COLUMN x VECTOR(2) NOT NULL";
    for (const char* table : {"t", "twin"}) {
        schema.execute(fmt::format("CREATE TABLE {} (id INT PRIMARY KEY)", table));
    }
    auto finished = sandbox_->run_doppel("ALTER TABLE dates.t " + clauses, {"--no-native"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    expect_like_native(schema.session(), clauses, "id");

    schema.execute("DROP TABLE _t_old, t");
    schema.execute("CREATE TABLE t (id INT PRIMARY KEY)");
    schema.execute("INSERT INTO t VALUES (1)");
    for (const char* column : {"d DATE", "g POINT", "x VECTOR(2)"}) {
        finished = sandbox_->run_doppel(
            fmt::format("ALTER TABLE dates.t ADD COLUMN {} NOT NULL", column), {"--no-native"}
        );
        EXPECT_EQ(finished.code, 5) << column;
        EXPECT_THAT(finished.err, HasSubstr("give it a DEFAULT or allow NULL"));
        EXPECT_EQ(schema.tables(), "t,twin");
    }
}

TEST_F(AutoIncrementTest, ADefaultThatSqlModeForbidsIsJudgedAsNatively) {
    Schema schema(*sandbox_, "zero");
    schema.execute("SET SESSION sql_mode = ''");
    for (const char* table : {"t", "twin"}) {
        schema.execute(fmt::format(
            "CREATE TABLE {} (id INT PRIMARY KEY, d DATETIME DEFAULT '0000-00-00 00:00:00', "
            "CONSTRAINT {}_positive CHECK (id > 0))",
            table,
            table
        ));
        schema.execute(fmt::format("INSERT INTO {} VALUES (1, '2001-01-01')", table));
    }
    schema.execute("SET SESSION sql_mode = DEFAULT");
    // The server refuses any change that keeps it.
    auto finished = sandbox_->run_doppel("ALTER TABLE zero.t ADD COLUMN n INT", {"--no-native"});
    EXPECT_EQ(finished.code, 2);
    EXPECT_THAT(finished.err, HasSubstr("Invalid default value for 'd'"));
    const std::string clauses = "MODIFY id BIGINT, ALTER d DROP DEFAULT";
    finished = sandbox_->run_doppel("ALTER TABLE zero.t " + clauses, {"--no-native"});
    EXPECT_EQ(finished.code, 0) << finished.err;
    schema.execute("ALTER TABLE t DROP CHECK _t_positive");
    schema.execute("SET SESSION sql_mode = ''");
    schema.execute("ALTER TABLE twin DROP CHECK twin_positive");
    schema.execute("SET SESSION sql_mode = DEFAULT");
    expect_like_native(schema.session(), clauses, "id");
}

}  // namespace
}  // namespace doppel::test
