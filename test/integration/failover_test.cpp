// SPDX-License-Identifier: Apache-2.0
//
// The primary dies for good in mid-run. Its replica, promoted, has source, shadow and state out of
// the same binlog, so the same command goes on there.
#include "doppel/error.hpp"
#include "integration/command_fixture.hpp"
#include "support/twin.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kClauses =
    "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s, a)";
constexpr unsigned kRows = 20'000;

std::vector<std::string> command_at(
    const Sandbox& sandbox, const char* port, const std::vector<std::string>& options
) {
    auto command = sandbox.doppel_command(std::string("ALTER TABLE app.t ") + kClauses, options);
    for (std::string& argument : command) {
        if (argument.rfind("--port=", 0) == 0) {
            argument = "--port=" + sandbox.get(port);
        }
    }
    return command;
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
            sandbox, "DOPPEL_PORT", {"--no-native", "--chunk-rows=20", "--reconnect-limit=2s"}
        ),
        sandbox.environment()
    );
    // So far that the replica has a checkpoint in the middle of the table.
    const auto copied_at_replica = [&] {
        try {
            return replica
                       ->query(
                           "SELECT record->>'$.rows_copied' + 0 > 2000 FROM app._t_doppel WHERE "
                           "id = 4"
                       )
                       .scalar()
                       .value_or("0") == "1";
        } catch (const Error&) {
            return false;  // the table is not there yet
        }
    };
    ASSERT_TRUE(eventually(copied_at_replica, seconds(60))) << first.err();
    sandbox.control("kill");
    EXPECT_EQ(first.wait(seconds(60)), 4) << first.err();
    EXPECT_THAT(first.err(), HasSubstr("the same command goes on from there"));
    before.stop();

    replica->execute("STOP REPLICA");
    replica->execute("RESET REPLICA ALL");
    replica->execute("SET GLOBAL super_read_only = OFF");
    replica->execute("SET GLOBAL read_only = OFF");
    Writer after(sandbox.connect_replica());
    const auto second = run_process(
        command_at(sandbox, "DOPPEL_REPLICA_PORT", {"--no-native", "--chunk-rows=200"}),
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

}  // namespace
}  // namespace doppel::test
