// SPDX-License-Identifier: Apache-2.0
//
// Ways in which tools of this kind have lost or changed rows, or ended badly, that no other test
// here goes through; docs/failure-classes.md lists them all.
#include "doppel/error.hpp"
#include "integration/command_fixture.hpp"
#include "support/held_run.hpp"
#include "support/postponed_swap.hpp"
#include "support/twin.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr seconds kLimit{30};
constexpr const char* kClauses = "ADD COLUMN note INT NOT NULL DEFAULT 7";

class FailureClasses : public CommandTest {
protected:
    void TearDown() override {
        run_.reset();
        schema_.reset();
    }

    /// `t` with rows 10, 20, .. 1000 and a twin.
    void create(const std::string& columns, const std::string& values) {
        execute("SET SESSION sql_mode = ''");
        execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, " + columns + ")");
        execute("CREATE TABLE twin LIKE t");
        std::string rows;
        for (int id = 10; id <= 1'000; id += 10) {
            rows += fmt::format("{}({}, {})", id == 10 ? "" : ", ", id, values);
        }
        execute("INSERT INTO t VALUES " + rows);
        execute("INSERT INTO twin SELECT * FROM t");
    }
    void create_plain() { create("v INT, s VARCHAR(40)", "1, 'row'"); }

    /// The copy stands in the middle of the table when this returns.
    void start_held(std::vector<std::string> options = {}) {
        options.emplace_back("--chunk-rows=20");
        run_ = std::make_unique<HeldRun>(
            server(),
            "app",
            std::string("ALTER TABLE app.t ") + kClauses,
            options,
            "INSERT INTO _t_new (id) VALUES (510)"
        );
    }
    void write(const TwinTransaction& statements) { write_twins(schema_->session(), statements); }

    void expect_right_end() {
        const auto finished = run_->finish();
        EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
        expect_like_native(schema_->session(), kClauses, "id");
        EXPECT_EQ(schema_->tables(), "_t_old,t,twin");
    }
    void expect_untouched_end(const std::string& before, const std::string& said) {
        const auto finished = run_->finish();
        EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
        EXPECT_THAT(finished.out + finished.err, HasSubstr(said));
        EXPECT_EQ(contents_of(*schema_), before);
    }

    /// The connection that runs such a statement or waits in it; "NULL" after a while without one.
    std::string connection_in(const std::string& pattern) {
        std::string id = "NULL";
        const auto found = [&] {
            id = scalar(fmt::format(
                "SELECT MIN(ID) FROM performance_schema.processlist WHERE INFO LIKE '{}' AND ID <> "
                "CONNECTION_ID()",
                pattern
            ));
            return id != "NULL";
        };
        EXPECT_TRUE(wait_until(found, kLimit)) << "nobody runs " << pattern;
        return id;
    }
    /// Waits until it has the metadata lock of a table (GRANTED) or waits for it (PENDING): its
    /// statement may be shown before.
    void await_lock(const std::string& connection, const char* table, const char* status) {
        const auto locks = [&] {
            return scalar(fmt::format(
                "SELECT COUNT(*) FROM performance_schema.metadata_locks l JOIN "
                "performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID WHERE "
                "t.PROCESSLIST_ID = {} AND l.OBJECT_TYPE = 'TABLE' AND l.OBJECT_SCHEMA = 'app' AND "
                "l.OBJECT_NAME = '{}' AND l.LOCK_STATUS = '{}'",
                connection,
                table,
                status
            ));
        };
        EXPECT_TRUE(wait_until([&] { return locks() != "0"; }, kLimit)) << status << " " << table;
    }

    std::unique_ptr<HeldRun> run_;
};

