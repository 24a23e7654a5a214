// SPDX-License-Identifier: Apache-2.0
//
// The server has no more connections to give, no space on its disk, or its rows are locked by
// others.
#include "doppel/error.hpp"
#include "integration/faults_fixture.hpp"
#include "support/postponed_swap.hpp"
#include "support/server_disk.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

#include <sys/stat.h>

namespace doppel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class ServerLimits : public FaultsTest {
protected:
    static Sandbox& server() {
        static Sandbox sandbox({"--option", "innodb_buffer_pool_size=64M"});
        return sandbox;
    }
    void SetUp() override {
        use(server());
        execute("CREATE USER IF NOT EXISTS mover@'%' IDENTIFIED BY 'mover'");
        execute("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO mover@'%'");
        execute("GRANT ALL ON app.* TO mover@'%'");
    }
    void TearDown() override {
        execute("SET GLOBAL max_connections = 300");
        execute("DROP USER IF EXISTS mover@'%'");
        FaultsTest::TearDown();
    }
    /// By an account that has no connection in reserve, as doppel's own should be.
    static std::unique_ptr<Process> start_as_mover(const std::vector<std::string>& more = {}) {
        auto command = server().doppel_command(statement(), options(more));
        for (std::string& argument : command) {
            if (argument.starts_with("--user=")) {
                argument = "--user=mover";
            }
        }
        return std::make_unique<Process>(command, Process::Environment{{"MYSQL_PWD", "mover"}});
    }
    /// Connections of a run that has ended count until the server has noticed.
    void await_end_of_mover() {
        const char* const left =
            "SELECT COUNT(*) FROM performance_schema.processlist WHERE USER = 'mover'";
        EXPECT_TRUE(eventually([&] { return scalar(left) == "0"; }, seconds(30)));
    }
    void kill_connections_of_mover() {
        const auto rows =
            session_->query("SELECT ID FROM performance_schema.processlist WHERE USER = 'mover'");
        EXPECT_GE(rows.rows.size(), 9U);
        for (const auto& row : rows.rows) {
            try {
                execute("KILL " + row.at(0).value());
            } catch (const Error& error) {
                EXPECT_EQ(error.server_errno(), 1094U) << error.what();
            }
        }
    }
};

TEST_F(ServerLimits, NoConnectionIsFreeAtTheStart) {
    begin();
    execute("SET GLOBAL max_connections = 1");
    const auto refused = finish(*start_as_mover());
    execute("SET GLOBAL max_connections = 300");
    EXPECT_EQ(refused.code, 4) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr("Too many connections"));
    expect_right_end(finish(*start_as_mover()));
}

/// Enough by its limit, but others use some of them.
TEST_F(ServerLimits, TheAccountRunsOutOfConnections) {
    begin();
    execute("ALTER USER mover@'%' WITH MAX_USER_CONNECTIONS 21");
    auto as_mover = server().primary();
    as_mover.user = "mover";
    as_mover.password = "mover";
    std::vector<std::unique_ptr<sql::Session>> others;
    for (int i = 0; i < 8; ++i) {
        others.push_back(sql::connect(as_mover, {}));
    }
    const auto refused = finish(*start_as_mover());
    others.clear();
    EXPECT_EQ(refused.code, 4) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr("max_user_connections"));
    EXPECT_THAT(refused.err, HasSubstr("the same command goes on from there"));
    EXPECT_FALSE(swapped());
    await_end_of_mover();
    expect_right_end(finish(*start_as_mover()));
}

TEST_F(ServerLimits, NoConnectionIsFreeWhenTheRunHasToReconnect) {
    begin();
    const PostponedSwap postponed;
    const auto process = start_as_mover({"--chunk-rows=10", postponed.option()});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    execute("SET GLOBAL max_connections = 1");
    kill_connections_of_mover();
    EXPECT_TRUE(process->wait_for("Too many connections", seconds(30))) << process->err();
    EXPECT_TRUE(process->running());
    execute("SET GLOBAL max_connections = 300");
    postponed.end();
    expect_right_end(finish(*process));
}

