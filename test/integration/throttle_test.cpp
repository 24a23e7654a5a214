// SPDX-License-Identifier: Apache-2.0
//
// Migrations beside real replicas that cannot keep up, stand, go away or come. What a replica's lag
// is the tests measure themselves.
#include "integration/controlled_run.hpp"
#include "support/lag_gauge.hpp"
#include "support/steady_writers.hpp"
#include "support/twin.hpp"
#include "throttle/discovery.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr seconds kLimit{90};
constexpr const char* kClauses = "ADD COLUMN note INT NOT NULL DEFAULT 7";

/// One server with one replica for all tests, and table app.t with a twin and writers.
class ReplicaLag : public testing::Test {
protected:
    static Sandbox& servers() {
        // One worker that waits for no disk: what it falls behind with is the copy, not the syncs
        // of the application's small transactions, which a busy disk makes too slow by themselves.
        static Sandbox sandbox(
            {"--replica",
             "--replica-option=replica_parallel_workers=1",
             "--replica-option=sync_binlog=0",
             "--replica-option=innodb_flush_log_at_trx_commit=2"}
        );
        return sandbox;
    }

    void SetUp() override {
        schema_ = std::make_unique<Schema>(servers(), "app");
        replica_ = servers().connect_replica();
        run_ = std::make_unique<ControlledRun>(servers(), "app.t");
    }
    void TearDown() override {
        writers_.reset();
        gauge_.reset();
        run_.reset();
        schema_.reset();
    }

    void fill(unsigned rows) {
        schema_->execute(
            "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL, name VARCHAR(40) NOT "
            "NULL, "
            "pad CHAR(60) NOT NULL, KEY (v), KEY (name))"
        );
        schema_->execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", rows + 1));
        schema_->execute(fmt::format(
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
            "< "
            "{}) SELECT i, i * 7919 % 100003, LEFT(SHA2(i, 256), 40), 'pad' FROM n",
            rows
        ));
        schema_->execute("CREATE TABLE twin LIKE t");
        schema_->execute("INSERT INTO twin SELECT * FROM t");
        schema_->execute("ANALYZE TABLE t");
        rows_ = rows;
        await_replica();
    }
    void await_replica() const {
        const std::string executed =
            schema_->session().query("SELECT @@GLOBAL.gtid_executed").scalar().value();
        const auto waited =
            replica_->query(fmt::format("SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 60)", executed));
        ASSERT_EQ(waited.scalar().value_or("NULL"), "0") << "the replica does not catch up";
    }
    void measure() {
        gauge_ = std::make_unique<LagGauge>(servers().primary(), servers().replica(), "app");
    }
    void write(unsigned pause_ms = 50) {
        const unsigned rows = rows_;
        writers_ = std::make_unique<SteadyWriters>(
            servers().primary(),
            "app",
            2,
            [rows, pause_ms](unsigned writer, std::mt19937& random) {
                std::this_thread::sleep_for(milliseconds(pause_ms));
                const auto id = 2 * (random() % (rows / 2)) + writer + 1;
                return TwinTransaction{
                    fmt::format("UPDATE {{}} SET v = {} WHERE id = {}", random() % 1000, id)};
            }
        );
    }
    /// The end of a run that went well: tables as a native ALTER makes them, on both servers.
    void expect_right_end() {
        const int code = run_->finish();
        if (writers_) {
            const auto report = writers_->stop();
            EXPECT_THAT(report.errors, testing::IsEmpty());
            EXPECT_GT(report.committed, 0U);
            writers_.reset();
        }
        ASSERT_EQ(code, 0) << run_->said();
        summary_ = last_of(run_->process().out(), "summary");
        ASSERT_TRUE(summary_.is_object()) << run_->said();
        gauge_.reset();
        await_replica();
        expect_like_native(schema_->session(), kClauses, "id");
        await_replica();
        const std::string sums = "CHECKSUM TABLE app.t, app.twin";
        const auto here = schema_->session().query(sums);
        const auto there = replica_->query(sums);
        for (const std::size_t table : {0U, 1U}) {
            EXPECT_EQ(here.rows.at(table).at(1), there.rows.at(table).at(1));
        }
    }

    std::unique_ptr<Schema> schema_;
    std::unique_ptr<sql::Session> replica_;
    std::unique_ptr<ControlledRun> run_;
    std::unique_ptr<LagGauge> gauge_;
    std::unique_ptr<SteadyWriters> writers_;
    json summary_;
    unsigned rows_ = 0;
};

