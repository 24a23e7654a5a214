// SPDX-License-Identifier: Apache-2.0
//
// Runs that go on after kill -9 where several things come together: copiers side by side, indexes
// that are built late, servers without GTIDs, several runs at once, another host, and tables that
// were changed while nobody looked.
#include "doppel/error.hpp"
#include "integration/faults_fixture.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr int kKilled = 128 + SIGKILL;
constexpr int kRefused = 3;

std::vector<std::string> options_of_sandbox(bool gtids) {
    std::vector<std::string> all{"--option", "innodb_buffer_pool_size=64M"};
    if (!gtids) {
        all.insert(
            all.end(), {"--option", "gtid_mode=OFF", "--option", "enforce_gtid_consistency=OFF"}
        );
    }
    return all;
}

/// With GTIDs, and without.
class GoingOn : public FaultsTest, public ::testing::WithParamInterface<bool> {
protected:
    static Sandbox& server(bool gtids = true) {
        static Sandbox with(options_of_sandbox(true));
        if (gtids) {
            return with;
        }
        static Sandbox without(options_of_sandbox(false));
        return without;
    }
    void SetUp() override { use(server(GetParam())); }

    static std::vector<std::string> late() { return {"--threads=8", "--index-build=deferred"}; }
    void kill_at(const std::string& point, unsigned pass = 1) {
        SCOPED_TRACE(point);
        const auto process = start_stopped_at(point, pass, late());
        kill(*process);
    }
    static void kill(Process& process) {
        process.signal(SIGKILL);
        EXPECT_EQ(finish(process).code, kKilled);
    }
    /// The statement that builds the indexes, and waits for somebody who reads the shadow.
    std::string build_that_waits() {
        return scalar(
            "SELECT MAX(ID) FROM performance_schema.processlist WHERE INFO LIKE 'ALTER "
            "TABLE%\\_t\\_new%ADD%' AND STATE LIKE 'Waiting for table metadata lock'"
        );
    }
    std::unique_ptr<sql::Session> read_shadow() {
        auto reader = sandbox_->connect();
        reader->execute("USE app");
        reader->execute("BEGIN");
        reader->query("SELECT id FROM _t_new LIMIT 1");
        return reader;
    }
};

TEST_P(GoingOn, AfterEachOfManyKills) {
    begin();
    kill_at("prepare.indexes_dropped");
    kill_at("prepare.indexes_tried");
    kill_at("copy.chunk_committed", 12);
    kill_at("resume.cleared");
    kill_at("checkpoint.written");
    kill_at("copy.ended");
    kill_at("index.begins");
    kill_at("index.built");
    kill_at("cutover.before_rename");
    kill_at("cutover.renamed");
    expect_right_end(run(late()));
}

// The process is gone, its statement waits on; the next run ends it, and is killed at the same
// step.
TEST_P(GoingOn, WhileTheIndexesOfADeadRunAreAboutToBeBuilt) {
    begin();
    std::unique_ptr<sql::Session> reader;
    std::string dead;
    for (int i = 0; i < 2; ++i) {
        const auto process = start_stopped_at("index.begins", 1, late());
        if (!reader) {
            reader = read_shadow();
        }
        EXPECT_EQ(build_that_waits(), "NULL") << "that of connection " << dead;
        process->signal(SIGCONT);
        ASSERT_TRUE(eventually([&] { return build_that_waits() != "NULL"; }, seconds(30)))
            << process->out() << process->err();
        kill(*process);
        dead = build_that_waits();
        EXPECT_NE(dead, "NULL") << "the server has ended it by itself, so this shows nothing";
    }
    const auto last = start(late());
    ASSERT_TRUE(last->wait_for("\"indexing\"", seconds(30))) << last->out() << last->err();
    reader->execute("COMMIT");
    const auto finished = finish(*last);
    EXPECT_THAT(finished.out, HasSubstr("going on with the run that began at"));
    expect_right_end(finished);
}

