// SPDX-License-Identifier: Apache-2.0
//
// What other sessions do to the table while it is copied, and which must end the run with what was
// seen, where, and by whom.
#include "feed_run_fixture.hpp"

#include <ostream>
#include <regex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

using testing::HasSubstr;

struct Intrusion {
    const char* name;
    std::vector<std::string> statements;
    const char* said;
    const char* tables = "t,twin";
    bool logged = true;
    bool partitioned = false;
};

void PrintTo(const Intrusion& intrusion, std::ostream* out) {  // NOLINT: name given by GoogleTest
    *out << intrusion.name;
}

class IntrusionTest : public FeedEventsTest, public testing::WithParamInterface<Intrusion> {};

TEST_P(IntrusionTest, StopsTheRunAndLeavesTheTableToTheOther) {
    const Intrusion& intrusion = GetParam();
    const std::string partitions =
        intrusion.partitioned ? " PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (5000), "
                                "PARTITION p1 VALUES LESS THAN MAXVALUE)"
                              : "";
    prepare(server(), fmt::format("({}){}", kColumns, partitions));
    start(server());
    const std::uint64_t connection = run_beside(intrusion.statements);
    const auto finished = run_->finish();
    const std::string said = finished.err + finished.out;
    EXPECT_EQ(finished.code, 1);
    EXPECT_THAT(said, HasSubstr(intrusion.said));
    if (intrusion.logged) {
        const std::regex place(fmt::format(
            "seen at binlog[.][0-9]+:[0-9]+, GTID [0-9a-f-]+:[0-9]+, connection {}\\)", connection
        ));
        EXPECT_TRUE(std::regex_search(said, place)) << said;
    }
    EXPECT_EQ(schema_->tables(), intrusion.tables);
}

constexpr const char* kUnlogged = "SET SESSION sql_log_bin = 0";
constexpr const char* kAsText = "SET SESSION binlog_format = STATEMENT";

/// What leaves no trace in the binlog, and of which the run would never hear at the cut-over.
class ServerIntrusionTest : public FeedEventsTest {
protected:
    void expect_stop(
        const std::string& statement, const testing::Matcher<const std::string&>& said
    ) {
        prepare(server());
        schema_->execute("SET GLOBAL sync_binlog = 1");
        start(server());
        schema_->execute(statement);
        EXPECT_TRUE(run_->process().wait_for("that the run relies on is lost", kLimit))
            << run_->process().out();
        run_->release();
        const auto finished = run_->finish();
        EXPECT_EQ(finished.code, 1);
        EXPECT_THAT(finished.err, said);
        EXPECT_EQ(schema_->tables(), "t,twin");
    }
};

TEST_F(ServerIntrusionTest, CommitsThatAreNoLongerDurableStopTheRun) {
    expect_stop(
        "SET GLOBAL sync_binlog = 0",
        HasSubstr("sync_binlog was changed from 1 to 0 during the run")
    );
}

TEST_F(ServerIntrusionTest, ABinlogThatBeginsAnewStopsTheRun) {
    // Whoever looks first, the guard or the feed.
    expect_stop(
        "RESET BINARY LOGS AND GTIDS",
        testing::AnyOf(
            HasSubstr("the binlog begins anew"), HasSubstr("the server cannot send its binlog")
        )
    );
}

INSTANTIATE_TEST_SUITE_P(
    Statements,
    IntrusionTest,
    testing::Values(
        Intrusion{"Alter", {"ALTER TABLE t ADD COLUMN z INT"}, "ALTER TABLE t ADD COLUMN z"},
        Intrusion{"Truncate", {"TRUNCATE TABLE t"}, "TRUNCATE TABLE t"},
        Intrusion{
            "TruncateInAnsiQuotes",
            {"SET SESSION sql_mode = 'ANSI_QUOTES'", "TRUNCATE TABLE \"t\""},
            "TRUNCATE TABLE"},
        Intrusion{"Drop", {"DROP TABLE t"}, "DROP TABLE", "twin"},
        Intrusion{"DropDatabase", {"DROP DATABASE faults"}, "DROP DATABASE faults", "NULL"},
        Intrusion{
            "RenameOfSeveral",
            {"RENAME TABLE twin TO other, t TO elsewhere, other TO t"},
            "RENAME TABLE twin",
            "elsewhere,t"},
        Intrusion{"CreateIndex", {"CREATE INDEX by_v ON t (v)"}, "CREATE INDEX by_v"},
        Intrusion{
            "CreateTrigger",
            {"CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1"},
            "TRIGGER"},
        Intrusion{
            "ForeignKey",
            {"CREATE TABLE child (id INT, FOREIGN KEY (id) REFERENCES t (id))"},
            "REFERENCES t",
            "child,t,twin"},
        Intrusion{
            "DropPartition",
            {"ALTER TABLE t DROP PARTITION p0"},
            "DROP PARTITION p0",
            "t,twin",
            true,
            true},
        Intrusion{
            "ExchangePartition",
            {"CREATE TABLE x LIKE t",
             "ALTER TABLE x REMOVE PARTITIONING",
             "ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE x"},
            "EXCHANGE PARTITION p0",
            "t,twin,x",
            true,
            true},
        Intrusion{
            "StatementFormat",
            {kAsText, "UPDATE t SET v = 0 WHERE id < 100"},
            "UPDATE t SET v = 0"},
        Intrusion{
            "StatementFormatThroughAView",
            {kAsText, "CREATE VIEW w AS SELECT * FROM t WHERE id = 100", "DELETE FROM w"},
            "logged as text instead of its rows, so what it changed is unknown: DELETE FROM w",
            "t,twin,w"},
        Intrusion{
            "LoadDataAsText",
            {"SELECT 77, 1 INTO OUTFILE '{file}'",
             kAsText,
             "LOAD DATA INFILE '{file}' INTO TABLE t (id, v)"},
            "LOAD DATA"},
        Intrusion{
            "UnloggedColumn",
            {kUnlogged,
             "ALTER TABLE t ADD COLUMN z INT",
             "SET SESSION sql_log_bin = 1",
             "UPDATE t SET v = 1 WHERE id = 10"},
            "by a statement that is not in the binlog",
            "t,twin",
            false},
        Intrusion{
            "UnloggedType",
            {kUnlogged,
             "ALTER TABLE t MODIFY v BIGINT NOT NULL",
             "SET SESSION sql_log_bin = 1",
             "UPDATE t SET v = 1 WHERE id = 10"},
            "by a statement that is not in the binlog",
            "t,twin",
            false},
        Intrusion{
            "UnloggedTrigger",
            {kUnlogged, "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1"},
            "it has got the trigger tr",
            "t,twin",
            false},
        Intrusion{
            "CommitsOutOfOrder",
            {"SET GLOBAL binlog_order_commits = OFF", "SET GLOBAL binlog_order_commits = ON"},
            "binlog_order_commits was changed during the run",
            "t,twin",
            false}
    ),
    [](const auto& test) { return std::string(test.param.name); }
);

}  // namespace
}  // namespace doppel::test