TEST_F(ReplicaLag, IsLookedForWhereTheThreadsThatSendTheLogGo) {
    const auto session = servers().connect();
    const auto found = throttle::find_replicas(*session);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0].peers, testing::ElementsAre("127.0.0.1"));
    EXPECT_EQ(std::to_string(found[0].port), servers().get("DOPPEL_REPLICA_PORT"));
}

TEST_F(ReplicaLag, StaysUnderItsLimitWhileTheCopyGoesOn) {
    fill(120'000);
    measure();
    write();
    run_->start(kClauses, {"--max-lag=1s", "--index-build=inline"});
    ASSERT_TRUE(eventually([&] { return run_->rows_copied() > 0; }, kLimit)) << run_->said();
    static_cast<void>(gauge_->take());
    ASSERT_TRUE(run_->process().wait_for("\"cutting_over\"", seconds(80))) << run_->said();
    const auto lags = gauge_->take();
    expect_right_end();
    const double most = quantile(lags, 1);
    fmt::print(
        "lag: median {:.3f}s, 99 % {:.3f}s, most {:.3f}s; held back for {:.1f}s of {:.1f}s\n",
        quantile(lags, 0.5),
        quantile(lags, 0.99),
        most,
        held_for(summary_, "replica-lag"),
        summary_.at("progress").at("elapsed_ms").get<double>() / 1000
    );
    EXPECT_LT(quantile(lags, 0.99), 1.0);
    EXPECT_LT(most, 1.5) << "what the machine itself holds up may show for a moment";
}

TEST_F(ReplicaLag, StaysUnderItsLimitWhereTheReplicaHasWorkOfItsOwn) {
    fill(60'000);
    std::atomic<bool> ends = false;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&ends] {
            const auto session = servers().connect_replica();
            while (!ends) {
                session->query("SELECT BENCHMARK(100000, SHA2('x', 512))");
            }
        });
    }
    measure();
    write();
    run_->start(kClauses, {"--max-lag=1s", "--index-build=inline"});
    EXPECT_TRUE(eventually([&] { return run_->rows_copied() > 0; }, kLimit)) << run_->said();
    static_cast<void>(gauge_->take());
    EXPECT_TRUE(run_->process().wait_for("\"cutting_over\"", kLimit)) << run_->said();
    const auto lags = gauge_->take();
    ends = true;
    for (std::thread& reader : readers) {
        reader.join();
    }
    expect_right_end();
    fmt::print("lag: 95 % {:.3f}s, most {:.3f}s\n", quantile(lags, 0.95), quantile(lags, 1));
    EXPECT_LT(quantile(lags, 0.95), 1.0);
}