// The process is gone, and its statement is done while the next run begins.
TEST_P(GoingOn, WhileTheIndexesOfADeadRunAreBuilt) {
    begin({}, kManyRows);
    const auto process = start_stopped_at("index.begins", 1, late());
    auto reader = read_shadow();
    process->signal(SIGCONT);
    ASSERT_TRUE(eventually([&] { return build_that_waits() != "NULL"; }, seconds(30)))
        << process->out() << process->err();
    kill(*process);
    reader->execute("COMMIT");
    expect_right_end(run(late()));
}

// Whoever wins goes on, the others are refused, however many there are.
TEST_P(GoingOn, IsForOneOfSeveralRuns) {
    begin({}, kManyRows);
    const std::vector<std::string> slow{"--chunk-rows=10", "--nice=0.9", "--postpone-cutover"};
    for (int i = 0; i < 3; ++i) {
        const auto first = start(slow);
        ASSERT_TRUE(first->wait_for("\"copying\"", seconds(30))) << first->out() << first->err();
        kill(*first);
        std::vector<std::unique_ptr<Process>> runs;
        for (int j = 0; j < 3; ++j) {
            runs.push_back(start(slow));
        }
        const auto ended = [&] {
            return std::count_if(runs.begin(), runs.end(), [](const auto& run) {
                return !run->running();
            });
        };
        EXPECT_TRUE(eventually([&] { return ended() == 2; }, seconds(60)));
        for (const auto& run : runs) {
            if (run->running()) {
                EXPECT_TRUE(run->wait_for("\"copying\"", seconds(30))) << run->out() << run->err();
                kill(*run);
            } else {
                EXPECT_EQ(finish(*run).code, kRefused) << run->out() << run->err();
                EXPECT_THAT(run->out(), HasSubstr("migration-running"));
            }
        }
    }
    expect_right_end(run());
}

std::string name_of_mode(const ::testing::TestParamInfo<bool>& gtids) {
    return gtids.param ? "WithGtids" : "WithoutGtids";
}

INSTANTIATE_TEST_SUITE_P(A, GoingOn, ::testing::Bool(), name_of_mode);

/// Runs whose table or shadow was changed while there was no process.
class GoneOnWithout : public FaultsTest {
protected:
    static Sandbox& server() {
        static Sandbox sandbox({"--option", "innodb_buffer_pool_size=64M"});
        return sandbox;
    }
    void SetUp() override { use(server()); }
    void leave_run() {
        const auto process = start_stopped_at("copy.chunk_committed", 12);
        process->signal(SIGKILL);
        EXPECT_EQ(finish(*process).code, kKilled);
    }
};

/// Where the place in the binlog is a file and an offset.
class WithoutGtids : public GoneOnWithout {
protected:
    static Sandbox& server() {
        static Sandbox sandbox(options_of_sandbox(false));
        return sandbox;
    }
    void SetUp() override {
        use(server());
        fill();
        leave_run();
    }
    void expect_refusal(const std::string& reason) {
        const auto refused = run();
        EXPECT_EQ(refused.code, kRefused) << refused.out << refused.err;
        EXPECT_THAT(refused.out, HasSubstr(reason));
        EXPECT_THAT(refused.out, HasSubstr("--restart"));
        EXPECT_EQ(tables(), "_t_doppel,_t_new,t,twin");
        EXPECT_EQ(run({"--restart"}).code, 0);
    }
};

TEST_F(WithoutGtids, APlaceIsWorthNothingAtAnotherServer) {
    execute(
        "UPDATE _t_doppel SET record = JSON_SET(record, '$.server.uuid', "
        "'3e11fa47-71ca-11e1-9e33-c80aa9429562') WHERE id = 4"
    );
    expect_refusal("go on at the server where it began");
}

TEST_F(WithoutGtids, APlaceThatWasPurgedIsSeen) {
    ASSERT_TRUE(end_dump_threads(*session_));
    execute("FLUSH BINARY LOGS");
    execute("PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY");
    expect_refusal("the server no longer has binlog.");
}

TEST_F(WithoutGtids, APlaceBehindTheEndIsSeen) {
    execute("RESET BINARY LOGS AND GTIDS");
    expect_refusal("the server no longer has binlog.");
}

