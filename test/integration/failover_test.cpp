// SPDX-License-Identifier: Apache-2.0
//
// The primary dies for good in mid-run. Its replica, promoted, has source, shadow and state out of
// the same binlog, so the same command goes on there.
#include "doppel/error.hpp"
#include "integration/command_fixture.hpp"
#include "support/postponed_swap.hpp"
#include "support/twin.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kClauses =
    "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s, a)";
constexpr unsigned kRows = 20'000;

/// `ports`: names of the sandbox's, e.g. "DOPPEL_PORT".
std::vector<std::string> command_at(
    const Sandbox& sandbox,
    const std::vector<const char*>& ports,
    const std::vector<std::string>& options
) {
    auto command = sandbox.doppel_command(std::string("ALTER TABLE app.t ") + kClauses, options);
    std::string hosts;
    for (const char* const port : ports) {
        hosts += (hosts.empty() ? "--host=127.0.0.1:" : ",127.0.0.1:") + sandbox.get(port);
    }
    for (std::string& argument : command) {
        if (argument.starts_with("--host=")) {
            argument = hosts;
        }
    }
    return command;
}

void promote(sql::Session& replica) {
    replica.execute("STOP REPLICA");
    replica.execute("RESET REPLICA ALL");
    replica.execute("SET GLOBAL super_read_only = OFF");
    replica.execute("SET GLOBAL read_only = OFF");
}

/// Waits until the replica has a checkpoint in the middle of the table.
bool is_half_copied_at(sql::Session& replica) {
    const auto half_copied = [&] {
        try {
            return replica
                       .query(
                           "SELECT record->>'$.rows_copied' + 0 > 2000 FROM app._t_doppel WHERE "
                           "id = 4"
                       )
                       .scalar()
                       .value_or("0") == "1";
        } catch (const Error&) {
            return false;  // the table is not there yet
        }
    };
    return eventually(half_copied, seconds(60));
}