TEST_F(ReplicaLag, OfAReplicaThatStandsHoldsTheCopyUntilItGoesOn) {
    fill(10'000);
    write();
    run_->start(kClauses, {"--max-lag=500ms", "--chunk-rows=40", "--nice=0.9"});
    ASSERT_TRUE(eventually([&] { return run_->rows_copied() > 1'000; }, kLimit)) << run_->said();
    replica_->execute("STOP REPLICA SQL_THREAD");
    const auto far_behind = [&] {
        const auto throttle = run_->progress().at("throttle");
        return throttle.at("copy_share") == 0 &&
               throttle.at("replicas").at(0).at("lag_seconds").get<double>() > 2;
    };
    ASSERT_TRUE(eventually(far_behind, kLimit)) << run_->said();
    EXPECT_TRUE(run_->stands_still(milliseconds(1'500)));
    EXPECT_TRUE(run_->is_held_for("behind, --max-lag is 0.5s"));
    EXPECT_EQ(run_->say("set", {"nice=0"}).code, 0);  // the rest at once
    replica_->execute("START REPLICA SQL_THREAD");
    expect_right_end();
    EXPECT_GT(held_for(summary_, "replica-lag"), 2);
}

TEST_F(ReplicaLag, OfAReplicaThatIsDelayedHoldsTheCopyAndTheLimitCanBeRaised) {
    fill(20'000);
    replica_->execute("STOP REPLICA SQL_THREAD");
    replica_->execute("CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3");
    replica_->execute("START REPLICA SQL_THREAD");
    run_->start(kClauses, {"--chunk-rows=500"});
    ASSERT_TRUE(run_->wait_for_cause("replica-lag", kLimit)) << run_->said();
    const auto is_as_delayed = [&] {
        const auto replica = run_->progress().at("throttle").at("replicas").at(0);
        const double lag = replica.at("lag_seconds").get<double>();
        return lag >= 3.0 && lag < 5.5;  // the server's delay counts in whole seconds
    };
    EXPECT_TRUE(eventually(is_as_delayed, kLimit)) << run_->said();
    EXPECT_TRUE(run_->stands_still(milliseconds(3'000))) << "its own clock says what the lag is";
    EXPECT_TRUE(eventually(is_as_delayed, seconds(2))) << "and not more\n" << run_->said();
    const auto set = run_->say("set", {"max-lag=30s"});
    EXPECT_EQ(set.code, 0) << set.err;
    EXPECT_TRUE(eventually([&] { return run_->rows_copied() > 0; }, kLimit)) << run_->said();
    // The swap as well.
    EXPECT_EQ(run_->finish(), 0) << run_->said();
    replica_->execute("STOP REPLICA SQL_THREAD");
    replica_->execute("CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0");
    replica_->execute("START REPLICA SQL_THREAD");
    expect_right_end();
}

TEST_F(ReplicaLag, OfAReplicaThatIsLockedForABackupHoldsTheCopy) {
    fill(20'000);
    write();
    const auto backup = servers().connect_replica();
    backup->execute("LOCK INSTANCE FOR BACKUP");
    run_->start(kClauses, {"--chunk-rows=500"});
    ASSERT_TRUE(run_->wait_for_cause("replica-lag", kLimit)) << run_->said();
    EXPECT_TRUE(run_->is_held_for("replica 127.0.0.1:"));
    EXPECT_TRUE(run_->stands_still(milliseconds(2'000))) << "it has not made the tables yet";
    backup->execute("UNLOCK INSTANCE");
    expect_right_end();
}

// As on a replica that has not come farther than an earlier migration of the table.
TEST_F(ReplicaLag, IsNotToldByTheHeartbeatsOfAnEarlierRun) {
    fill(20'000);
    replica_->execute("STOP REPLICA SQL_THREAD");
    replica_->execute("SET SESSION sql_log_bin = 0");
    replica_->execute("SET GLOBAL super_read_only = OFF");
    replica_->execute("CREATE TABLE app._t_doppel (id INT PRIMARY KEY, seq BIGINT, record JSON)");
    replica_->execute(
        "INSERT INTO app._t_doppel VALUES (0, 0, '{\"run_id\": \"0123\"}'), (8, 1000000, NULL)"
    );
    run_->start(kClauses, {"--chunk-rows=500"});
    ASSERT_TRUE(run_->wait_for_cause("replica-lag", kLimit)) << run_->said();
    EXPECT_TRUE(run_->is_held_for("has shown no heartbeat of this run yet"));
    EXPECT_TRUE(run_->stands_still(milliseconds(1'000)));
    replica_->execute("DROP TABLE app._t_doppel");
    replica_->execute("SET GLOBAL super_read_only = ON");
    replica_->execute("SET SESSION sql_log_bin = 1");
    replica_->execute("START REPLICA SQL_THREAD");
    expect_right_end();
}

TEST_F(ReplicaLag, IsNotHeededWhereThatIsAsked) {
    fill(20'000);
    replica_->execute("STOP REPLICA SQL_THREAD");
    run_->start(
        kClauses,
        {"--chunk-rows=500",
         "--ignore-replica=" + servers().get("DOPPEL_HOST") + ":" +
             servers().get("DOPPEL_REPLICA_PORT")}
    );
    const int code = run_->finish();
    replica_->execute("START REPLICA SQL_THREAD");
    EXPECT_EQ(code, 0) << run_->said();
    expect_right_end();
    EXPECT_EQ(held_for(summary_, "replica-lag"), 0);
}

TEST_F(ReplicaLag, BeyondTheHardLimitEndsTheRunWhichGoesOnLater) {
    fill(25'000);
    // At that speed it is not over before the replica is behind. The machine may hold a replica up
    // for as long as the limit, so it is set when that is wanted.
    run_->start(kClauses, {"--chunk-rows=50", "--nice=0.95"});
    ASSERT_TRUE(eventually([&] { return run_->rows_copied() > 500; }, kLimit)) << run_->said();
    replica_->execute("STOP REPLICA SQL_THREAD");
    const auto set = run_->say("set", {"critical-lag=1500ms"});
    EXPECT_EQ(set.code, 0) << set.err;
    EXPECT_EQ(run_->finish(), 4) << run_->said();
    EXPECT_THAT(run_->process().err(), HasSubstr("a hard limit was reached: replica 127.0.0.1:"));
    EXPECT_THAT(run_->process().err(), HasSubstr("the same command goes on"));
    replica_->execute("START REPLICA SQL_THREAD");
    await_replica();
    run_->start(kClauses, {"--chunk-rows=50"});
    expect_right_end();
    EXPECT_THAT(run_->process().out(), HasSubstr("going on with the run"));
}

/// Makes a server a replica of the one at that port.
void replicate(sql::Session& session, const std::string& port) {
    session.execute(fmt::format(
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {}, SOURCE_USER = "
        "'repl', SOURCE_PASSWORD = 'repl', SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 1, "
        "SOURCE_CONNECT_RETRY = 1",
        port
    ));
    session.execute("START REPLICA");
}

/// A second replica that comes while the run goes on, and is then killed.
class AnotherReplica : public ReplicaLag {
protected:
    void appear_and_die() {
        const auto session = other_.connect();
        skip_history(*session);
        fill(30'000);  // at a twentieth of its speed the copy must outlast all of this
        run_->start(kClauses, {"--chunk-rows=20", "--nice=0.95", "--max-lag=2s"});
        ASSERT_TRUE(eventually([&] { return run_->rows_copied() > 500; }, kLimit)) << run_->said();
        replicate(*session, servers().get("DOPPEL_PORT"));
        ASSERT_TRUE(run_->process().wait_for("watching the lag of replica " + address(), kLimit))
            << run_->said();
        ASSERT_TRUE(eventually(
            [&] { return run_->progress().at("throttle").at("replicas").size() == 2; }, kLimit
        )) << run_->progress();
        ASSERT_TRUE(eventually(
            [&] {
                const auto before = run_->rows_copied();
                std::this_thread::sleep_for(milliseconds(500));
                return run_->rows_copied() > before;
            },
            seconds(90)  // it applies all that was filled in first, and the copy waits for it
        )) << "both keep up"
           << run_->said();
        other_.control("kill");
        ASSERT_TRUE(run_->wait_for_cause("replica-lag", kLimit)) << run_->said();
        EXPECT_TRUE(run_->is_held_for("replica " + address() + " cannot be read"));
    }
    /// What earlier tests wrote need not be applied.
    void skip_history(sql::Session& session) {
        const std::string executed =
            schema_->session().query("SELECT @@GLOBAL.gtid_executed").scalar().value();
        session.execute("CREATE DATABASE app");
        session.execute("SET GLOBAL gtid_purged = '+" + executed + "'");
    }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + other_.get("DOPPEL_PORT"); }

    Sandbox other_;
};

TEST_F(AnotherReplica, MayVanishWhereThatIsSaid) {
    appear_and_die();
    const auto set = run_->say("set", {"replica-may-vanish=" + address()});
    EXPECT_EQ(set.code, 0) << set.err;
    EXPECT_EQ(run_->say("set", {"nice=0"}).code, 0);
    expect_right_end();
}

TEST_F(AnotherReplica, OfAReplicaIsFoundAndCounts) {
    const auto session = other_.connect();
    skip_history(*session);
    fill(10'000);
    replicate(*session, servers().get("DOPPEL_REPLICA_PORT"));
    run_->start(kClauses, {"--chunk-rows=20", "--nice=0.9"});
    ASSERT_TRUE(run_->process().wait_for("watching the lag of replica " + address(), kLimit))
        << run_->said();
    ASSERT_TRUE(eventually([&] { return run_->rows_copied() > 500; }, kLimit)) << run_->said();
    session->execute("STOP REPLICA SQL_THREAD");
    const auto stands_for_it = [&] {
        const auto throttle = run_->progress().at("throttle");
        return throttle.at("copy_share") == 0 &&
               throttle.at("reason").get<std::string>().find(address()) != std::string::npos;
    };
    EXPECT_TRUE(eventually(stands_for_it, kLimit)) << run_->said();
    session->execute("START REPLICA SQL_THREAD");
    EXPECT_EQ(run_->say("set", {"nice=0"}).code, 0);
    expect_right_end();
}

TEST_F(AnotherReplica, HoldsTheCopyWhenItIsGone) {
    appear_and_die();
    EXPECT_TRUE(eventually([&] { return bool(run_->stands_still(milliseconds(1'000))); }, kLimit))
        << "it counts as behind\n"
        << run_->said();
    EXPECT_TRUE(run_->is_held_for("cannot be read"));
}

}  // namespace
}  // namespace doppel::test