// Defined as it was, and another table all the same.
TEST_F(GoneOnWithout, ATableThatWasReplacedIsSeen) {
    for (const char* statement :
         {"TRUNCATE TABLE t", "RENAME TABLE t TO was, twin TO t", "DROP TABLE t"}) {
        SCOPED_TRACE(statement);
        execute("DROP DATABASE app");
        execute("CREATE DATABASE app");
        execute("USE app");
        fill();
        leave_run();
        execute(statement);
        if (std::string(statement).starts_with("DROP")) {
            execute("CREATE TABLE t LIKE twin");
        }
        const auto checksum = [this] {
            return session_->query("CHECKSUM TABLE t").rows.at(0).at(1).value_or("none");
        };
        const auto before = checksum();
        const auto finished = run();
        EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
        EXPECT_THAT(finished.err, HasSubstr("app.t was changed by another statement"));
        // The server writes the DROP as it likes to.
        EXPECT_THAT(finished.err, HasSubstr(std::string(statement).substr(0, 10)));
        EXPECT_EQ(checksum(), before);
    }
}

// Rows that nobody delivers: only the comparison sees them, and it begins anew with each run.
TEST_F(GoneOnWithout, DamageToTheShadowIsFound) {
    fill();
    // What was copied after the last checkpoint is cleared, and its damage with it: so one that
    // knows that all is copied.
    const auto first = start({"--postpone-cutover"});
    ASSERT_TRUE(first->wait_for("the swap is postponed", seconds(30)))
        << first->out() << first->err();
    ASSERT_TRUE(eventually(
        [this] {
            return scalar("SELECT record->>'$.copied' FROM _t_doppel WHERE id = 4") == "true";
        },
        seconds(30)
    )) << first->out()
       << first->err();
    first->signal(SIGKILL);
    ASSERT_EQ(finish(*first).code, kKilled);
    execute("UPDATE _t_new SET a = a + 1 WHERE id = 50");
    execute("DELETE FROM _t_new WHERE id = 60");
    execute("INSERT INTO _t_new (id, a, s) VALUES (-1, 1, 'nobody')");
    write(server().primary());
    const auto finished = run();
    EXPECT_THAT(finished.out, HasSubstr("going on with the run that began at"));
    const auto summary = last_of(finished.out, "summary");
    ASSERT_TRUE(summary.is_object()) << finished.out << finished.err;
    EXPECT_EQ(summary.at("progress").at("differences"), 3) << summary;
    expect_right_end(finished);
}

// No file is needed, and no name: another host has neither.
TEST_F(GoneOnWithout, AnythingOfItsHost) {
    const std::string folder = testing::TempDir() + "doppel-elsewhere";
    const std::vector<std::string> elsewhere{
        "unshare",
        "--uts",
        "--mount",
        "sh",
        "-c",
        // Nothing in its home, its folder for temporary files, or where it is started.
        "hostname elsewhere && mkdir -p " + folder + " && mount -t tmpfs none " + folder +
            " && cd " + folder + " && HOME=$PWD TMPDIR=$PWD \"$@\"; code=$?; ls -A " + folder +
            "; exit $code",
        "sh"};
    auto probe = elsewhere;
    probe.emplace_back("true");
    if (run_process(probe, seconds(10)).code != 0) {
        GTEST_SKIP() << "no namespaces can be made here";
    }
    const auto from_elsewhere = [&](const std::vector<std::string>& more) {
        auto command = elsewhere;
        const auto words = server().doppel_command(statement(), options(more));
        command.insert(command.end(), words.begin(), words.end());
        return run_process(command, kLimit, server().environment());
    };
    begin({}, kManyRows);
    {
        const auto first = start({"--chunk-rows=10", "--postpone-cutover"});
        ASSERT_TRUE(first->wait_for("\"copying\"", seconds(30))) << first->err();
        const auto refused = from_elsewhere({"--restart"});
        EXPECT_EQ(refused.code, kRefused) << refused.out << refused.err;
        EXPECT_THAT(refused.out, HasSubstr("migration-running"));
        first->signal(SIGKILL);
        EXPECT_EQ(finish(*first).code, kKilled);
    }
    const auto last = from_elsewhere({});
    EXPECT_THAT(last.out, HasSubstr("going on with the run that began at"));
    EXPECT_EQ(json_lines(last.out).size(), std::count(last.out.begin(), last.out.end(), '\n'))
        << "it left files: " << last.out;
    expect_right_end(last);
}