/// Writes to both tables until stopped, or until the server is gone.
class Writer final {
public:
    explicit Writer(std::unique_ptr<sql::Session> session)
        : session_(std::move(session)), thread_([this] { write(); }) {}
    ~Writer() { stop(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void stop() {
        stopping_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    [[nodiscard]] unsigned committed() const { return committed_; }

private:
    void write() {
        std::mt19937 random(1);
        try {
            session_->execute("USE app");
            while (!stopping_) {
                const auto id = random() % kRows;
                write_twins(
                    *session_,
                    {fmt::format("UPDATE {{}} SET a = a + 1, s = 'w{}' WHERE id = {}", id % 7, id),
                     fmt::format("DELETE FROM {{}} WHERE id = {}", (id * 7) % kRows)}
                );
                ++committed_;
                std::this_thread::sleep_for(kModestPause);
            }
        } catch (const Error&) {  // NOLINT: the server is killed under it
        }
    }

    std::unique_ptr<sql::Session> session_;
    std::atomic<bool> stopping_ = false;
    std::atomic<unsigned> committed_ = 0;
    std::thread thread_;
};

void fill(Schema& schema) {
    schema.execute(
        "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT NOT NULL, "
        "s VARCHAR(40) NOT NULL, KEY (a))"
    );
    schema.execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", kRows + 1));
    schema.execute(fmt::format(
        "INSERT INTO t (id, a, s) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < {}) SELECT i, i % 97, CONCAT('row ', i) FROM n",
        kRows
    ));
    schema.execute("CREATE TABLE twin LIKE t");
    schema.execute("INSERT INTO twin SELECT * FROM t");
}

TEST(Failover, ARunGoesOnAtThePromotedReplica) {
    Sandbox sandbox({"--replica"});
    auto schema = std::make_unique<Schema>(sandbox, "app");
    fill(*schema);
    const auto replica = sandbox.connect_replica();
    Writer before(sandbox.connect());
    Process first(
        command_at(
            sandbox,
            {"DOPPEL_PORT", "DOPPEL_REPLICA_PORT"},
            {"--no-native", "--chunk-rows=20", "--reconnect-limit=2s", "--postpone-cutover"}
        ),
        sandbox.environment()
    );
    ASSERT_TRUE(is_half_copied_at(*replica)) << first.err();
    sandbox.control("kill");
    EXPECT_EQ(first.wait(seconds(60)), 4) << first.err();
    EXPECT_THAT(first.err(), HasSubstr("the same command goes on from there"));
    EXPECT_THAT(first.err(), HasSubstr("none of the servers takes writes"));
    before.stop();

    promote(*replica);
    Writer after(sandbox.connect_replica());
    const auto second = run_process(
        command_at(sandbox, {"DOPPEL_REPLICA_PORT"}, {"--no-native", "--chunk-rows=200"}),
        seconds(120),
        sandbox.environment()
    );
    after.stop();
    EXPECT_EQ(second.code, 0) << second.out << second.err;
    EXPECT_THAT(second.out, HasSubstr("going on with the run that began at"));
    fmt::print(
        "{} transactions at the primary, {} at the promoted replica\n",
        before.committed(),
        after.committed()
    );
    replica->execute("USE app");
    expect_like_native(*replica, kClauses, "id");
}

TEST(Failover, ARunFindsThePromotedReplicaAmongItsHosts) {
    Sandbox sandbox({"--replica"});
    auto schema = std::make_unique<Schema>(sandbox, "app");
    fill(*schema);
    const auto replica = sandbox.connect_replica();
    Writer before(sandbox.connect());
    const PostponedSwap postponed;
    Process run(
        command_at(
            sandbox,
            {"DOPPEL_REPLICA_PORT", "DOPPEL_PORT"},
            {"--no-native", "--chunk-rows=20", postponed.option()}
        ),
        sandbox.environment()
    );
    ASSERT_TRUE(is_half_copied_at(*replica)) << run.err();
    sandbox.control("kill");
    before.stop();
    ASSERT_TRUE(run.wait_for("Looking for the primary", seconds(60))) << run.out() << run.err();
    promote(*replica);
    postponed.end();
    Writer after(sandbox.connect_replica());
    EXPECT_EQ(run.wait(seconds(120)), 0) << run.out() << run.err();
    after.stop();
    EXPECT_THAT(run.out(), HasSubstr("going on with the run that began at"));
    replica->execute("USE app");
    expect_like_native(*replica, kClauses, "id");
}

TEST(Failover, AReplicaMustHaveTakenThePlaceOfThePrimary) {
    Sandbox sandbox({"--replica"});
    auto schema = std::make_unique<Schema>(sandbox, "app");
    fill(*schema);
    const auto replica = sandbox.connect_replica();
    {
        Process run(
            command_at(
                sandbox, {"DOPPEL_PORT"}, {"--no-native", "--chunk-rows=10", "--postpone-cutover"}
            ),
            sandbox.environment()
        );
        ASSERT_TRUE(is_half_copied_at(*replica)) << run.err();
        // What the primary does from here on the replica gets, and does not do.
        replica->execute("STOP REPLICA SQL_THREAD");
        const auto waits = [&] {
            return replica
                ->query(
                    "SELECT SUM(GTID_SUBSET(RECEIVED_TRANSACTION_SET, @@GLOBAL.gtid_executed)) "
                    "FROM performance_schema.replication_connection_status"
                )
                .scalar();
        };
        ASSERT_TRUE(eventually([&] { return waits() == "0"; }, seconds(30)));
        ASSERT_TRUE(run.running()) << "it is to be killed in the middle";
        run.signal(SIGKILL);
    }
    replica->execute("SET GLOBAL super_read_only = OFF");
    replica->execute("SET GLOBAL read_only = OFF");
    const auto go_on = command_at(sandbox, {"DOPPEL_REPLICA_PORT"}, {"--no-native"});
    const auto early = run_process(go_on, seconds(60), sandbox.environment());
    EXPECT_EQ(early.code, 3) << early.out << early.err;
    EXPECT_THAT(early.out, HasSubstr("this one is a replica of 127.0.0.1:"));

    const auto dry_run = command_at(sandbox, {"DOPPEL_REPLICA_PORT"}, {"--dry-run"});
    const auto dry = run_process(dry_run, seconds(60), sandbox.environment());
    EXPECT_EQ(dry.code, 3) << dry.out << dry.err;
    EXPECT_THAT(dry.out, HasSubstr("this one is a replica of 127.0.0.1:"));

    replica->execute("STOP REPLICA");
    Process run(go_on, sandbox.environment());
    // It waits for what the replica has received, or it would go on with an old checkpoint while
    // the rest of the old run is still applied.
    std::this_thread::sleep_for(seconds(2));
    EXPECT_TRUE(run.running()) << run.out();
    EXPECT_THAT(run.out(), Not(HasSubstr("going on with the run")));
    replica->execute("START REPLICA SQL_THREAD");
    EXPECT_EQ(run.wait(seconds(60)), 0) << run.out() << run.err();
    EXPECT_THAT(run.out(), HasSubstr("going on with the run"));
    replica->execute("STOP REPLICA");
    replica->execute("USE app");
    expect_like_native(*replica, kClauses, "id");
}

}  // namespace
}  // namespace doppel::test
