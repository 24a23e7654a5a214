// SPDX-License-Identifier: Apache-2.0
//
// The name by which doppel reaches its server leads to another one in mid-run: its replica, which
// may have less than what was done. And a server that becomes the primary again.
#include "doppel/error.hpp"
#include "integration/command_fixture.hpp"
#include "support/proxy.hpp"
#include "support/twin.hpp"

#include <csignal>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

using How = Proxy::How;
using Which = Proxy::Which;

constexpr const char* kClauses = "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (a)";
constexpr unsigned kRows = 2'000;
constexpr int kKilled = 128 + SIGKILL;
constexpr seconds kLimit{60};

/// Two servers, one the replica of the other, for all tests; and a way for doppel that leads to the
/// first.
class Displaced : public ::testing::Test {
protected:
    static Sandbox& servers() {
        static Sandbox sandbox({"--replica"});
        return sandbox;
    }
    static std::uint16_t port(const char* name) {
        return static_cast<std::uint16_t>(std::stoul(servers().get(name)));
    }

    void SetUp() override {
        first_ = servers().connect();
        second_ = servers().connect_replica();
        for (sql::Session* const session : {first_.get(), second_.get()}) {
            promote(*session);
            session->execute("DROP DATABASE IF EXISTS app");
            session->execute("RESET BINARY LOGS AND GTIDS");
        }
        replicate(*second_, "DOPPEL_PORT");
        second_->execute("SET GLOBAL super_read_only = ON");
        fill(*first_);
        way_.emplace("127.0.0.1", port("DOPPEL_PORT"));
    }

