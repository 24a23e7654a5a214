// SPDX-License-Identifier: Apache-2.0
//
// The swap of the tables under fire: connections end, the server becomes read-only, others change
// or lock the tables, a replica takes over. At every moment the old table is in place or the new
// one, and the application meets nothing but lock waits. Tests that are disabled here run with
// tools/soak server.
#include "doppel/error.hpp"
#include "integration/faults_fixture.hpp"

#include <algorithm>
#include <thread>

namespace doppel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr unsigned kNoSuchTable = 1146;
constexpr unsigned kReadOnly = 1290;

std::string as_test_name(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_'
    );
    return text;
}

/// A statement of somebody else's that may have to wait; what it was answered is of no interest.
class Other final {
public:
    Other(const Sandbox& sandbox, const std::string& statement)
        : session_(sandbox.connect()), id_(session_->connection_id()) {
        session_->execute("USE app");
        thread_ = std::thread([this, statement] {
            try {
                session_->execute(statement);
            } catch (const Error& error) {
                answer_ = error.server_errno();
            }
            done_ = true;
        });
    }
    ~Other() { answer(); }
    Other(const Other&) = delete;
    Other& operator=(const Other&) = delete;

    /// Until it was answered or waits for a lock.
    void settle(sql::Session& session) {
        const auto settled = [&] {
            return done_ ||
                   session.query(fmt::format(
                                     "SELECT COUNT(*) FROM performance_schema.processlist WHERE ID "
                                     "= {} AND STATE LIKE 'Waiting for%'",
                                     id_
                                 ))
                           .scalar() == "1";
        };
        EXPECT_TRUE(eventually(settled, seconds(20)));
    }
    [[nodiscard]] bool done() const { return done_; }
    /// The error's number; 0 for success.
    unsigned answer() {
        if (thread_.joinable()) {
            thread_.join();
        }
        return answer_;
    }

private:
    std::unique_ptr<sql::Session> session_;
    std::uint64_t id_;
    std::atomic<bool> done_ = false;
    unsigned answer_ = 0;
    std::thread thread_;
};

class CutoverFaults : public FaultsTest {
protected:
    static Sandbox& server() {
        static Sandbox sandbox({"--option", "innodb_buffer_pool_size=64M"});
        return sandbox;
    }
    void SetUp() override { use(server()); }

    static std::vector<std::string> few_attempts() {
        return {"--lock-wait-timeout=1s", "--cutover-backoff=500ms"};
    }
    void kill_all_connections(const Process& process) {
        const auto rows = session_->query(fmt::format(
            "SELECT DISTINCT PROCESSLIST_ID FROM performance_schema.session_connect_attrs WHERE "
            "ATTR_NAME = '_pid' AND ATTR_VALUE = '{}' UNION SELECT ID FROM "
            "performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'",
            process.pid()
        ));
        EXPECT_GE(rows.rows.size(), 9U);
        for (const auto& row : rows.rows) {
            try {
                execute("KILL " + row.at(0).value());
            } catch (const Error& error) {
                EXPECT_EQ(error.server_errno(), 1094U) << error.what();  // it has gone by itself
            }
        }
    }
};

class CutoverFaultsAt : public CutoverFaults, public ::testing::WithParamInterface<const char*> {};

TEST_P(CutoverFaultsAt, LostConnectionsChangeNothing) {
    begin();
    const auto process = start_stopped_at(GetParam());
    swapped();
    kill_all_connections(*process);
    swapped();
    expect_right_end(go_on(*process));
}

TEST_P(CutoverFaultsAt, AServerThatBecomesReadOnlyIsNoEnd) {
    begin({kReadOnly});
    const auto process = start_stopped_at(GetParam());
    Other other(server(), "SET GLOBAL super_read_only = ON");
    other.settle(*session_);
    const auto first = go_on(*process);
    EXPECT_THAT(first.code, AnyOf(0, 4)) << first.err;
    const bool done = swapped();
    EXPECT_EQ(first.code == 0, done);
    if (first.code == 4) {
        EXPECT_THAT(first.err, HasSubstr("the same command goes on from there"));
        EXPECT_THAT(first.err, HasSubstr("--super-read-only"));
    }
    EXPECT_EQ(other.answer(), 0U);
    execute("SET GLOBAL super_read_only = OFF");
    execute("SET GLOBAL read_only = OFF");
    if (done) {
        execute("DROP TABLE IF EXISTS _t_doppel");  // could not be removed
    }
    fmt::print("{}\n", done ? "swapped before it" : "stopped, and went on later");
    expect_right_end(done ? first : run());
}