TEST_F(ServerLimits, DISABLED_NoConnectionBecomesFree) {
    begin();
    const PostponedSwap postponed;
    const auto process =
        start_as_mover({"--chunk-rows=10", "--reconnect-limit=1s", postponed.option()});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    execute("SET GLOBAL max_connections = 1");
    kill_connections_of_mover();
    const auto first = finish(*process);
    execute("SET GLOBAL max_connections = 300");
    EXPECT_EQ(first.code, 4) << first.err;
    EXPECT_THAT(first.err, HasSubstr("the same command goes on from there"));
    EXPECT_FALSE(swapped());
    await_end_of_mover();
    expect_right_end(finish(*start_as_mover()));
}

/// The server took the account before: that it does not now may pass.
TEST_F(ServerLimits, AnAccountThatIsLockedForAWhileIsNoEnd) {
    begin();
    const PostponedSwap postponed;
    const auto process = start_as_mover({"--chunk-rows=10", postponed.option()});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    execute("ALTER USER mover@'%' ACCOUNT LOCK");
    kill_connections_of_mover();
    EXPECT_TRUE(process->wait_for("Account is locked", seconds(30))) << process->err();
    EXPECT_TRUE(process->running());
    execute("ALTER USER mover@'%' ACCOUNT UNLOCK");
    postponed.end();
    expect_right_end(finish(*process));
}

TEST_F(ServerLimits, LocksOfOthersAreWaitedFor) {
    begin();
    const PostponedSwap postponed;
    const auto process = start({"--chunk-rows=10", postponed.option()});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    const auto other = server().connect();
    other->execute("USE app");
    other->execute("BEGIN");
    other->query("SELECT id FROM _t_doppel FOR UPDATE");
    // Longer than our statements wait (5 s): each of fence, replay and checkpoint times out once.
    const auto waits = [this] {
        return scalar(
            "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_timeouts'"
        );
    };
    const std::string before = waits();
    EXPECT_TRUE(eventually([&] { return waits() != before; }, seconds(20)));
    EXPECT_TRUE(process->running());
    other->execute("ROLLBACK");
    postponed.end();
    expect_right_end(finish(*process));
}

/// The feed has lost its connection, and what it would read next is gone when it is back.
TEST_F(ServerLimits, BinlogsThatArePurgedUnderARunEndIt) {
    begin();
    const auto process = start_stopped_at("copy.chunk_committed", 3);
    const auto feed = [this] {
        return scalar(
            "SELECT MAX(ID) FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'"
        );
    };
    execute("KILL " + feed());
    ASSERT_TRUE(eventually([&] { return feed() == "NULL"; }, seconds(20)));
    const auto written = writers_->committed();
    ASSERT_TRUE(eventually([&] { return writers_->committed() > written + 20; }, seconds(20)));
    execute("FLUSH BINARY LOGS");
    execute(
        "PURGE BINARY LOGS TO '" + session_->query("SHOW BINARY LOGS").rows.back().at(0).value() +
        "'"
    );
    const auto finished = go_on(*process);
    EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("purged"));
    EXPECT_THAT(finished.err, HasSubstr("run the same command again to begin anew"));
    EXPECT_THAT(finished.err, HasSubstr("app.t is untouched and nothing was left behind"));
    expect_untouched("t,twin");
}

