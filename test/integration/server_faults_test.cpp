// SPDX-License-Identifier: Apache-2.0
//
// The server dies or is started again while a migration runs, or ends our connections. The short
// form runs with tools/test, all steps and many random moments with tools/soak server.
#include "doppel/error.hpp"
#include "integration/faults_fixture.hpp"
#include "support/postponed_swap.hpp"

#include <algorithm>
#include <cstdlib>

namespace doppel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

unsigned from_environment(const char* name, unsigned otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

/// What a server that shuts down tells statements that wait for a lock, or commit.
constexpr unsigned kInterrupted = 1317;
constexpr unsigned kPluginIsGone = 3100;

class ServerFaults : public FaultsTest {
protected:
    static Sandbox& server() {
        static Sandbox sandbox(
            {"--option",
             "innodb_buffer_pool_size=64M",
             "--option",
             "plugin_load_add=semisync_source.so"}
        );
        return sandbox;
    }
    void SetUp() override { use(server()); }

    /// kill: kill -9; stop: as an administrator restarts it.
    void restart_server(const std::string& verb) {
        session_.reset();
        server().control(verb);
        server().control("start");
        reconnect();
    }
};

struct Step {
    const char* point;
    unsigned pass;
    const char* verb;
};

class ServerEndsAt : public ServerFaults, public ::testing::WithParamInterface<Step> {};

std::string name_of_step(const ::testing::TestParamInfo<Step>& step) {
    std::string name = std::string(step.param.point) + "_" + step.param.verb;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

TEST_P(ServerEndsAt, LosesNothing) {
    const Step& step = GetParam();
    const bool drops = std::string(step.point) == "cleaning.noted";
    const std::vector<std::string> more =
        drops ? std::vector<std::string>{"--drop-old"} : std::vector<std::string>{};
    begin({kInterrupted, kPluginIsGone});
    const auto process = start_stopped_at(step.point, step.pass, more);
    restart_server(step.verb);
    swapped();
    const auto last = go_on_or_again(*process, more);
    fmt::print("{}\n", ended_in_between_ == 0 ? "went on by itself" : "the same command went on");
    expect_right_end(last, drops ? "t,twin" : "_t_old,t,twin");
}

INSTANTIATE_TEST_SUITE_P(
    AStep,
    ServerEndsAt,
    ::testing::Values(
        Step{"prepare.recorded", 1, "kill"},
        Step{"copy.chunk_opened", 3, "kill"},
        Step{"cutover.before_rename", 1, "kill"},
        Step{"cutover.renamed", 1, "kill"}
    ),
    name_of_step
);

/// These take long, and a server that is stopped waits for the connections of a process that does
/// not answer: tools/soak server runs them.
INSTANTIATE_TEST_SUITE_P(
    DISABLED_EachStep,
    ServerEndsAt,
    ::testing::Values(
        Step{"prepare.state_made", 1, "kill"},
        Step{"replay.before_commit", 2, "kill"},
        Step{"cutover.locked", 1, "kill"},
        Step{"cleaning.noted", 1, "kill"},
        Step{"prepare.state_empty", 1, "kill"},
        Step{"prepare.shadow_made", 1, "kill"},
        Step{"copy.chunk_committed", 7, "kill"},
        Step{"checkpoint.written", 1, "kill"},
        Step{"replay.committed", 2, "kill"},
        Step{"copy.ended", 1, "kill"},
        Step{"cutover.begins", 1, "kill"},
        Step{"cutover.drained", 1, "kill"},
        Step{"cleaning.before_state", 1, "kill"},
        Step{"prepare.shadow_made", 1, "stop"},
        Step{"copy.chunk_committed", 7, "stop"},
        Step{"copy.ended", 1, "stop"},
        Step{"cutover.locked", 1, "stop"},
        Step{"cutover.renamed", 1, "stop"}
    ),
    name_of_step
);

TEST_F(ServerFaults, AtRandomMomentsLoseNothing) {
    const unsigned faults = from_environment("DOPPEL_TEST_SERVER_FAULTS", 2);
    const unsigned seed = from_environment("DOPPEL_TEST_SEED", 1);
    // So many rows that most faults meet the copy; a quick copy meets the others before the swap.
    fill(6'000 + faults * 2'000);
    write(server().primary(), {kInterrupted, kPluginIsGone});
    std::mt19937 random(seed);
    unsigned happened = 0;
    unsigned again = 0;
    const PostponedSwap postponed;
    const std::vector<std::string> more{"--chunk-rows=20", postponed.option()};
    auto process = start(more);
    while (happened < faults) {
        std::this_thread::sleep_for(milliseconds(100 + random() % 1'000));
        if (!process->running()) {
            const auto ended = finish(*process);
            ASSERT_EQ(ended.code, 4) << "the run ended too soon\n" << ended.out << ended.err;
            process = start(more);
            ++again;
            continue;
        }
        restart_server(++happened % 3 == 0 ? "stop" : "kill");
        swapped();
    }
    postponed.end();
    auto last = finish(*process);
    if (last.code == 4) {
        last = run();
        ++again;
    }
    fmt::print(
        "{} ends of the server, {} transactions beside them, {} runs were given again (seed {})\n",
        happened,
        writers_->committed(),
        again,
        seed
    );
    expect_right_end(last);
}

/// The answer to the RENAME never comes: semi-synchronous replication without a replica holds it
/// back, behind the commit or between the binlog and the commit.
class RenameWithoutAnswer : public ServerFaults, public ::testing::WithParamInterface<const char*> {
protected:
    std::unique_ptr<Process> run_to_the_rename() {
        // The server ends a connection that holds the lock and is silent for longer than that.
        auto process = start_stopped_at("cutover.before_rename", 1, {"--cutover-lock-limit=60s"});
        execute(fmt::format("SET GLOBAL rpl_semi_sync_source_wait_point = {}", GetParam()));
        execute("SET GLOBAL rpl_semi_sync_source_wait_no_replica = ON");
        execute("SET GLOBAL rpl_semi_sync_source_timeout = 3600000");
        execute("SET GLOBAL rpl_semi_sync_source_enabled = ON");
        process->signal(SIGCONT);
        EXPECT_TRUE(eventually([this] { return renamer() != "NULL"; }, seconds(30)));
        return process;
    }
    std::string renamer() {
        return scalar(
            "SELECT MAX(ID) FROM performance_schema.processlist WHERE INFO LIKE 'RENAME TABLE%' "
            "AND STATE LIKE 'Waiting for semi-sync ACK%'"
        );
    }
};

TEST_P(RenameWithoutAnswer, IsSeenAfterTheServerDied) {
    begin();
    const auto process = run_to_the_rename();
    restart_server("kill");
    EXPECT_TRUE(swapped());
    const auto last = finish(*process);
    EXPECT_THAT(last.err + last.out, HasSubstr("lost during the RENAME; looking what happened"));
    expect_right_end(last);
}

TEST_P(RenameWithoutAnswer, IsSeenAfterTheConnectionWasKilled) {
    begin();
    const auto process = run_to_the_rename();
    execute("KILL " + renamer());
    execute("SET GLOBAL rpl_semi_sync_source_enabled = OFF");
    const auto last = finish(*process);
    EXPECT_TRUE(swapped());
    EXPECT_THAT(last.err + last.out, HasSubstr("lost during the RENAME; looking what happened"));
    expect_right_end(last);
}

INSTANTIATE_TEST_SUITE_P(
    Wait,
    RenameWithoutAnswer,
    ::testing::Values("AFTER_COMMIT"),
    [](const auto& test) { return std::string(test.param); }
);
INSTANTIATE_TEST_SUITE_P(
    DISABLED_Wait,
    RenameWithoutAnswer,
    ::testing::Values("AFTER_SYNC"),
    [](const auto& test) { return std::string(test.param); }
);

/// Somebody ends the connections of a run, one after the other.
class ConnectionsEnd : public ServerFaults, public ::testing::WithParamInterface<bool> {
protected:
    /// All sessions of the run by the lock that each of them holds, and the feed.
    std::vector<std::string> connections() {
        const auto rows = session_->query(
            "SELECT DISTINCT t.PROCESSLIST_ID FROM performance_schema.metadata_locks l JOIN "
            "performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID WHERE "
            "l.OBJECT_TYPE = 'USER LEVEL LOCK' AND l.OBJECT_NAME LIKE 'doppel.%' UNION "
            "SELECT ID FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'"
        );
        std::vector<std::string> ids;
        for (const auto& row : rows.rows) {
            ids.push_back(row.at(0).value());
        }
        return ids;
    }
    /// KILL and KILL QUERY of each, with a little time to come back in between.
    void kill_in_turn() {
        for (const char* kind : {"QUERY", "CONNECTION"}) {
            const auto ids = connections();
            EXPECT_GE(ids.size(), 4U) << "those that are used connect again";
            for (const std::string& id : ids) {
                kill(kind, id);
                std::this_thread::sleep_for(milliseconds(40));
            }
        }
    }
    void kill(const std::string& kind, const std::string& id) {
        try {
            execute(fmt::format("KILL {} {}", kind, id));
            ++kills_;
        } catch (const Error& error) {
            EXPECT_EQ(error.server_errno(), 1094U) << error.what();  // it has gone by itself
        }
    }

    unsigned kills_ = 0;
};

TEST_P(ConnectionsEnd, EndNothing) {
    begin();
    if (GetParam()) {
        const auto first = start_stopped_at("copy.chunk_committed", 3);
        first->signal(SIGKILL);
        EXPECT_EQ(finish(*first).code, 128 + SIGKILL);
    }
    // A few chunks, then one by one while the rest is copied; all at once at the end of the copy;
    // one by one while the cut-over waits.
    const auto process = start_stopped_at("copy.ended", 1, {"--chunk-rows=10"});
    for (const std::string& id : connections()) {
        kill("CONNECTION", id);
    }
    const auto reader = server().connect();
    reader->execute("BEGIN");
    reader->query("SELECT id FROM app.t LIMIT 1");
    process->signal(SIGCONT);
    ASSERT_TRUE(process->wait_for("cut-over waits for a transaction", seconds(30)))
        << process->out() << process->err();
    kill_in_turn();
    reader->execute("COMMIT");
    const auto last = finish(*process);
    fmt::print("{} connections and statements were killed\n", kills_);
    EXPECT_EQ(last.out.find("going on with the run") != std::string::npos, GetParam());
    expect_right_end(last);
}

TEST_P(ConnectionsEnd, EndNothingWhileRowsAreCopied) {
    begin({}, kManyRows);
    if (GetParam()) {
        const auto first = start_stopped_at("copy.chunk_committed", 3);
        first->signal(SIGKILL);
        EXPECT_EQ(finish(*first).code, 128 + SIGKILL);
    }
    const PostponedSwap postponed;
    const auto process = start({"--chunk-rows=10", postponed.option()});
    ASSERT_TRUE(process->wait_for("\"copying\"", seconds(30))) << process->err();
    kill_in_turn();
    postponed.end();
    fmt::print("{} connections and statements were killed\n", kills_);
    expect_right_end(finish(*process));
}

std::string name_of_run(const ::testing::TestParamInfo<bool>& goes_on) {
    return goes_on.param ? "ARunThatGoesOn" : "AFreshRun";
}

INSTANTIATE_TEST_SUITE_P(Of, ConnectionsEnd, ::testing::Values(true), name_of_run);
INSTANTIATE_TEST_SUITE_P(DISABLED_Of, ConnectionsEnd, ::testing::Values(false), name_of_run);

}  // namespace
}  // namespace doppel::test