INSTANTIATE_TEST_SUITE_P(
    A,
    CutoverFaultsAt,
    ::testing::Values("cutover.begins", "cutover.before_rename", "cutover.renamed"),
    [](const auto& test) { return as_test_name(test.param); }
);
INSTANTIATE_TEST_SUITE_P(
    DISABLED_Each,
    CutoverFaultsAt,
    ::testing::Values("cutover.locked", "cutover.drained"),
    [](const auto& test) { return as_test_name(test.param); }
);

/// What somebody else does to the tables right before they are locked.
struct Meddling {
    const char* name;
    const char* statement;
    const char* said;
    const char* left = "t,twin";
    bool to_source = false;  ///< so that `t` is not what the twin is
};

void PrintTo(const Meddling& meddling, std::ostream* out) {  // NOLINT: name given by GoogleTest
    *out << meddling.name;
}

class CutoverMeddling : public CutoverFaults, public ::testing::WithParamInterface<Meddling> {};

TEST_P(CutoverMeddling, EndsTheRunAndLeavesTheTableAlone) {
    const Meddling& meddling = GetParam();
    begin();
    ASSERT_TRUE(eventually([this] { return writers_->committed() > 20; }, seconds(20)));
    // A stopped run in the midst of replay would keep the statement waiting.
    EXPECT_THAT(writers_->stop().errors, ::testing::IsEmpty());
    const auto process = start_stopped_at("cutover.begins");
    execute("SET SESSION lock_wait_timeout = 20");
    execute(meddling.statement);
    if (!meddling.to_source) {
        write(server().primary());
    }
    const auto finished = go_on(*process);
    EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(meddling.said));
    if (meddling.to_source) {
        EXPECT_EQ(tables(), meddling.left);
    } else {
        EXPECT_THAT(finished.err, HasSubstr("app.t is untouched"));
        expect_untouched(meddling.left);
    }
}

INSTANTIATE_TEST_SUITE_P(
    By,
    CutoverMeddling,
    ::testing::Values(
        Meddling{"Alter", "ALTER TABLE t ADD COLUMN z INT", "ADD COLUMN z", "t,twin", true},
        Meddling{"Drop", "DROP TABLE t", "DROP TABLE", "twin", true},
        Meddling{"Rename", "RENAME TABLE t TO x", "RENAME TABLE t TO x", "twin,x", true},
        Meddling{
            "TruncateOfTheShadow", "TRUNCATE TABLE _t_new", "app._t_new, which holds the copy"},
        Meddling{
            "AlterOfTheShadow",
            "ALTER TABLE _t_new DROP COLUMN note",
            "app._t_new, which holds the copy, was changed by another statement: ALTER TABLE"},
        Meddling{"DropOfTheShadow", "DROP TABLE _t_new", "_t_new"},
        Meddling{"RenameOfTheShadow", "RENAME TABLE _t_new TO x", "_t_new", "t,twin,x"},
        Meddling{"DropOfTheState", "DROP TABLE _t_doppel", "_t_doppel"},
        Meddling{"TruncateOfTheState", "TRUNCATE TABLE _t_doppel", "another run has taken over"},
        Meddling{"OldTable", "CREATE TABLE _t_old (x INT)", "_t_old", "_t_old,t,twin"}
    ),
    [](const auto& test) { return std::string(test.param.name); }
);

/// Somebody's DDL waits behind our lock, and comes upon the tables after the swap.
TEST_F(CutoverFaults, DdlThatWaitsForTheLockMeetsTheNewTable) {
    begin();
    // Both others must be waiting before the lock is given up.
    const auto process = start_stopped_at("cutover.locked", 1, {"--cutover-lock-limit=60s"});
    Other alter(server(), "ALTER TABLE t ADD COLUMN z INT");
    Other truncate(server(), "TRUNCATE TABLE _t_new");
    alter.settle(*session_);
    truncate.settle(*session_);
    EXPECT_FALSE(alter.done() || truncate.done());
    const auto finished = go_on(*process);
    EXPECT_EQ(alter.answer(), 0U);
    EXPECT_EQ(truncate.answer(), kNoSuchTable);
    EXPECT_TRUE(swapped());
    execute("ALTER TABLE t DROP COLUMN z");
    expect_right_end(finished);
}