/// Takes the run's locks in the other order, with so much to roll back that it is the run that the
/// server chooses to end.
TEST_F(ServerLimits, DeadlocksAreTriedAgain) {
    begin();
    execute("CREATE TABLE heavy (id INT PRIMARY KEY, x INT)");
    execute(
        "INSERT INTO heavy WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
        "< 500) SELECT i, 0 FROM n"
    );
    const auto deadlocks = [this] {
        return std::stoul(scalar(
            "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks'"
        ));
    };
    const PostponedSwap postponed;
    const auto process = start({"--chunk-rows=10", postponed.option()});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    const auto before = deadlocks();
    const auto other = server().connect();
    other->execute("USE app");
    unsigned own = 0;
    const auto provoke = [&] {
        try {
            other->execute("BEGIN");
            other->execute("UPDATE heavy SET x = x + 1");
            other->query("SELECT id FROM _t_doppel FOR UPDATE");
            std::this_thread::sleep_for(milliseconds(20));
            other->query("SELECT id FROM _t_new WHERE id < 100 FOR UPDATE");
        } catch (const Error& error) {
            own += error.server_errno() == 1213 ? 1U : 0U;
        }
        other->execute("ROLLBACK");
        std::this_thread::sleep_for(milliseconds(20));
        return deadlocks() - before > own + 2 || !process->running();
    };
    EXPECT_TRUE(eventually(provoke, seconds(20)));
    postponed.end();
    EXPECT_GT(deadlocks() - before, own) << "none of the run's transactions was chosen";
    execute("DROP TABLE heavy");
    expect_right_end(finish(*process));
}

/// A disk of its own for the tables, and one for the binlog.
class FullDisk : public FaultsTest {
protected:
    void SetUp() override {
        static const auto problem = ServerDisk::enter_namespace();
        if (problem) {
            GTEST_SKIP() << "no small disk on this machine: " << *problem;
        }
    }
    void TearDown() override {
        FaultsTest::TearDown();
        disk_.reset();
        own_.reset();
    }

    std::unique_ptr<Sandbox> own_;
    std::unique_ptr<ServerDisk> disk_;
};

TEST_F(FullDisk, OfTheTablesIsNoEnd) {
    own_ = std::make_unique<Sandbox>();
    use(*own_);
    disk_ = std::make_unique<ServerDisk>(own_->get("DOPPEL_DATADIR") + "/app", 64);
    // Writers need space as well, so they begin when there is some again.
    fill();
    execute("UPDATE t SET s = REPEAT('long', 10)");
    execute("UPDATE twin SET s = REPEAT('long', 10)");
    const auto process = start_stopped_at("copy.chunk_opened", 3);
    disk_->fill(0);
    const auto first = go_on(*process);
    EXPECT_EQ(first.code, 4) << first.out << first.err;
    EXPECT_THAT(first.err, AnyOf(HasSubstr("is full"), HasSubstr("No space left")));
    EXPECT_THAT(first.err, HasSubstr("the same command goes on from there"));
    EXPECT_FALSE(swapped());
    disk_->make_space();
    write(own_->primary());
    const auto last = run();
    EXPECT_THAT(last.out, HasSubstr("going on with the run"));
    expect_right_end(last);
}

/// MySQL holds every commit back and tries again once a minute, so this takes more than that:
/// tools/soak server runs it.
TEST_F(FullDisk, DISABLED_OfTheBinlogIsWaitedFor) {
    const std::string folder = testing::TempDir() + "doppel-binlog";
    (void)mkdir(folder.c_str(), 0777);
    disk_ = std::make_unique<ServerDisk>(folder, 48);
    own_ = std::make_unique<Sandbox>(std::vector<std::string>{
        "--option", "log_bin=" + folder + "/binlog"});
    use(*own_);
    begin();
    const auto process = start_stopped_at("copy.chunk_opened", 3);
    disk_->fill(4'096);
    process->signal(SIGCONT);
    const auto waits = [this] {
        std::ifstream log(own_->get("DOPPEL_ERROR_LOG"));
        const std::string text(std::istreambuf_iterator<char>(log), {});
        return text.find("Disk is full writing") != std::string::npos;
    };
    EXPECT_TRUE(eventually(waits, seconds(30)));
    EXPECT_TRUE(process->running());
    disk_->make_space();
    expect_right_end(finish(*process));
}

}  // namespace
}  // namespace doppel::test
