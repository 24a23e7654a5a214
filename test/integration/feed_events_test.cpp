// SPDX-License-Identifier: Apache-2.0
//
// What other sessions do to the table while it is copied, and which must arrive in the new table.
#include "doppel/error.hpp"
#include "feed_run_fixture.hpp"
#include "support/proxy.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::test {
namespace {

using testing::HasSubstr;

TEST_F(FeedEventsTest, StatementsThatChangeNoRowOfTheTableDoNoHarm) {
    prepare(server());
    start(server());
    run_beside({
        "ANALYZE TABLE t",
        "CREATE USER IF NOT EXISTS guest",
        "GRANT SELECT ON faults.t TO guest",
        "REVOKE SELECT ON faults.t FROM guest",
        "CREATE TABLE other SELECT * FROM t",
        "CREATE TABLE other2 LIKE t",
        "INSERT INTO other2 SELECT * FROM t",
        "CREATE TRIGGER tr BEFORE INSERT ON other2 FOR EACH ROW SET NEW.v = 1",
        "RENAME TABLE other TO other3",
        "TRUNCATE TABLE other3",
        "CREATE VIEW w AS SELECT * FROM t",
        "DROP VIEW w",
        "DROP TABLE other2, other3",
        "CREATE DATABASE IF NOT EXISTS faults2",
        "CREATE TABLE faults2.t (a INT)",
        "ALTER TABLE faults2.t ADD COLUMN b INT",
        "TRUNCATE TABLE faults2.t",
        "DROP DATABASE faults2",
        "SET SESSION binlog_format = STATEMENT",
        "CREATE TEMPORARY TABLE t (a INT)",
        "DROP TEMPORARY TABLE t",
        "SET SESSION binlog_format = ROW",
        "FLUSH TABLES t",
        "REPAIR TABLE t",
        "OPTIMIZE TABLE t",
    });
    expect_right_end();
}

TEST_F(FeedEventsTest, RowsArriveHoweverTheyAreWritten) {
    prepare(
        server(),
        fmt::format(
            "({}, a JSON, b JSON, c JSON, d JSON, e JSON, f JSON, g JSON, h JSON, j JSON)", kColumns
        )
    );
    const TwinTransaction documents = {
        "UPDATE {} SET a = JSON_OBJECT('n', 1, 's', REPEAT('x', 50)), j = JSON_ARRAY(1, 2.50, "
        "'y')"};
    write_twins(schema_->session(), documents);
    std::remove(file().c_str());
    schema_->execute("SELECT id + 100000, v FROM t WHERE id < 500 INTO OUTFILE '" + file() + "'");
    start(server());
    schema_->execute("SET SESSION binlog_rows_query_log_events = ON");
    schema_->execute("SET SESSION binlog_row_value_options = PARTIAL_JSON");
    for (const char* image : {"FULL", "MINIMAL", "NOBLOB"}) {
        schema_->execute(fmt::format("SET SESSION binlog_row_image = {}", image));
        write_and_wait({
            "UPDATE {} SET a = JSON_SET(a, '$.n', v), v = v + 1 WHERE id % 300 = 0",
            "UPDATE {} SET j = JSON_REPLACE(j, '$[0]', v), a = JSON_REMOVE(a, '$.s') WHERE id % "
            "700 "
            "= 0",
            "UPDATE {} SET id = id + 1, j = JSON_SET(j, '$[1]', 7) WHERE id IN (20, 10210, 10310)",
            "UPDATE {} SET id = id - 1 WHERE id IN (21, 10211, 10311)",
        });
    }
    schema_->execute("SET SESSION gtid_next = 'AUTOMATIC:feed_events'");
    write_and_wait({
        "SAVEPOINT a",
        "UPDATE {} SET v = -1 WHERE id IN (100, 10100, 10300, 15000)",
        "SAVEPOINT b",
        "DELETE FROM {} WHERE id > 9000",
        "ROLLBACK TO b",
        "INSERT INTO {} (id, v) VALUES (101, 1)",
    });
    schema_->execute("SET SESSION gtid_next = 'AUTOMATIC'");
    write_and_wait({
        "LOAD DATA INFILE '" + file() + "' INTO TABLE {} (id, v)",
        "INSERT INTO {} (id, v) SELECT n.id + 200000, n.v FROM {} n",
        "REPLACE INTO {} (id, v) VALUES (110, 5), (10110, 5), (10310, 5)",
        "INSERT INTO {} (id, v) VALUES (120, 1), (10120, 1), (10320, 1) ON DUPLICATE KEY UPDATE v "
        "= "
        "v + 100",
        "UPDATE {} x JOIN {} y ON y.id = x.id + 10 SET x.v = 3 WHERE x.id IN (130, 10130, 10330)",
        "DELETE x FROM {} x JOIN {} y ON y.id = x.id WHERE x.id IN (140, 10140, 10340)",
    });
    run_->release();
    const auto status = schema_->session().query("SHOW BINARY LOG STATUS");
    const auto events =
        schema_->session().query("SHOW BINLOG EVENTS IN '" + status.rows.at(0).at(0).value() + "'");
    for (const char* type : {"Update_rows_partial", "Rows_query", "Gtid_tagged_log_event"}) {
        EXPECT_TRUE(std::any_of(events.rows.begin(), events.rows.end(), [&](const sql::Row& row) {
            return row.at(2) == type;
        })) << type;
    }
    expect_right_end();
}

TEST_F(FeedEventsTest, OtherSettingsOfTheBinlogWork) {
    const Sandbox sandbox(
        {"--option",
         "gtid_mode=OFF",
         "--option",
         "enforce_gtid_consistency=OFF",
         "--option",
         "binlog_checksum=NONE",
         "--option",
         "binlog_row_metadata=FULL",
         "--option",
         "binlog_cache_size=4096",
         "--option",
         "binlog_transaction_compression=ON"}
    );
    prepare(sandbox);
    start(sandbox);
    const TwinTransaction changes = {
        "UPDATE {} SET v = v + 1, doc = CONCAT('doc ', id) WHERE id % 300 = 0",
        "UPDATE {} SET id = id + 1 WHERE id % 700 = 0",
        "DELETE FROM {} WHERE id % 1100 = 0",
    };
    write_and_wait(changes);
    schema_->execute("SET GLOBAL binlog_checksum = CRC32");
    schema_->execute("SET GLOBAL binlog_row_metadata = MINIMAL");
    write_and_wait({"UPDATE {} SET v = v + 1 WHERE id % 500 = 0"});
    schema_->execute("SET GLOBAL binlog_checksum = NONE");
    write_and_wait({"UPDATE {} SET v = v + 1 WHERE id % 400 = 0"});
    run_->release();
    expect_right_end();
    run_.reset();
    schema_.reset();
}

/// "VmHWM:  12345 kB" of a process: the most memory it ever had.
std::size_t peak_kilobytes(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stoul(line.substr(6));
        }
    }
    return 0;
}