// A run whose record is another one's writes no point, and removes nothing.
TEST_F(GoneOnWithout, ARecordThatIsItsOwn) {
    begin({}, kManyRows);
    const auto process = start({"--chunk-rows=10", "--postpone-cutover"});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    ASSERT_TRUE(eventually(
        [this] { return scalar("SELECT seq > 1 FROM _t_doppel WHERE id = 4") == "1"; }, seconds(20)
    ));
    execute("UPDATE _t_doppel SET record = JSON_SET(record, '$.run_id', 'other') WHERE id IN (0, 4)"
    );
    const auto finished = finish(*process);
    EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("another run has taken over this change"));
    EXPECT_THAT(finished.err, HasSubstr("Another run has taken app._t_new over"));
    EXPECT_EQ(scalar("SELECT record->>'$.run_id' FROM _t_doppel WHERE id = 4"), "other");
    expect_untouched("_t_doppel,_t_new,t,twin");
}

// A run that has lost the migration lock to somebody else ends, and removes nothing.
TEST_F(GoneOnWithout, TheMigrationLock) {
    begin();
    const auto process = start_stopped_at("cutover.begins", 1, {"--cutover-attempts=100"});
    const auto reader = server().connect();
    reader->execute("USE app");
    reader->execute("BEGIN");
    reader->query("SELECT id FROM t LIMIT 1");
    const auto lock = session_->query(
        "SELECT l.OBJECT_NAME, t.PROCESSLIST_ID FROM performance_schema.metadata_locks l JOIN "
        "performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID WHERE l.OBJECT_TYPE = "
        "'USER LEVEL LOCK' AND l.OBJECT_NAME LIKE 'doppel:%'"
    );
    ASSERT_EQ(lock.rows.size(), 1U);
    execute("KILL " + lock.rows.at(0).at(1).value());
    ASSERT_EQ(scalar("SELECT GET_LOCK('" + lock.rows.at(0).at(0).value() + "', 10)"), "1");
    const auto finished = go_on(*process);
    EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("the migration lock of the table was lost"));
    EXPECT_THAT(finished.err, HasSubstr("app._t_doppel belong to another run by now is not known"));
    execute("DO RELEASE_ALL_LOCKS()");
    reader->execute("COMMIT");
    expect_untouched("_t_doppel,_t_new,t,twin");
}

// Each is one statement, so there is nothing between two of them.
TEST_F(GoneOnWithout, MoreThanASecondSinceItsCheckpoint) {
    begin({}, 4 * kManyRows);
    const auto process = start({"--chunk-rows=10", "--nice=0.9"});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    const auto points = [this] {
        const auto row =
            session_->query("SELECT seq, UNIX_TIMESTAMP(at) FROM _t_doppel WHERE id = 4")
                .rows.at(0);
        return std::pair(std::stoul(row.at(0).value()), std::stod(row.at(1).value()));
    };
    ASSERT_TRUE(eventually([&] { return points().first > 2; }, seconds(20)));
    std::vector<double> apart;
    auto before = points();
    ASSERT_TRUE(eventually(
        [&] {
            const auto now = points();
            if (now.first == before.first + 1) {
                apart.push_back(now.second - before.second);
            }
            before = now;
            return !process->running() || apart.size() == 5;
        },
        seconds(60)
    ));
    ASSERT_TRUE(process->running()) << "the copy is too short";
    // Not each of them: the machine may hold one up.
    std::sort(apart.begin(), apart.end());
    EXPECT_LT(apart.at(2), 1.0) << "seconds apart, in the middle";
    // Its pace was for the points; the rest need not take as long.
    process->signal(SIGKILL);
    ASSERT_EQ(finish(*process).code, kKilled);
    expect_right_end(run());
}

}  // namespace
}  // namespace doppel::test