/// Tools that read rows as text have lost bits of FLOAT (six digits), types inside JSON, trailing
/// NULs of BINARY, empty BLOBs, zero dates.
TEST_F(FailureClasses, EveryBitArrivesByCopyAndByReplay) {
    create(
        "f FLOAT, d DOUBLE, j JSON, p POINT, b BIT(13), bin BINARY(6), bl BLOB, dt DATETIME, ts "
        "TIMESTAMP(3) NULL, c CHAR(10), n DECIMAL(30,20)",
        "0.12345679, 0.1, '{\"n\": 1.0}', POINT(0, 0), b'0101', 'ab', '', '0000-00-00', "
        "'2024-03-31 "
        "02:30:00.125', 'x', 0.1"
    );
    start_held();
    // In what is copied, in the open chunk, and behind it.
    for (const int id : {100, 110, 500, 520, 900, 910}) {
        const std::string where = fmt::format(" WHERE id = {}", id);
        write({
            "UPDATE {} SET f = 16777217 + id, d = 1e-310 * id, n = 1 / 3" + where,
            "UPDATE {} SET j = JSON_OBJECT('n', CAST(1 AS DECIMAL(5,2)), 'big', "
            "18446744073709551615, 'f', 1e0)" +
                where,
            "UPDATE {} SET p = POINT(id, -0.0), b = id, bin = UNHEX('00610000'), bl = NULL" + where,
            "UPDATE {} SET dt = '2001-00-00', ts = '2024-10-27 02:30:00.5', c = 'y '" + where,
        });
    }
    run_->release();
    expect_right_end();
    EXPECT_EQ(
        scalar("SELECT COUNT(*) FROM t JOIN twin w USING (id) WHERE t.f <=> w.f AND t.d <=> w.d "
               "AND CAST(t.j AS CHAR) <=> CAST(w.j AS CHAR) AND JSON_TYPE(t.j->'$.n') <=> "
               "JSON_TYPE(w.j->'$.n') AND HEX(t.p) <=> HEX(w.p) AND t.b <=> w.b AND HEX(t.bin) <=> "
               "HEX(w.bin) AND HEX(t.bl) <=> HEX(w.bl) AND t.dt <=> w.dt AND t.ts <=> w.ts AND "
               "t.n <=> w.n"),
        "100"
    );
    EXPECT_EQ(scalar("SELECT CAST(f AS DOUBLE) FROM t WHERE id = 900"), "16778116");
}

/// A parser that took a comment for a clause has dropped a column's data.
TEST_F(FailureClasses, TextIsNotTakenForSyntax) {
    create(
        "a INT COMMENT 'b`, DROP COLUMN s -- ', s VARCHAR(60) DEFAULT '100% {} %s /*' COMMENT "
        "'FOREIGN KEY (a) REFERENCES x (y)'",
        "3, 'kept'"
    );
    const std::string clauses =
        "ADD COLUMN n VARCHAR(60) NOT NULL DEFAULT '50% {} %d, DROP COLUMN a' COMMENT 'RENAME "
        "COLUMN s TO a, /* '";
    const auto finished = server().run_doppel("ALTER TABLE app.t " + clauses, {"--no-native"});
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    expect_like_native(schema_->session(), clauses, "id");
}

/// Tools have gone on when their table was gone, and swapped in what somebody else had made.
TEST_F(FailureClasses, AShadowDroppedBySomebodyElseStopsTheRun) {
    create_plain();
    const std::string before = contents_of(*schema_);
    start_held();
    auto dropped =
        std::async(std::launch::async, [] { application()->execute("DROP TABLE _t_new"); });
    await_lock(connection_in("DROP TABLE \\_t\\_new"), "_t_new", "PENDING");
    run_->release();
    dropped.get();
    expect_untouched_end(before, "_t_new");
}

TEST_F(FailureClasses, AStateTableDroppedBySomebodyElseStopsTheRun) {
    create_plain();
    const std::string before = contents_of(*schema_);
    start_held();
    execute("DROP TABLE _t_doppel");
    write({"UPDATE {} SET v = v + 0"});
    run_->release();
    expect_untouched_end(before, "_t_doppel");
}

/// A copy that ended early has been taken for a copy that was complete.
TEST_F(FailureClasses, AKilledStatementIsNoEndOfTheCopy) {
    create_plain();
    start_held();
    execute("KILL QUERY " + connection_in("INSERT INTO %\\_t\\_new%"));
    run_->release();
    expect_right_end();
}