TEST_F(FeedEventsTest, ATransactionOfMoreThanAHundredMegabytesNeedsLittleMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr std::size_t kPeakKilobytesMax = 1'000'000;  // what is freed is kept for a while
#else
    constexpr std::size_t kPeakKilobytesMax = 100'000;
#endif
    prepare(server());
    start(server());
    // Its keys do not wait for each other; its bytes are in no memory of ours.
    schema_->execute("SET SESSION binlog_transaction_compression = OFF");
    const auto before = run_->events_seen();
    schema_->execute(
        "UPDATE t SET doc = REPEAT(CONCAT(SHA2(id, 512), SHA2(id + 1, 512)), 240), v = -1"
    );
    ASSERT_TRUE(run_->wait_for_events_after(before + kRows - 1)) << run_->process().err();
    EXPECT_LT(peak_kilobytes(run_->process().pid()), kPeakKilobytesMax);
    run_->release();
    const auto finished = run_->finish();
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(
        schema_->scalar(
            "SELECT COUNT(*) FROM t JOIN _t_old o USING (id) WHERE t.doc = o.doc AND t.v = o.v AND "
            "LENGTH(t.doc) = 61440"
        ),
        std::to_string(kRows)
    );
}

// ---- XA

TEST_F(FeedEventsTest, XaTransactionsOfEveryOutcomeCountAsTheyEnd) {
    prepare(server());
    start(server());
    const auto before = run_->events_seen();
    std::vector<std::unique_ptr<sql::Session>> sessions;
    sessions.push_back(prepare_xa("'kept'", 0));
    sessions.push_back(prepare_xa("'dropped'", 20));
    sessions.push_back(prepare_xa("'format','x',5000000000", 40));
    auto session = application();
    session->execute("SET SESSION binlog_transaction_compression = ON");
    session->execute("XA START 'packed'");
    change_rows(*session, 60);
    session->execute("XA END 'packed'");
    session->execute("XA PREPARE 'packed'");
    session->execute("XA START 'one phase'");
    change_rows(*session, 80);
    session->execute("XA END 'one phase'");
    session->execute("XA COMMIT 'one phase' ONE PHASE");
    session->execute("XA START 'unprepared'");
    change_rows(*session, 100);
    session->execute("XA END 'unprepared'");
    session->execute("XA ROLLBACK 'unprepared'");
    session->execute("XA START 'reader'");
    session->execute("SELECT COUNT(*) FROM t");
    session->execute("XA END 'reader'");
    session->execute("XA PREPARE 'reader'");
    session->execute("XA COMMIT 'reader'");
    ASSERT_TRUE(run_->wait_for_events_after(before + 50)) << run_->process().err();
    // The connection is lost between the preparation and the end.
    for (const auto& row :
         session
             ->query("SELECT ID FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog D%'")
             .rows) {
        try {
            session->execute("KILL " + row.at(0).value());
        } catch (const Error& error) {
            EXPECT_EQ(error.server_errno(), 1094U) << error.what();  // it has ended by itself
        }
    }
    sessions[2]->execute("XA COMMIT 'format','x',5000000000");
    run_->release();
    // Prepared transactions keep the cut-over waiting, so all is copied before they end.
    EXPECT_TRUE(run_->process().wait_for("\"phase\":\"cutting", kLimit)) << run_->process().err();
    schema_->execute("XA ROLLBACK 'dropped'");
    schema_->execute("XA COMMIT 'packed'");
    schema_->execute("XA COMMIT 'kept'");
    expect_right_end();
}

