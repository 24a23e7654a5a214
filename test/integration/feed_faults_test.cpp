// SPDX-License-Identifier: Apache-2.0
//
// Faults and rare shapes between the server's binlog and the replay, while the copy stands in the
// middle of the table.
#include "doppel/error.hpp"
#include "support/held_run.hpp"
#include "support/sandbox.hpp"
#include "support/twin.hpp"

#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

constexpr std::chrono::seconds kLimit{20};
constexpr unsigned kRows = 2'000;  ///< with ids 10, 20, ..
constexpr unsigned kGate = 10'250;
constexpr const char* kClauses = "ADD COLUMN note INT NOT NULL DEFAULT 7";

class FeedFaultsTest : public testing::Test {
protected:
    static void SetUpTestSuite() { sandbox_ = std::make_unique<Sandbox>(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    void SetUp() override { prepare(*sandbox_); }
    void TearDown() override {
        writers_.reset();
        run_.reset();
        schema_.reset();
    }

    void prepare(const Sandbox& sandbox) {
        schema_ = std::make_unique<Schema>(sandbox, "faults");
        schema_->execute("SET SESSION cte_max_recursion_depth = 100000");
        schema_->execute(
            "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL, name VARCHAR(30), doc "
            "LONGBLOB)"
        );
        schema_->execute("CREATE TABLE twin LIKE t");
        schema_->execute(fmt::format(
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
            "< {}) SELECT i * 10, i, CONCAT('row ', i), NULL FROM n",
            kRows
        ));
        schema_->execute("INSERT INTO twin SELECT * FROM t");
    }

    void start(const Sandbox& sandbox) {
        run_ = std::make_unique<HeldRun>(
            sandbox,
            "faults",
            std::string("ALTER TABLE faults.t ") + kClauses,
            std::vector<std::string>{"--chunk-rows=50"},
            fmt::format("INSERT INTO _t_new (id, v) VALUES ({}, 0)", kGate)
        );
    }

    void start_writer(const Sandbox& sandbox) {
        const auto next = [](unsigned, std::mt19937& random) {
            const auto id = random() % (kRows * 10);
            return TwinTransaction{
                fmt::format("INSERT IGNORE INTO {{}} (id, v) VALUES ({}, -1)", id),
                fmt::format("UPDATE {{}} SET v = {} WHERE id = {}", random() % 1'000, id / 10 * 10),
                fmt::format("DELETE FROM {{}} WHERE id = {}", id / 3),
            };
        };
        writers_ = std::make_unique<TwinWriters>(sandbox, "faults", 1, next);
    }

    /// Changes that the run has read when this returns.
    void write_and_wait(const TwinTransaction& statements) {
        const auto before = run_->events_seen();
        write_twins(schema_->session(), statements);
        ASSERT_TRUE(run_->wait_for_events_after(before)) << run_->process().err();
    }

    std::string dump_thread() {
        return schema_->scalar(
            "SELECT MAX(ID) FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'"
        );
    }

    void kill_dump_thread() {
        const std::string old = dump_thread();
        ASSERT_NE(old, "NULL");
        schema_->execute("KILL " + old);
        const auto anew = [&] {
            const std::string now = dump_thread();
            return now != "NULL" && now != old;
        };
        ASSERT_TRUE(wait_until(anew, kLimit)) << run_->process().err();
    }

    void expect_right_end() {
        if (writers_) {
            writers_->stop();
        }
        const auto finished = run_->finish();
        EXPECT_EQ(finished.code, 0) << finished.err;
        expect_like_native(schema_->session(), kClauses, "id");
        EXPECT_EQ(schema_->tables(), "_t_old,t,twin");
    }

    static std::unique_ptr<Sandbox> sandbox_;
    std::unique_ptr<Schema> schema_;
    std::unique_ptr<HeldRun> run_;
    std::unique_ptr<TwinWriters> writers_;
};

std::unique_ptr<Sandbox> FeedFaultsTest::sandbox_;

TEST_F(FeedFaultsTest, LostDumpThreadsAndNewBinlogsLoseNothing) {
    start(*sandbox_);
    start_writer(*sandbox_);
    for (int i = 0; i < 3; ++i) {
        kill_dump_thread();
        schema_->execute("FLUSH BINARY LOGS");
    }
    run_->release();
    kill_dump_thread();
    expect_right_end();
}

TEST_F(FeedFaultsTest, PositionsInFilesServeWhereThereAreNoGtids) {
    const Sandbox sandbox({"--option", "gtid_mode=OFF", "--option", "enforce_gtid_consistency=OFF"}
    );
    prepare(sandbox);
    start(sandbox);
    start_writer(sandbox);
    for (int i = 0; i < 3; ++i) {
        schema_->execute("FLUSH BINARY LOGS");
        kill_dump_thread();
    }
    run_->release();
    expect_right_end();
    run_.reset();
    schema_.reset();
}

TEST_F(FeedFaultsTest, EverySqlConnectionMayBeKilled) {
    start(*sandbox_);
    start_writer(*sandbox_);
    for (const std::string& id : run_->connections()) {
        try {
            schema_->execute("KILL " + id);
        } catch (const Error& error) {
            EXPECT_EQ(error.server_errno(), 1094U) << error.what();  // it was the dump thread's
        }
        write_and_wait({"UPDATE {} SET v = v + 1 WHERE id IN (10, 10200, 10300, 20000)"});
    }
    run_->release();
    expect_right_end();
}

TEST_F(FeedFaultsTest, RowsOfEveryShapeArrive) {
    start(*sandbox_);
    for (const char* image : {"MINIMAL", "NOBLOB", "FULL"}) {
        for (const char* compression : {"ON", "OFF"}) {
            schema_->execute(fmt::format("SET SESSION binlog_row_image = {}", image));
            schema_->execute(
                fmt::format("SET SESSION binlog_transaction_compression = {}", compression)
            );
            write_and_wait({
                "UPDATE {} SET v = v + 1, doc = CONCAT('doc ', id) WHERE id % 700 = 0",
                "UPDATE {} SET id = id + 1 WHERE id IN (20, 10210, 10310, 15000)",
                "UPDATE {} SET id = id - 1 WHERE id IN (21, 10211, 10311, 15001)",
                "UPDATE {} SET id = id + 1, name = 'moved' WHERE id IN (30, 10220, 10320)",
                "UPDATE {} SET id = id - 1 WHERE id IN (31, 10221, 10321)",
                "DELETE FROM {} WHERE id IN (40, 10230, 10330, 15030)",
                "INSERT INTO {} (id, v) VALUES (40, 1), (10230, 2), (10330, 3), (15030, 4)",
            });
        }
    }
    run_->release();
    expect_right_end();
}

TEST_F(FeedFaultsTest, LargeTransactionsAndEventsOverSixteenMebibytesArrive) {
    start(*sandbox_);
    for (const char* compression : {"OFF", "ON"}) {
        schema_->execute(fmt::format("SET SESSION binlog_transaction_compression = {}", compression)
        );
        // 17.9 MB in one row; compressed, it is a small event that unpacks to a large one.
        write_and_wait({
            "UPDATE {} SET v = v + 1",
            "UPDATE {} SET doc = REPEAT(CONCAT(SHA2(id, 256)), 280000) WHERE id = 50",
        });
    }
    write_and_wait(
        {"UPDATE {} SET id = id + 100000 WHERE id BETWEEN 5000 AND 15000 AND id <> 10250",
         "UPDATE {} SET doc = 'small' WHERE id = 50"}
    );
    run_->release();
    expect_right_end();
}

TEST_F(FeedFaultsTest, XaTransactionsCountWhenTheyCommit) {
    start(*sandbox_);
    const auto before = run_->events_seen();
    std::vector<std::unique_ptr<sql::Session>> sessions;
    for (const std::string xid : {"'kept'", "'dropped'"}) {
        sessions.push_back(sandbox_->connect());
        auto& session = *sessions.back();
        session.execute("USE faults");
        session.execute("XA START " + xid);
        const int shift = xid == "'kept'" ? 0 : 50;
        for (const char* table : {"t", "twin"}) {
            for (const int base : {100, 10'100, 10'300, 15'000}) {
                session.execute(
                    fmt::format("UPDATE {} SET v = -5 WHERE id = {}", table, base + shift)
                );
                session.execute(
                    fmt::format("DELETE FROM {} WHERE id = {}", table, base + shift + 10)
                );
                session.execute(
                    fmt::format("INSERT INTO {} (id, v) VALUES ({}, 9)", table, base + shift + 1)
                );
            }
        }
        session.execute("XA END " + xid);
        session.execute("XA PREPARE " + xid);
    }
    ASSERT_TRUE(run_->wait_for_events_after(before));
    run_->release();
    // Prepared transactions keep the cut-over waiting, so all is copied before they end.
    EXPECT_TRUE(run_->process().wait_for("\"phase\":\"cutting", kLimit));
    schema_->execute("XA ROLLBACK 'dropped'");
    schema_->execute("XA COMMIT 'kept'");
    expect_right_end();
}

struct Intrusion {
    const char* name;
    const char* statement;
    const char* said;
    const char* tables = "t,twin";
};

void PrintTo(const Intrusion& intrusion, std::ostream* out) {  // NOLINT: name given by GoogleTest
    *out << intrusion.statement;
}

class IntrusionTest : public FeedFaultsTest, public testing::WithParamInterface<Intrusion> {};

TEST_P(IntrusionTest, StopsTheRunAndLeavesTheTableToTheOther) {
    start(*sandbox_);
    auto intruded = std::async(std::launch::async, [] {
        const auto session = sandbox_->connect();
        session->execute("USE faults");
        session->execute("SET SESSION lock_wait_timeout = 20");
        session->execute("SET SESSION binlog_format = STATEMENT");
        session->execute(GetParam().statement);
    });
    // A DDL waits for the copy's statement, and gets the table before its next one.
    const auto waits_or_done = [&] {
        return intruded.wait_for(std::chrono::seconds(0)) == std::future_status::ready ||
               schema_->scalar(
                   "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE "
                   "LOCK_STATUS = 'PENDING'"
               ) != "0";
    };
    EXPECT_TRUE(wait_until(waits_or_done, kLimit));
    run_->release();
    intruded.get();
    const auto finished = run_->finish();
    EXPECT_EQ(finished.code, 1);
    EXPECT_NE((finished.err + finished.out).find(GetParam().said), std::string::npos)
        << finished.err;
    EXPECT_EQ(schema_->tables(), GetParam().tables);
}

INSTANTIATE_TEST_SUITE_P(
    Statements,
    IntrusionTest,
    testing::Values(
        Intrusion{"Alter", "ALTER TABLE t ADD COLUMN z INT", "ALTER TABLE t ADD COLUMN z"},
        Intrusion{"DropColumn", "ALTER TABLE t DROP COLUMN name", "ALTER TABLE t DROP COLUMN name"},
        Intrusion{"Truncate", "TRUNCATE TABLE t", "TRUNCATE TABLE t"},
        Intrusion{"Drop", "DROP TABLE t", "DROP TABLE", "twin"},
        Intrusion{"Rename", "RENAME TABLE t TO elsewhere", "RENAME TABLE t", "elsewhere,twin"},
        Intrusion{"CreateIndex", "CREATE INDEX by_v ON t (v)", "CREATE INDEX by_v"},
        Intrusion{
            "CreateTrigger",
            "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1",
            "TRIGGER"},
        Intrusion{"StatementFormat", "UPDATE t SET v = 0 WHERE id < 100", "UPDATE t SET v = 0"}
    ),
    [](const auto& test) { return std::string(test.param.name); }
);

}  // namespace
}  // namespace doppel::test