/// Locks of others keep the cut-over waiting, and nobody else.
class CutoverBehindLocks : public CutoverFaults,
                           public ::testing::WithParamInterface<const char*> {};

TEST_P(CutoverBehindLocks, WaitsAndSwaps) {
    begin();
    const auto process = start_stopped_at("cutover.begins", 1, few_attempts());
    const auto other = server().connect();
    other->execute("USE app");
    other->execute(GetParam());
    process->signal(SIGCONT);
    // The third of the run's attempts or the third second of its waiting.
    (void)process->wait_for("cut-over attempt 2 failed", seconds(4));
    EXPECT_TRUE(process->running()) << process->out();
    EXPECT_FALSE(swapped());
    other->execute("UNLOCK TABLES");
    other->execute("UNLOCK INSTANCE");
    expect_right_end(finish(*process));
}

INSTANTIATE_TEST_SUITE_P(
    By,
    CutoverBehindLocks,
    ::testing::Values("LOCK TABLES t READ", "LOCK INSTANCE FOR BACKUP"),
    [](const auto& test) { return as_test_name(test.param); }
);
INSTANTIATE_TEST_SUITE_P(
    DISABLED_By,
    CutoverBehindLocks,
    ::testing::Values("FLUSH TABLES WITH READ LOCK"),
    [](const auto& test) { return as_test_name(test.param); }
);

/// A transaction that has read the table, and writes to it while LOCK TABLES waits, is ended by the
/// server as a deadlock. So the lock is asked for at a moment at which there is none, and that is
/// waited for, for a second: see kCalmPatience.
TEST_F(CutoverFaults, ATransactionThatReadsAndThenWritesIsLetThrough) {
    constexpr milliseconds kInTime{900};
    begin();
    const auto looks = [this] {
        return std::stoul(scalar(
            "SELECT COALESCE(SUM(COUNT_STAR), 0) FROM "
            "performance_schema.events_statements_summary_by_digest WHERE DIGEST_TEXT LIKE '%FROM "
            "`performance_schema` . `metadata_locks` `r`%'"
        ));
    };
    const auto process = start_stopped_at("cutover.begins");
    const auto before = looks();
    const auto application = server().connect();
    application->execute("USE app");
    application->execute("BEGIN");
    application->query("SELECT a FROM t WHERE id = 1");
    const auto began = std::chrono::steady_clock::now();
    process->signal(SIGCONT);
    ASSERT_TRUE(eventually([&] { return looks() > before + 1; }, seconds(20))) << process->out();
    try {
        for (const char* table : {"t", "twin"}) {
            application->execute(fmt::format("UPDATE {} SET a = a + 1 WHERE id = 1", table));
        }
        application->execute("COMMIT");
    } catch (const Error& error) {
        // This test was too slow for it.
        EXPECT_GT(std::chrono::steady_clock::now() - began, kInTime) << error.what();
        application->execute("ROLLBACK");
    }
    expect_right_end(finish(*process));
}

/// Not Doppel's doing: the server ends the transaction in favour of whatever wants the table for
/// itself.
class WhatNoSwapAvoids : public CutoverFaults, public ::testing::WithParamInterface<const char*> {};