TEST_F(FeedEventsTest, AnXaTransactionThatARestartRecoveredCountsWhenItCommits) {
    prepare(server());
    start(server());
    const auto before = run_->events_seen();
    const auto prepared = prepare_xa("'kept'", 0);
    ASSERT_TRUE(run_->wait_for_events_after(before)) << run_->process().err();
    server().control("kill");
    server().control("start");
    EXPECT_TRUE(run_->process().wait_for("\"phase\":\"cutting", std::chrono::seconds(60)))
        << run_->process().err();
    const auto session = application();
    session->execute("XA COMMIT 'kept'");
    const auto finished = run_->finish();
    EXPECT_EQ(finished.code, 0) << finished.err;
    expect_like_native(*session, kClauses, "id");
}

/// A run that is not held.
class FreeRunTest : public FeedEventsTest {
protected:
    void start_free(const std::vector<std::string>& options = {}) {
        std::vector<std::string> all = options;
        all.emplace_back("--no-native");
        process_ = std::make_unique<Process>(
            server().doppel_command(std::string("ALTER TABLE faults.t ") + kClauses, all),
            server().environment()
        );
    }

    std::unique_ptr<Process> process_;
};

TEST_F(FreeRunTest, AnXaTransactionPreparedBeforeTheStartIsWaitedFor) {
    prepare(server());
    const auto prepared = prepare_xa("'early'", 0);
    start_free();
    ASSERT_TRUE(process_->wait_for("\"phase\":\"preparing", kLimit)) << process_->err();
    EXPECT_FALSE(process_->wait_for("\"phase\":\"copying", std::chrono::seconds(1)));
    schema_->execute("XA COMMIT 'early'");
    EXPECT_EQ(process_->wait(kLimit), 0) << process_->err();
    expect_like_native(schema_->session(), kClauses, "id");
}

