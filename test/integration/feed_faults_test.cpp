// SPDX-License-Identifier: Apache-2.0
//
// Faults and rare shapes between the server's binlog and the replay, while the copy stands in the
// middle of the table.
#include "doppel/error.hpp"
#include "feed_run_fixture.hpp"

#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

/// Ids are 10, 20, ..
class FeedFaultsTest : public FeedRunTest {
protected:
    static void SetUpTestSuite() { sandbox_ = std::make_unique<Sandbox>(); }
    static void TearDownTestSuite() { sandbox_.reset(); }

    void SetUp() override { prepare(*sandbox_); }

    void start_writer(const Sandbox& sandbox) {
        const auto next = [](unsigned, std::mt19937& random) {
            const auto id = random() % (kRows * 10);
            return TwinTransaction{
                fmt::format("INSERT IGNORE INTO {{}} (id, v) VALUES ({}, -1)", id),
                fmt::format("UPDATE {{}} SET v = {} WHERE id = {}", random() % 1'000, id / 10 * 10),
                fmt::format("DELETE FROM {{}} WHERE id = {}", id / 3),
            };
        };
        writers_ = std::make_unique<TwinWriters>(sandbox, "faults", 1, next, kModestPause);
    }

    std::string dump_thread() {
        return schema_->scalar(
            "SELECT MAX(ID) FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'"
        );
    }

    void kill_dump_thread() {
        const std::string old = dump_thread();
        ASSERT_NE(old, "NULL");
        try {
            schema_->execute("KILL " + old);
        } catch (const Error& error) {
            EXPECT_EQ(error.server_errno(), 1094U) << error.what();  // it has ended by itself
        }
        const auto anew = [&] {
            const std::string now = dump_thread();
            return now != "NULL" && now != old;
        };
        ASSERT_TRUE(wait_until(anew, kLimit)) << run_->process().err();
    }

    static std::unique_ptr<Sandbox> sandbox_;
};

std::unique_ptr<Sandbox> FeedFaultsTest::sandbox_;

TEST_F(FeedFaultsTest, LostDumpThreadsAndNewBinlogsLoseNothing) {
    start(*sandbox_);
    start_writer(*sandbox_);
    for (int i = 0; i < 3; ++i) {
        kill_dump_thread();
        schema_->execute("FLUSH BINARY LOGS");
    }
    // Keeps the cut-over waiting, or the run might be done before its feed is lost.
    const auto reader = sandbox_->connect();
    reader->execute("USE faults");
    reader->execute("START TRANSACTION");
    reader->query("SELECT id FROM t LIMIT 1");
    run_->release();
    kill_dump_thread();
    reader->execute("COMMIT");
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

/// The most memory that the process ever had, in MiB.
std::size_t peak_mebibytes(pid_t process) {
    std::ifstream status(fmt::format("/proc/{}/status", process));
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmHWM:", 0) == 0) {
            return std::stoul(line.substr(6)) / 1024;
        }
    }
    return 0;
}

TEST_F(FeedFaultsTest, ATransactionOfSeveralHundredMegabytesArrives) {
    start(*sandbox_);
    // 64 kB in each of 2,000 rows of two tables: 256 MB of row events in one transaction.
    write_and_wait({"UPDATE {} SET doc = REPEAT(UNHEX(SHA2(id, 512)), 1000)"});
    const std::size_t peak = peak_mebibytes(run_->process().pid());
    EXPECT_GT(peak, 0U);
    EXPECT_LT(peak, 100U) << "MiB";
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

}  // namespace
}  // namespace doppel::test
