// SPDX-License-Identifier: Apache-2.0
//
// A run that was killed at a chosen step goes on when the same command is given again, beside an
// application that writes all the time, and ends with what a native ALTER makes.
#include "integration/command_fixture.hpp"
#include "support/postponed_swap.hpp"
#include "support/twin.hpp"

#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kClauses =
    "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s, a)";
constexpr unsigned kRows = 3'000;
/// kill -9, as a shell tells it.
constexpr int kKilled = 128 + SIGKILL;

std::string statement() {
    return std::string("ALTER TABLE app.t ") + kClauses;
}

/// Changes rows of its own half of the table: hot ones, scattered ones, new ones, gone ones.
TwinTransaction next_change(unsigned writer, std::mt19937& random) {
    const auto id = [&] { return static_cast<unsigned>(random() % (kRows / 2)) * 2 + writer; };
    switch (random() % 4) {
        case 0:
            return {fmt::format("UPDATE {{}} SET a = a + 1 WHERE id = {}", 10 + writer)};
        case 1:
            return {fmt::format("DELETE FROM {{}} WHERE id = {}", id())};
        case 2:
            return {fmt::format(
                "REPLACE INTO {{}} (id, a, s) VALUES ({}, {}, 'new')",
                id() + 1'000,
                random() % 1'000
            )};
        default:
            return {fmt::format("UPDATE {{}} SET s = 'x{}' WHERE id = {}", random() % 100, id())};
    }
}

class Resume : public CommandTest {
protected:
    /// Table t with its twin, and two writers.
    void begin() {
        fill(kRows);
        execute("CREATE TABLE twin LIKE t");
        execute("INSERT INTO twin SELECT * FROM t");
        writers_ = std::make_unique<TwinWriters>(server(), "app", 2, next_change, kModestPause);
    }
    void TearDown() override {
        writers_.reset();
        schema_.reset();
    }