// The server does not list it as prepared any more, and the feed has not come to its end yet.
TEST_F(FreeRunTest, AnXaTransactionThatEndsWhileTheFeedIsSlowIsReadBeforeAChunkBegins) {
    prepare(server());
    Proxy way("127.0.0.1", static_cast<std::uint16_t>(std::stoul(server().get("DOPPEL_PORT"))));
    const auto prepared = prepare_xa("'early'", 0);
    start_free(
        {fmt::format("--port={}", way.port()), "--ssl-mode=disabled", "--get-server-public-key"}
    );
    ASSERT_TRUE(process_->wait_for("\"phase\":\"preparing", kLimit)) << process_->err();
    EXPECT_FALSE(process_->wait_for("\"phase\":\"copying", std::chrono::seconds(2)));
    ASSERT_TRUE(wait_until([&] { return way.count(Proxy::Which::feed) == 1; }, kLimit))
        << process_->err();
    EXPECT_EQ(way.slow(Proxy::Which::feed, 100), 1U);
    schema_->execute("XA COMMIT 'early'");
    std::this_thread::sleep_for(std::chrono::seconds(1));
    way.slow(Proxy::Which::feed, 0);
    EXPECT_EQ(process_->wait(kLimit), 0) << process_->err();
    expect_like_native(schema_->session(), kClauses, "id");
}

/// Ends XA transactions one after the other, on a table and its twin or on another table, until
/// it is destroyed. Each is prepared for a moment, so that runs begin in the middle of some.
class XaTraffic final {
public:
    XaTraffic(
        std::unique_ptr<sql::Session> session, std::string name, std::vector<std::string> tables
    )
        : session_(std::move(session)),
          name_(std::move(name)),
          tables_(std::move(tables)),
          thread_([this] { run(); }) {}
    ~XaTraffic() { stop(); }
    XaTraffic(const XaTraffic&) = delete;
    XaTraffic& operator=(const XaTraffic&) = delete;