TEST_P(WhatNoSwapAvoids, EndsATransactionThatReadsAndThenWrites) {
    fill();
    const auto application = server().connect();
    application->execute("USE app");
    application->execute("BEGIN");
    application->query("SELECT a FROM t WHERE id = 1");
    Other swap(server(), GetParam());
    swap.settle(*session_);
    unsigned error = 0;
    try {
        application->execute("UPDATE t SET a = a + 1 WHERE id = 1");
    } catch (const Error& failure) {
        error = failure.server_errno();
    }
    EXPECT_EQ(error, 1213U);
    application->execute("ROLLBACK");
    EXPECT_EQ(swap.answer(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    OnAnyWay,
    WhatNoSwapAvoids,
    ::testing::Values(
        "LOCK TABLES t WRITE",
        "RENAME TABLE t TO was, twin TO t",
        "ALTER TABLE t ADD COLUMN more INT, ALGORITHM=INSTANT"
    ),
    [](const auto& test) {
        const std::string statement = test.param;
        return statement.substr(0, statement.find(' '));
    }
);

/// One that does nothing more is waited for in vain, and holds up nobody.
TEST_F(CutoverFaults, ATransactionThatHasReadAndIsIdleIsNotWaitedForLong) {
    begin();
    const auto process = start_stopped_at("cutover.begins", 1, few_attempts());
    const auto application = server().connect();
    application->execute("USE app");
    application->execute("BEGIN");
    application->query("SELECT a FROM t WHERE id = 1");
    process->signal(SIGCONT);
    EXPECT_TRUE(process->wait_for("cut-over attempt 1 failed", seconds(30))) << process->out();
    application->execute("COMMIT");
    expect_right_end(finish(*process));
}

TEST_F(CutoverFaults, ARenameThatIsInterruptedIsTriedAgain) {
    begin();
    const auto process = start_stopped_at(
        "cutover.before_rename", 1, {"--lock-wait-timeout=20s", "--cutover-backoff=500ms"}
    );
    const auto other = server().connect();
    other->execute("LOCK INSTANCE FOR BACKUP");
    process->signal(SIGCONT);
    const auto renamer = [this] {
        return scalar(
            "SELECT MAX(ID) FROM performance_schema.processlist WHERE INFO LIKE 'RENAME TABLE%' "
            "AND STATE LIKE 'Waiting for%'"
        );
    };
    std::string waits = "NULL";
    ASSERT_TRUE(eventually([&] { return (waits = renamer()) != "NULL"; }, seconds(20)))
        << process->err();
    execute("KILL QUERY " + waits);
    EXPECT_TRUE(process->wait_for("cut-over attempt 1 failed: RENAME failed", seconds(20)))
        << process->out();
    EXPECT_FALSE(swapped());
    other->execute("UNLOCK INSTANCE");
    expect_right_end(finish(*process));
}

/// The primary dies for good at that step, and its replica takes over.
class CutoverFailover : public FaultsTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(CutoverFailover, GoesOnAtThePromotedReplica) {
    Sandbox sandbox({"--replica", "--option", "innodb_buffer_pool_size=64M"});
    use(sandbox);
    begin();
    const auto process = start_stopped_at(GetParam(), 1, {"--reconnect-limit=1s"});
    sandbox.control("kill");
    EXPECT_THAT(go_on(*process).code, AnyOf(0, 4)) << process->err();
    EXPECT_THAT(writers_->stop().errors, ::testing::IsEmpty());

    session_ = sandbox.connect_replica();
    for (const char* step :
         {"STOP REPLICA",
          "RESET REPLICA ALL",
          "SET GLOBAL super_read_only = OFF",
          "SET GLOBAL read_only = OFF",
          "USE app"}) {
        execute(step);
    }
    const bool done = swapped();
    write(sandbox.replica());
    auto command = sandbox.doppel_command(statement(), options());
    for (std::string& argument : command) {
        if (argument.starts_with("--port=")) {
            argument = "--port=" + sandbox.get("DOPPEL_REPLICA_PORT");
        }
    }
    if (done && tables().find("_t_doppel") == std::string::npos) {
        fmt::print("the replica had it all\n");
        expect_right_end({0, "", ""});
    } else {
        fmt::print("{}\n", done ? "the replica had the swap" : "the replica went on");
        expect_right_end(run_process(command, kLimit, sandbox.environment()));
    }
    session_.reset();
}

INSTANTIATE_TEST_SUITE_P(
    AStep,
    CutoverFailover,
    ::testing::Values("cutover.before_rename"),
    [](const auto& test) { return as_test_name(test.param); }
);
INSTANTIATE_TEST_SUITE_P(
    DISABLED_EachStep,
    CutoverFailover,
    ::testing::Values(
        "cutover.begins",
        "cutover.locked",
        "cutover.drained",
        "cutover.renamed",
        "cleaning.before_state"
    ),
    [](const auto& test) { return as_test_name(test.param); }
);

}  // namespace
}  // namespace doppel::test