/// Kills the queries of all connections of a run again and again until it is destroyed.
class QueryKiller final {
public:
    QueryKiller(std::unique_ptr<sql::Session> session, std::vector<std::string> connections)
        : session_(std::move(session)),
          connections_(std::move(connections)),
          thread_([this] { run(); }) {}
    ~QueryKiller() {
        stopping_ = true;
        thread_.join();
    }
    QueryKiller(const QueryKiller&) = delete;
    QueryKiller& operator=(const QueryKiller&) = delete;

private:
    void run() {
        while (!stopping_) {
            for (const std::string& id : connections_) {
                try {
                    session_->execute("KILL QUERY " + id);
                } catch (const Error&) {  // NOLINT: that connection has ended
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(3));
        }
    }

    std::unique_ptr<sql::Session> session_;
    std::vector<std::string> connections_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

/// The search for the ends of chunks and the looks before the swap were ended by such a thing.
TEST_F(FailureClasses, KilledQueriesOfAnySessionEndNothing) {
    create_plain();
    execute("SET SESSION cte_max_recursion_depth = 10000");
    for (const char* table : {"t", "twin"}) {
        execute(fmt::format(
            "INSERT INTO {} WITH RECURSIVE n (i) AS (SELECT 101 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 3000) SELECT i * 10, i, 'more' FROM n",
            table
        ));
    }
    start_held({"--cutover-attempts=50", "--cutover-backoff=500ms"});
    {
        const QueryKiller killer(server().connect(), run_->connections());
        run_->release();
        const auto cuts_over = [&] {
            write({"UPDATE {} SET v = v + 1 WHERE id % 700 = 10"});
            return !run_->process().running() ||
                   run_->process().out().find("\"phase\":\"cutting") != std::string::npos;
        };
        EXPECT_TRUE(wait_until(cuts_over, kLimit)) << run_->process().out();
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    expect_right_end();
}

/// A swap in two steps has let writes through to the old table while somebody read the new one.
TEST_F(FailureClasses, AReaderOfTheShadowDelaysTheSwap) {
    create_plain();
    start_held({"--lock-wait-timeout=1s", "--cutover-backoff=500ms"});
    const auto reader = application();
    reader->execute("START TRANSACTION");
    reader->query("SELECT * FROM _t_new LIMIT 1");
    run_->release();
    ASSERT_TRUE(run_->process().wait_for("cut-over attempt 1 failed", kLimit))
        << run_->process().out();
    write({"UPDATE {} SET v = v + 1", "DELETE FROM {} WHERE id = 30"});
    reader->execute("COMMIT");
    expect_right_end();
}

/// The name that the RENAME needs is held by somebody who makes a table of that name, and the run
/// loses its connection in the RENAME that waits for it.
class LostRename : public FailureClasses {
protected:
    void lose_connection_in_rename() {
        create_plain();
        aside_.execute("CREATE TABLE x (id INT PRIMARY KEY)");
        aside_.execute("INSERT INTO x VALUES (1)");
        aside_.execute("START TRANSACTION");
        aside_.execute("UPDATE x SET id = 2");
        start_held({"--lock-wait-timeout=30s", "--cutover-backoff=500ms"});
        holder_ = std::async(std::launch::async, [] {
            try {
                application()->execute("CREATE TABLE _t_old AS SELECT * FROM aside.x");
            } catch (const Error&) {  // NOLINT: killed in one of the tests
            }
        });
        holds_ = connection_in("CREATE TABLE \\_t\\_old%");
        await_lock(holds_, "_t_old", "GRANTED");
        run_->release();
        execute("KILL " + connection_in("RENAME TABLE%"));
    }
    void TearDown() override {
        aside_.execute("ROLLBACK");
        if (holder_.valid()) {
            holder_.get();
        }
        FailureClasses::TearDown();
    }

    Schema aside_{server(), "aside"};
    std::future<void> holder_;
    std::string holds_;
};

/// An answer that was lost has been taken for a RENAME that failed, and one that failed for one
/// that worked.
TEST_F(LostRename, IsLookedAtAndTriedAgain) {
    lose_connection_in_rename();
    execute("KILL " + holds_);
    holder_.get();
    ASSERT_TRUE(run_->process().wait_for("cut-over attempt 1 failed", kLimit))
        << run_->process().out();
    write({"UPDATE {} SET v = v + 1"});
    expect_right_end();
}

TEST_F(LostRename, IsNotTakenForDoneWhenSomebodyElseMadeTheOldTable) {
    lose_connection_in_rename();
    aside_.execute("ROLLBACK");
    holder_.get();
    const auto finished = run_->finish();
    EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("app.t is untouched and nothing was left behind"));
    EXPECT_EQ(schema_->tables(), "_t_old,t,twin");
    EXPECT_EQ(definition_of(schema_->session(), "t"), definition_of(schema_->session(), "twin"));
}

/// Tables have come into use without statistics, and every plan went wrong.
TEST_F(FailureClasses, TheNewTableHasStatisticsWhenItComesIntoUse) {
    execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT, KEY (a)) STATS_AUTO_RECALC = 0");
    execute("INSERT INTO t VALUES (1, 1), (2, 2), (3, 2), (4, 3), (5, 3)");
    const auto finished =
        server().run_doppel(std::string("ALTER TABLE app.t ") + kClauses, {"--no-native"});
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    EXPECT_EQ(
        scalar("SELECT n_rows FROM mysql.innodb_table_stats WHERE database_name = 'app' AND "
               "table_name = 't'"),
        "5"
    );
}

/// What a dying server had sent but not made visible, and whose statements nobody knows the end of.
TEST(FailureClassesOfServers, AServerThatIsKilledInMidRunLosesNothing) {
    Sandbox sandbox({"--option", "sync_binlog=1", "--option", "innodb_flush_log_at_trx_commit=1"});
    constexpr unsigned kRows = 5'000;
    {
        Schema schema(sandbox, "app");
        schema.execute("SET SESSION cte_max_recursion_depth = 100000");
        schema.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL, u INT UNIQUE)"
        );
        schema.execute("CREATE TABLE twin LIKE t");
        schema.execute(fmt::format(
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
            "< {}) SELECT i, i, i FROM n",
            kRows
        ));
        schema.execute("INSERT INTO twin SELECT * FROM t");
        const auto next = [](unsigned, std::mt19937& random) {
            const auto id = random() % kRows;
            return TwinTransaction{
                fmt::format("UPDATE {{}} SET v = {} WHERE id = {}", random() % 1'000, id),
                fmt::format("DELETE FROM {{}} WHERE id = {}", id / 2),
                fmt::format("INSERT IGNORE INTO {{}} (id, v) VALUES ({}, 1)", id / 3),
            };
        };
        const PostponedSwap postponed;
        Process process(
            sandbox.doppel_command(
                std::string("ALTER TABLE app.t ") + kClauses,
                {"--no-native", "--chunk-rows=10", postponed.option()}
            ),
            sandbox.environment()
        );
        TwinWriters first(sandbox, "app", 1, next);
        ASSERT_TRUE(process.wait_for("\"copying\"", kLimit)) << process.out() << process.err();
        EXPECT_TRUE(wait_until([&] { return first.committed() > 30; }, kLimit));
        sandbox.control("kill");
        EXPECT_THROW(first.stop(), Error);
        ASSERT_TRUE(process.running()) << process.out();
        sandbox.control("start");
        postponed.end();
        TwinWriters second(sandbox, "app", 1, next);
        EXPECT_EQ(process.wait(seconds(120)), 0) << process.out() << process.err();
        second.stop();
        const auto summary = last_of(process.out(), "summary");
        EXPECT_GT(summary.at("progress").at("reconnects"), 0) << "it ended before the kill";
        const auto session = sandbox.connect();
        session->execute("USE app");
        expect_like_native(*session, kClauses, "id");
    }
}

}  // namespace
}  // namespace doppel::test