    void stop() {
        stopping_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    [[nodiscard]] unsigned ended() const { return ended_; }

private:
    void run() {
        for (unsigned i = 0; !stopping_; ++i) {
            const std::string xid = fmt::format("'{}','{}'", name_, i % 3);
            session_->execute("XA START " + xid);
            for (const std::string& table : tables_) {
                session_->execute(fmt::format(
                    "UPDATE {} SET v = v + {} WHERE id = {}", table, i, i % 190 * 10 + 10
                ));
            }
            session_->execute("XA END " + xid);
            session_->execute("XA PREPARE " + xid);
            std::this_thread::sleep_for(std::chrono::milliseconds(i % 4));
            session_->execute(fmt::format("XA {} {}", i % 5 == 0 ? "ROLLBACK" : "COMMIT", xid));
            ++ended_;
        }
    }

    std::unique_ptr<sql::Session> session_;
    std::string name_;
    std::vector<std::string> tables_;
    std::atomic<bool> stopping_ = false;
    std::atomic<unsigned> ended_ = 0;
    std::thread thread_;
};

TEST_F(FreeRunTest, RunsStartAmidXaTransactions) {
    constexpr int kStarts = 5;
    prepare(server());
    schema_->execute("CREATE TABLE other LIKE t");
    schema_->execute("INSERT INTO other SELECT * FROM t");
    for (int start = 0; start < kStarts; ++start) {
        XaTraffic beside(application(), "beside", {"other"});
        XaTraffic beside_too(application(), "too", {"other"});
        XaTraffic on_it(application(), "on it", {"t", "twin"});
        start_free();
        ASSERT_EQ(process_->wait(kLimit), 0) << process_->out() << process_->err();
        for (XaTraffic* traffic : {&beside, &beside_too, &on_it}) {
            traffic->stop();
            EXPECT_GT(traffic->ended(), 0U);
        }
        expect_like_native(schema_->session(), kClauses, "id");
        schema_->execute("DROP TABLE _t_old");
        for (const char* table : {"t", "twin"}) {
            schema_->execute(fmt::format("ALTER TABLE {} DROP COLUMN note", table));
        }
    }
}

/// A run that is killed when it had read the end of an XA transaction, and whose checkpoint lies
/// between that and its preparation: before another one, which has not ended.
class EarlierEndTest : public FreeRunTest {
protected:
    void leave_run() {
        start(server());
        const auto ended = prepare_beside("'ended'", 1);
        const auto open = prepare_beside("'open'", 2);
        ended->execute("XA COMMIT 'ended'");
        const auto seq = checkpoint() + 2;  // the next one may have been under way
        ASSERT_TRUE(wait_until([&] { return checkpoint() >= seq; }, kLimit));
        run_->process().signal(SIGKILL);
        run_->process().wait(kLimit);
        run_->release();
        open->execute("XA COMMIT 'open'");
        run_.reset();
    }
    static std::unique_ptr<sql::Session> prepare_beside(const std::string& xid, int id) {
        auto session = application();
        session->execute("XA START " + xid);
        session->execute(fmt::format("INSERT INTO other VALUES ({})", id));
        session->execute("XA END " + xid);
        session->execute("XA PREPARE " + xid);
        return session;
    }
    std::uint64_t checkpoint() {
        return std::stoull(schema_->scalar("SELECT seq FROM _t_doppel WHERE id = 4"));
    }
};

TEST_F(EarlierEndTest, IsPassedOverOnlyWhereRowsAreCompared) {
    prepare(server());
    schema_->execute("CREATE TABLE other (id INT PRIMARY KEY)");
    ASSERT_NO_FATAL_FAILURE(leave_run());
    start_free({"--verify=off"});
    EXPECT_EQ(process_->wait(kLimit), 1) << process_->out();
    EXPECT_THAT(process_->err(), HasSubstr("was prepared before this run began reading"));
    EXPECT_EQ(schema_->tables(), "other,t,twin");

    schema_->execute("DELETE FROM other");
    ASSERT_NO_FATAL_FAILURE(leave_run());
    start_free();
    EXPECT_EQ(process_->wait(kLimit), 0) << process_->out() << process_->err();
    EXPECT_THAT(process_->out(), HasSubstr("going on with the run"));
    schema_->execute("DROP TABLE other");
    expect_like_native(schema_->session(), kClauses, "id");
}

TEST_F(FreeRunTest, WithoutTheRightToLookForXaTransactionsACommitFromBeforeStopsTheRun) {
    prepare(server());
    for (const char* statement :
         {"CREATE USER IF NOT EXISTS narrow IDENTIFIED BY 'doppel'",
          "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO narrow",
          "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, LOCK TABLES, TRIGGER "
          "ON faults.* TO narrow"}) {
        schema_->execute(statement);
    }
    const auto prepared = prepare_xa("'early'", 0);
    start_free({"--user=narrow"});
    ASSERT_TRUE(process_->wait_for("\"phase\":\"cutting", kLimit)) << process_->err();
    schema_->execute("XA COMMIT 'early'");
    EXPECT_EQ(process_->wait(kLimit), 1);
    EXPECT_THAT(process_->err() + process_->out(), HasSubstr("prepared before this run began"));
    EXPECT_EQ(schema_->tables(), "t,twin");
}

/// The definition that is compared before the swap is written with other quotes than by the
/// sessions that copy.
TEST_F(FreeRunTest, TheWayInWhichTheServerQuotesNamesIsNoChange) {
    prepare(server());
    schema_->execute("SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',ANSI_QUOTES')");
    start_free();
    const int code = process_->wait(kLimit);
    schema_->execute("SET GLOBAL sql_mode = DEFAULT");
    EXPECT_EQ(code, 0) << process_->out() << process_->err();
    expect_like_native(schema_->session(), kClauses, "id");
}

TEST_F(FreeRunTest, CommitsThatAreNotInOrderAreRefused) {
    prepare(server());
    schema_->execute("SET GLOBAL binlog_order_commits = OFF");
    start_free();
    EXPECT_EQ(process_->wait(kLimit), 3);
    EXPECT_THAT(process_->out(), HasSubstr("binlog-order-commits"));
    schema_->execute("SET GLOBAL binlog_order_commits = ON");
}

}  // namespace
}  // namespace doppel::test