    static Finished run(const std::vector<std::string>& more = {}) {
        return server().run_doppel(statement(), options(more));
    }
    static Finished run_killed_at(
        const std::string& point, unsigned pass, const std::vector<std::string>& more = {}
    ) {
        return server().run_doppel_killed_at(point, pass, statement(), options(more));
    }
    static std::vector<std::string> options(const std::vector<std::string>& more) {
        std::vector<std::string> all{
            "--no-native",
            "--index-build=deferred",
            "--chunk-rows=100",
            "--batch-keys=20",
            "--replay-threads=3"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    void expect_right_end(const Finished& last, const std::string& tables = "_t_old,t,twin") {
        writers_->stop();
        EXPECT_EQ(last.code, 0) << last.err;
        expect_like_native(schema_->session(), kClauses, "id");
        EXPECT_EQ(schema_->tables(), tables);
    }
    static std::string finding(const Finished& finished) {
        const auto lines = last_of(finished.out, "findings");
        return lines.is_null() ? finished.err : lines.dump();
    }

    std::unique_ptr<TwinWriters> writers_;
};

struct Step {
    const char* point;
    unsigned pass;
};

class ResumeAt : public Resume, public ::testing::WithParamInterface<Step> {};

std::string name_of_step(const ::testing::TestParamInfo<Step>& step) {
    std::string name = step.param.point;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

TEST_P(ResumeAt, EndsAsIfItHadNotBeenKilled) {
    begin();
    // There is something to replay for as long as it takes, however quick the copy is.
    const bool replays = std::string_view(GetParam().point).starts_with("replay.");
    const auto killed = run_killed_at(
        GetParam().point,
        GetParam().pass,
        replays ? std::vector<std::string>{"--postpone-cutover"} : std::vector<std::string>{}
    );
    ASSERT_EQ(killed.code, kKilled) << "the step was not passed\n" << killed.err;
    expect_right_end(run());
}

INSTANTIATE_TEST_SUITE_P(
    EachStep,
    ResumeAt,
    ::testing::Values(
        Step{"prepare.state_empty", 1},
        Step{"prepare.state_made", 1},
        Step{"prepare.shadow_made", 1},
        Step{"prepare.recorded", 1},
        Step{"copy.chunk_opened", 1},
        Step{"copy.chunk_committed", 12},
        Step{"checkpoint.written", 1},
        Step{"replay.before_commit", 2},
        Step{"replay.committed", 2},
        Step{"copy.ended", 1},
        Step{"index.begins", 1},
        Step{"index.built", 1},
        Step{"cutover.begins", 1},
        Step{"cutover.locked", 1},
        Step{"cutover.drained", 1},
        Step{"cutover.before_rename", 1},
        Step{"cutover.renamed", 1},
        Step{"cleaning.before_state", 1}
    ),
    name_of_step
);

TEST_F(Resume, KilledAgainWhileGoingOn) {
    begin();
    ASSERT_EQ(run_killed_at("copy.chunk_committed", 15).code, kKilled);
    ASSERT_EQ(run_killed_at("resume.sessions_ended", 1).code, kKilled);
    ASSERT_EQ(run_killed_at("resume.cleared", 1).code, kKilled);
    ASSERT_EQ(run_killed_at("prepare.recorded", 1).code, kKilled);
    ASSERT_EQ(run_killed_at("copy.chunk_opened", 1).code, kKilled);
    expect_right_end(run());
}

TEST_F(Resume, KilledWhileDroppingTheOldTable) {
    begin();
    ASSERT_EQ(run_killed_at("cleaning.noted", 1, {"--drop-old"}).code, kKilled);
    ASSERT_EQ(run_killed_at("cleaning.before_state", 1, {"--drop-old"}).code, kKilled);
    expect_right_end(run({"--drop-old"}), "t,twin");
}

TEST_F(Resume, ASignalKeepsWhatWasDone) {
    begin();
    Process first(
        server().doppel_command(statement(), options({"--chunk-rows=10", "--postpone-cutover"})),
        server().environment()
    );
    ASSERT_TRUE(first.wait_for("\"copying\"", seconds(30))) << first.err();
    first.signal(SIGINT);
    EXPECT_EQ(first.wait(seconds(30)), 130) << first.err();
    EXPECT_THAT(first.err(), HasSubstr("app.t is untouched; how far"));
    EXPECT_EQ(schema_->tables(), "_t_doppel,_t_new,t,twin");
    const auto second = run();
    EXPECT_THAT(second.out, HasSubstr("going on with the run that began at"));
    expect_right_end(second);
}

TEST_F(Resume, RestartBeginsAnew) {
    begin();
    ASSERT_EQ(run_killed_at("copy.chunk_committed", 12).code, kKilled);
    ASSERT_EQ(run_killed_at("restart.shadow_dropped", 1, {"--restart"}).code, kKilled);
    const auto last = run({"--restart"});
    EXPECT_THAT(last.out, HasSubstr("removing what an earlier run left behind"));
    expect_right_end(last);
}

TEST_F(Resume, AServerThatBecomesReadOnlyIsNoEnd) {
    fill(kRows);
    Process first(
        server().doppel_command(statement(), options({"--chunk-rows=10", "--postpone-cutover"})),
        server().environment()
    );
    ASSERT_TRUE(first.wait_for("\"copying\"", seconds(30))) << first.err();
    execute("SET GLOBAL super_read_only = ON");
    const int code = first.wait(seconds(60));
    execute("SET GLOBAL super_read_only = OFF");
    execute("SET GLOBAL read_only = OFF");
    EXPECT_EQ(code, 4) << first.err();
    EXPECT_THAT(first.err(), HasSubstr("the same command goes on from there"));
    const auto second = run();
    EXPECT_EQ(second.code, 0) << second.err;
    EXPECT_THAT(second.out, HasSubstr("going on with the run that began at"));
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t WHERE note = 'n'"), fmt::format("{}", kRows));
}

TEST_F(Resume, PrivilegesThatAreTakenAwayAreNoEnd) {
    fill(kRows);
    execute("CREATE USER mover@'%' IDENTIFIED BY 'mover'");
    execute("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO mover@'%'");
    execute("GRANT ALL ON app.* TO mover@'%'");
    const auto as_mover = [](const std::vector<std::string>& more) {
        auto command = server().doppel_command(statement(), options(more));
        std::replace_if(
            command.begin(),
            command.end(),
            [](const std::string& argument) { return argument.rfind("--user=", 0) == 0; },
            "--user=mover"
        );
        return command;
    };
    Process first(as_mover({"--chunk-rows=10", "--postpone-cutover"}), {{"MYSQL_PWD", "mover"}});
    ASSERT_TRUE(first.wait_for("\"copying\"", seconds(30))) << first.err();
    execute("REVOKE INSERT, UPDATE ON app.* FROM mover@'%'");
    EXPECT_EQ(first.wait(seconds(60)), 4) << first.out() << first.err();
    EXPECT_THAT(first.err(), HasSubstr("the same command goes on from there"));
    const auto refused = run_process(as_mover({}), seconds(60), {{"MYSQL_PWD", "mover"}});
    EXPECT_EQ(refused.code, 3) << refused.err;
    execute("GRANT ALL ON app.* TO mover@'%'");
    const auto last = run_process(as_mover({}), seconds(60), {{"MYSQL_PWD", "mover"}});
    execute("DROP USER mover@'%'");
    EXPECT_EQ(last.code, 0) << last.err;
    EXPECT_THAT(last.out, HasSubstr("going on with the run that began at"));
}

class ResumeRefuses : public Resume {
protected:
    void SetUp() override {
        Resume::SetUp();
        fill(kRows);
        ASSERT_EQ(run_killed_at("copy.chunk_committed", 12).code, kKilled);
        // What its sessions were told last would change the contents that are compared.
        ASSERT_TRUE(sessions_have_ended(schema_->session()));
    }
    void expect_refusal(const Finished& finished, const std::string& reason) {
        const std::string before = contents_;
        EXPECT_EQ(finished.code, 3) << finished.err;
        EXPECT_THAT(finding(finished), HasSubstr(reason));
        EXPECT_THAT(finding(finished), HasSubstr("--restart"));
        EXPECT_EQ(contents_of(*schema_), before) << "nothing is changed";
    }
    void change(const std::string& statement) {
        execute(statement);
        contents_ = contents_of(*schema_);
    }

    std::string contents_;
};

TEST_F(ResumeRefuses, AnotherStatement) {
    contents_ = contents_of(*schema_);
    const auto other = server().run_doppel("ALTER TABLE app.t DROP COLUMN s", {"--no-native"});
    expect_refusal(other, "an earlier run with another statement has not ended: ALTER TABLE app.t");
}

TEST_F(ResumeRefuses, ATableThatWasChanged) {
    change("ALTER TABLE t ADD COLUMN b INT");
    expect_refusal(run(), "app.t is not defined any more as it was when an earlier run began");
}

TEST_F(ResumeRefuses, AShadowThatWasChanged) {
    change("ALTER TABLE _t_new ADD COLUMN b INT");
    expect_refusal(run(), "app._t_new is not defined any more as the earlier run made it");
}

TEST_F(ResumeRefuses, AShadowThatIsGone) {
    change("DROP TABLE _t_new");
    expect_refusal(run(), "_t_new, which an earlier run was filling, is gone");
}

TEST_F(ResumeRefuses, ARecordOfAnotherFormat) {
    change("UPDATE _t_doppel SET record = JSON_SET(record, '$.format', 7) WHERE id = 0");
    expect_refusal(run(), "it was written in format 7 by another version of doppel");
}

TEST_F(ResumeRefuses, ACheckpointThatIsBroken) {
    change("UPDATE _t_doppel SET record = JSON_REMOVE(record, '$.place') WHERE id = 4");
    expect_refusal(run(), "its checkpoint cannot be read: it is incomplete");
}

TEST_F(ResumeRefuses, ACheckpointWithTransactionsThatTheServerLacks) {
    change(
        "UPDATE _t_doppel SET record = JSON_SET(record, '$.place.gtid_set', "
        "'3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5', '$.server.uuid', "
        "'3e11fa47-71ca-11e1-9e33-c80aa9429562') WHERE id = 4"
    );
    expect_refusal(run(), "this server lacks transactions that the earlier run has already seen");
}

TEST_F(ResumeRefuses, BinlogsThatArePurged) {
    execute("UPDATE t SET a = 5 WHERE id = 1");
    ASSERT_TRUE(end_dump_threads(schema_->session()));
    execute("FLUSH BINARY LOGS");
    change("PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY");
    expect_refusal(run(), "the server has purged binlogs that the earlier run had not read yet");
    EXPECT_EQ(run({"--restart"}).code, 0);
}

TEST_F(ResumeRefuses, AServerWithOtherSettings) {
    contents_ = contents_of(*schema_);
    execute("SET GLOBAL time_zone = '+05:00'");
    const auto finished = run();
    execute("SET GLOBAL time_zone = 'SYSTEM'");
    EXPECT_EQ(finished.code, 3) << finished.err;
    EXPECT_THAT(finding(finished), HasSubstr("the server's settings"));
    EXPECT_EQ(run().code, 0);
}

TEST_F(Resume, LeavesATableAloneThatItDidNotMake) {
    fill(kRows);
    ASSERT_EQ(run_killed_at("prepare.state_made", 1).code, kKilled);
    execute("CREATE TABLE _t_new (x INT)");
    execute("INSERT INTO _t_new VALUES (1)");
    const auto refused = run();
    EXPECT_EQ(refused.code, 3) << refused.err;
    EXPECT_THAT(finding(refused), HasSubstr("so it is somebody else's"));
    EXPECT_EQ(run({"--restart"}).code, 3);
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM _t_new"), "1");
}

TEST_F(ResumeRefuses, ToGuessWhetherTheTablesWereSwapped) {
    execute("DROP TABLE _t_new");
    // An index does not show in the columns, and the run never came to the swap.
    execute(
        "UPDATE _t_doppel SET record = JSON_SET(record, '$.shadow_columns', JSON_ARRAY("
        "'id int', 'a int', 's varchar(40)')) WHERE id = 0"
    );
    change("CREATE TABLE _t_old (x INT)");
    const auto refused = run({"--drop-old"});
    EXPECT_EQ(refused.code, 3) << refused.err;
    EXPECT_THAT(finding(refused), HasSubstr("cannot be told from their definitions"));
    EXPECT_EQ(contents_of(*schema_), contents_) << "nothing is changed";
}

TEST_F(Resume, CleansUpAfterAnotherChangeButDoesNotTakeItForItsOwn) {
    fill(kRows);
    ASSERT_EQ(run_killed_at("cleaning.before_state", 1).code, kKilled);
    const auto other =
        server().run_doppel("ALTER TABLE app.t ADD COLUMN b INT", {"--no-native", "--drop-old"});
    EXPECT_EQ(other.code, 3) << other.out;
    EXPECT_THAT(finding(other), HasSubstr("app._t_old exists"));
    EXPECT_EQ(schema_->tables(), "_t_old,t") << "the old table is not this run's to drop";
    execute("DROP TABLE _t_old");
    EXPECT_EQ(server().run_doppel("ALTER TABLE app.t ADD COLUMN b INT", {"--no-native"}).code, 0);
    EXPECT_EQ(
        scalar("SELECT COUNT(*) FROM t WHERE b IS NULL AND note = 'n'"), fmt::format("{}", kRows)
    );
}

/// As when its machine was asleep: its connections are gone, another run goes on, then it wakes up.
TEST_F(Resume, AProcessThatWasTakenForDeadDoesNoHarm) {
    begin();
    const PostponedSwap postponed;
    const std::vector<std::string> slow =
        options({"--chunk-rows=10", "--json", postponed.option()});
    Process first(server().doppel_command(statement(), slow), server().environment());
    ASSERT_TRUE(first.wait_for("\"copying\"", seconds(30))) << first.err();
    first.signal(SIGSTOP);
    const auto connections = schema_->session().query(fmt::format(
        "SELECT DISTINCT PROCESSLIST_ID FROM performance_schema.session_connect_attrs WHERE "
        "ATTR_NAME = '_pid' AND ATTR_VALUE = '{}'",
        first.pid()
    ));
    ASSERT_GE(connections.rows.size(), 5U);
    const auto first_run = scalar("SELECT record->>'$.run_id' FROM _t_doppel WHERE id = 0");
    for (const auto& row : connections.rows) {
        execute("KILL " + row.at(0).value());
    }
    Process second(server().doppel_command(statement(), slow), server().environment());
    EXPECT_TRUE(second.wait_for("\"copying\"", seconds(30))) << second.out() << second.err();
    const auto held = schema_->session().query(fmt::format(
        "SELECT COUNT(*) >= 20, COUNT(DISTINCT OWNER_THREAD_ID) FROM "
        "performance_schema.metadata_locks WHERE OBJECT_TYPE = 'USER LEVEL LOCK' AND OBJECT_NAME "
        "LIKE 'doppel.{}.%' AND LOCK_STATUS = 'GRANTED'",
        first_run
    ));
    EXPECT_EQ(held.rows.at(0).at(0), "1") << "the names of its sessions are not held";
    EXPECT_EQ(held.rows.at(0).at(1), "1") << "by one connection";
    first.signal(SIGCONT);
    postponed.end();
    EXPECT_EQ(first.wait(seconds(60)), 1) << first.out() << first.err();
    EXPECT_THAT(first.err(), HasSubstr("app.t is untouched")) << "whatever it met first";
    EXPECT_EQ(second.wait(seconds(60)), 0) << second.err();
    EXPECT_THAT(second.out(), HasSubstr("going on with the run"));
    expect_right_end({0, "", ""});
}

TEST_F(Resume, IsRefusedWhileTheFirstRunGoesOn) {
    begin();
    const PostponedSwap postponed;
    Process first(
        server().doppel_command(statement(), options({postponed.option()})), server().environment()
    );
    ASSERT_TRUE(first.wait_for("\"copying\"", seconds(30))) << first.err();
    const auto second = run({"--restart"});
    postponed.end();
    EXPECT_EQ(second.code, 3) << second.err;
    EXPECT_THAT(finding(second), HasSubstr("migration"));
    EXPECT_EQ(first.wait(seconds(60)), 0) << first.err();
    expect_right_end({0, "", ""});
}

struct MissingRowsStep {
    const char* point;
    unsigned rows;
    unsigned moved;  ///< rows in one transaction whose values go round
    std::chrono::milliseconds pause;
};

/// Values under a unique index move between rows, so that their copies stand in each other's way.
class MissingRowsAt : public CommandTest, public ::testing::WithParamInterface<MissingRowsStep> {
protected:
    static constexpr const char* kUniqueClauses = "ADD COLUMN note INT NOT NULL DEFAULT 1";

    void SetUp() override {
        CommandTest::SetUp();
        execute("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL, UNIQUE (v))");
        execute("SET SESSION cte_max_recursion_depth = 10000");
        execute(fmt::format(
            "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
            "< {}) SELECT i, i FROM n",
            GetParam().rows
        ));
        execute("CREATE TABLE twin LIKE t");
        execute("INSERT INTO twin SELECT * FROM t");
        writers_ = std::make_unique<TwinWriters>(server(), "app", 1, [](unsigned, auto& random) {
            return next_exchange(random);
        });
    }
    void TearDown() override {
        writers_.reset();
        schema_.reset();
    }
    static TwinTransaction next_exchange(std::mt19937& random) {
        std::this_thread::sleep_for(GetParam().pause);
        const auto first = random() % (GetParam().rows - GetParam().moved) + 1;
        const auto last = first + GetParam().moved - 1;
        return {
            fmt::format("UPDATE {{}} SET v = -v WHERE id BETWEEN {} AND {}", first, last),
            fmt::format(
                "UPDATE {{}} x JOIN (SELECT id, v FROM {{}} WHERE id BETWEEN {0} AND {1}) y ON "
                "y.id = IF(x.id = {1}, {0}, x.id + 1) SET x.v = -y.v WHERE x.id BETWEEN {0} AND "
                "{1}",
                first,
                last
            )};
    }
    static std::string alter() { return std::string("ALTER TABLE app.t ") + kUniqueClauses; }
    static std::vector<std::string> options(const std::string& verify) {
        return {"--no-native", "--chunk-rows=20", "--batch-keys=10", "--verify=" + verify};
    }
    /// Of the run that is to be killed, however quick its copy is.
    static std::vector<std::string> options_of_the_first() {
        auto all = options("off");
        if (std::string_view(GetParam().point).starts_with("replay.")) {
            all.emplace_back("--postpone-cutover");
        }
        return all;
    }

    std::unique_ptr<TwinWriters> writers_;
};

TEST_P(MissingRowsAt, AreLookedForByTheRunThatGoesOn) {
    const auto killed =
        server().run_doppel_killed_at(GetParam().point, 1, alter(), options_of_the_first());
    ASSERT_EQ(killed.code, kKilled) << killed.out << killed.err;
    const auto careless = server().run_doppel(alter(), options("off"));
    EXPECT_EQ(careless.code, 3) << careless.out << careless.err;
    EXPECT_THAT(careless.out, HasSubstr("--verify=on"));
    writers_->stop();
    const auto last = server().run_doppel(alter(), options("on"));
    EXPECT_EQ(last.code, 0) << last.err;
    expect_like_native(schema_->session(), kUniqueClauses, "id");
}

INSTANTIATE_TEST_SUITE_P(
    Steps,
    MissingRowsAt,
    ::testing::Values(
        MissingRowsStep{"replay.deleted_alone", 6'000, 30, std::chrono::milliseconds(30)},
        MissingRowsStep{"cutover.deleted_alone", 900, 2, std::chrono::milliseconds(0)}
    )
);

}  // namespace
}  // namespace doppel::test