    static void promote(sql::Session& session) {
        for (const char* statement :
             {"STOP REPLICA",
              "RESET REPLICA ALL",
              "SET GLOBAL super_read_only = OFF",
              "SET GLOBAL read_only = OFF"}) {
            session.execute(statement);
        }
    }
    static void replicate(
        sql::Session& session, const char* from, const char* threads = "START REPLICA"
    ) {
        session.execute(fmt::format(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {}, SOURCE_USER "
            "= '{}', SOURCE_PASSWORD = '{}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1, "
            "SOURCE_CONNECT_RETRY = 1",
            port(from),
            servers().get("DOPPEL_USER"),
            servers().get("DOPPEL_PASSWORD")
        ));
        session.execute(threads);
    }
    static void fill(sql::Session& session) {
        session.execute("CREATE DATABASE app");
        session.execute("USE app");
        session.execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a INT NOT NULL)");
        session.execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", kRows));
        session.execute(fmt::format(
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
            "< {}) SELECT i, i % 97 FROM n",
            kRows
        ));
        session.execute("CREATE TABLE twin LIKE t");
        session.execute("INSERT INTO twin SELECT * FROM t");
    }
    static std::string executed(sql::Session& session) {
        return session.query("SELECT @@GLOBAL.gtid_executed").scalar().value_or("");
    }
    /// Until `to` has applied all that there is at `from`.
    static testing::AssertionResult caught_up(sql::Session& to, sql::Session& from) {
        const auto timed_out = to.query(fmt::format(
            "SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', {})", executed(from), kLimit.count()
        ));
        return timed_out.scalar() == "0" ? testing::AssertionSuccess()
                                         : testing::AssertionFailure() << "it has not caught up";
    }
    static bool has(sql::Session& session, const char* table) {
        const auto count = session.query(fmt::format(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'app' AND "
            "table_name = '{}'",
            table
        ));
        return count.scalar() == "1";
    }
    static bool has_column(sql::Session& session, const char* column) {
        const auto count = session.query(fmt::format(
            "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'app' AND "
            "table_name = 't' AND column_name = '{}'",
            column
        ));
        return count.scalar() == "1";
    }

    static std::string statement(const std::string& clauses = kClauses) {
        return "ALTER TABLE app.t " + clauses;
    }
    static std::vector<std::string> options(
        std::uint16_t port, const std::vector<std::string>& more = {"--no-native"}
    ) {
        std::vector<std::string> all{
            fmt::format("--port={}", port),
            "--ssl-mode=disabled",
            "--get-server-public-key",
            "--chunk-rows=50"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    /// A run that has written a checkpoint at that server and is gone.
    static void leave_run(std::uint16_t port) {
        const auto killed =
            servers().run_doppel_killed_at("checkpoint.written", 1, statement(), options(port));
        ASSERT_EQ(killed.code, kKilled) << killed.out << killed.err;
    }
    static std::unique_ptr<Process> start_at(std::uint16_t port) {
        return std::make_unique<Process>(
            servers().doppel_command(statement(), options(port)), servers().environment()
        );
    }
    std::unique_ptr<Process> start_stopped_before_cleaning() {
        auto run = servers().start_doppel_stopped_at(
            "cleaning.before_state", 1, statement(), options(way_->port())
        );
        EXPECT_TRUE(run->running()) << run->out() << run->err();
        EXPECT_TRUE(has_column(*first_, "note"));
        return run;
    }
    static void expect_changed(sql::Session& session, Process& run) {
        EXPECT_EQ(run.wait(kLimit), 0) << run.out() << run.err();
        session.execute("USE app");
        expect_like_native(session, kClauses, "id");
        EXPECT_FALSE(has(session, "_t_new"));
        EXPECT_FALSE(has(session, "_t_doppel"));
        EXPECT_TRUE(last_of(run.out(), "summary").is_object()) << run.out();
    }

    std::unique_ptr<sql::Session> first_;
    std::unique_ptr<sql::Session> second_;
    std::optional<Proxy> way_;
};

// The state table at the first one is of the run there; that it went on at the second one since is
// among what was received and not applied.
TEST_F(Displaced, AServerThatIsThePrimaryAgainMustHaveAppliedWhatItReceived) {
    leave_run(port("DOPPEL_PORT"));
    ASSERT_TRUE(caught_up(*second_, *first_));
    promote(*second_);
    leave_run(port("DOPPEL_REPLICA_PORT"));
    second_->execute("USE app");
    write_twins(*second_, {"UPDATE {} SET a = a + 1000 WHERE id % 3 = 0"});

    replicate(*first_, "DOPPEL_REPLICA_PORT", "START REPLICA IO_THREAD");
    const auto received = [this] {
        return first_
                   ->query(fmt::format(
                       "SELECT GTID_SUBSET('{}', CONCAT(RECEIVED_TRANSACTION_SET, ',', "
                       "@@GLOBAL.gtid_executed)) FROM "
                       "performance_schema.replication_connection_status",
                       executed(*second_)
                   ))
                   .scalar() == "1";
    };
    ASSERT_TRUE(eventually(received, kLimit));
    first_->execute("STOP REPLICA");
    const auto dry = servers().run_doppel(statement(), options(port("DOPPEL_PORT"), {"--dry-run"}));
    EXPECT_EQ(dry.code, 3) << dry.err;
    EXPECT_THAT(dry.out, HasSubstr("that it has not applied yet"));
    const auto run = start_at(port("DOPPEL_PORT"));
    ASSERT_TRUE(run->wait_for("\"checking\"", kLimit)) << run->err();
    std::this_thread::sleep_for(seconds(1));
    EXPECT_TRUE(run->running()) << run->err();
    EXPECT_THAT(run->out(), Not(HasSubstr("going on with the run")));
    first_->execute("START REPLICA SQL_THREAD");
    ASSERT_TRUE(caught_up(*first_, *second_));
    expect_changed(*first_, *run);
    EXPECT_THAT(run->out(), HasSubstr("going on with the run"));
}

TEST_F(Displaced, ANativeChangeOfUnknownFateIsNotMadeAtAnotherServer) {
    ASSERT_TRUE(caught_up(*second_, *first_));
    promote(*second_);
    const auto application = servers().connect();
    application->execute("LOCK TABLES app.t READ");
    Process run(
        servers().doppel_command(
            statement("ADD COLUMN extra INT"), options(way_->port(), {"--lock-wait-timeout=60s"})
        ),
        servers().environment()
    );
    const auto waits = [this] {
        return first_
                   ->query(
                       "SELECT COUNT(*) FROM performance_schema.processlist WHERE INFO LIKE "
                       "'ALTER TABLE%' AND STATE LIKE 'Waiting for table metadata lock'"
                   )
                   .scalar() == "1";
    };
    ASSERT_TRUE(eventually(waits, kLimit)) << run.out() << run.err();
    way_->lead_to(port("DOPPEL_REPLICA_PORT"));
    way_->harm(Which::all, How::reset);
    EXPECT_EQ(run.wait(kLimit), 4) << run.out() << run.err();
    EXPECT_THAT(run.err(), HasSubstr("leads to another server"));
    EXPECT_FALSE(has_column(*second_, "extra"));
}

TEST_F(Displaced, ASwapThatTheNewPrimaryLacksIsMadeThere) {
    leave_run(port("DOPPEL_PORT"));
    ASSERT_TRUE(caught_up(*second_, *first_));
    second_->execute("STOP REPLICA IO_THREAD");
    const auto run = start_stopped_before_cleaning();
    promote(*second_);
    way_->lead_to(port("DOPPEL_REPLICA_PORT"));
    way_->harm(Which::all, How::reset);
    EXPECT_FALSE(has_column(*second_, "note"));
    run->signal(SIGCONT);
    expect_changed(*second_, *run);
}

// The answer to the last statement of the clean-up is lost, so the new primary has nothing that
// tells of the run.
TEST_F(Displaced, ASwapThatTheNewPrimaryHasIsNotMadeAgain) {
    const auto run = start_stopped_before_cleaning();
    way_->lead_to(port("DOPPEL_REPLICA_PORT"));
    way_->lose("DROP TABLE%`_t_doppel`", true, How::reset);
    run->signal(SIGCONT);
    EXPECT_TRUE(run->wait_for("Looking for the primary", kLimit)) << run->out() << run->err();
    EXPECT_TRUE(eventually([this] { return !has(*first_, "_t_doppel"); }, kLimit));
    ASSERT_TRUE(caught_up(*second_, *first_));
    promote(*second_);
    expect_changed(*second_, *run);
    EXPECT_TRUE(has(*second_, "_t_old"));
    EXPECT_THAT(run->out(), HasSubstr("the change is made here"));
}

TEST_F(Displaced, TwoThatTakeWritesAreRefusedByADryRunToo) {
    ASSERT_TRUE(caught_up(*second_, *first_));
    const auto dry = [] {
        const std::string hosts = fmt::format(
            "--host=127.0.0.1:{},127.0.0.1:{}", port("DOPPEL_PORT"), port("DOPPEL_REPLICA_PORT")
        );
        return servers().run_doppel(statement(), {hosts, "--no-native", "--dry-run"});
    };
    const auto one = dry();
    EXPECT_EQ(one.code, 0) << one.err;
    promote(*second_);
    const auto two = dry();
    EXPECT_EQ(two.code, 3) << two.err;
    EXPECT_THAT(two.err, HasSubstr("both take writes"));
}

// Nobody takes its place.
TEST_F(Displaced, ASwapOfAServerThatIsGoneIsNoSuccess) {
    const auto run = servers().start_doppel_stopped_at(
        "cleaning.before_state",
        1,
        statement(),
        options(way_->port(), {"--no-native", "--reconnect-limit=1s"})
    );
    ASSERT_TRUE(run->running()) << run->err();
    way_->welcome(Proxy::Welcome::refuse);
    way_->harm(Which::all, How::reset);
    run->signal(SIGCONT);
    EXPECT_EQ(run->wait(kLimit), 4) << run->out() << run->err();
    EXPECT_THAT(run->err(), HasSubstr("the tables were swapped, but the server was lost"));
    EXPECT_FALSE(last_of(run->out(), "summary").is_object());
    const auto again = start_at(port("DOPPEL_PORT"));
    expect_changed(*first_, *again);
}

}  // namespace
}  // namespace doppel::test
