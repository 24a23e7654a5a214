// SPDX-License-Identifier: Apache-2.0
//
// Migrations beside an application that goes on writing: the table is never out of service, and
// what comes out is what the server's own ALTER makes, on the primary and on a replica.
#include "integration/command_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;

void prepare(
    const Sandbox& sandbox, const std::string& schema, const std::vector<std::string>& options
) {
    const auto run = run_process(
        sandbox.load_command("prepare", schema, options), seconds(180), sandbox.environment()
    );
    ASSERT_EQ(run.code, 0) << run.out << run.err;
}

/// `load run`, with what it wrote to its JSON file.
class Load final {
public:
    Load(const Sandbox& sandbox, const std::string& schema, std::vector<std::string> options)
        : file_(
              std::filesystem::temp_directory_path() / fmt::format("doppel-load-{}.json", getpid())
          ),
          process_(command(sandbox, schema, std::move(options)), sandbox.environment()) {}
    ~Load() {
        std::error_code ignored;
        std::filesystem::remove(file_, ignored);
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Waits until it has written for `count` more seconds.
    [[nodiscard]] bool wait_for_intervals(std::size_t count) {
        const std::size_t wanted = intervals() + count;
        return eventually(
                   [&] { return intervals() >= wanted || !process_.running(); }, seconds(60)
               ) &&
               process_.running();
    }
    [[nodiscard]] bool running() { return process_.running(); }
    /// Stops it; the summary.
    [[nodiscard]] json finish() {
        process_.signal(SIGINT);
        code_ = process_.wait(seconds(60));
        return last_of(text(), "summary");
    }
    [[nodiscard]] int code() const { return code_; }
    [[nodiscard]] std::string said() const { return process_.out() + process_.err(); }

private:
    std::vector<std::string> command(
        const Sandbox& sandbox, const std::string& schema, std::vector<std::string> options
    ) const {
        options.push_back("--json=" + file_.string());
        return sandbox.load_command("run", schema, options);
    }
    [[nodiscard]] std::string text() const {
        std::ifstream file(file_);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::size_t intervals() const {
        const auto lines = json_lines(text());
        return static_cast<std::size_t>(std::count_if(
            lines.begin(),
            lines.end(),
            [](const json& line) {
                return line.value("type", "") == "interval" && line.at("commits") > 0;
            }
        ));
    }

    std::filesystem::path file_;
    Process process_;
    int code_ = -1;
};

void expect_no_loss_of_service(Load& load, const json& summary) {
    ASSERT_TRUE(summary.is_object()) << load.said();
    EXPECT_EQ(load.code(), 0) << load.said();
    EXPECT_EQ(summary.at("errors"), 0) << load.said();
    EXPECT_EQ(summary.at("twin_mismatches"), 0) << load.said();
    EXPECT_EQ(summary.at("seconds_without_commit"), 0) << load.said();
    fmt::print(
        "load: {:.0f} tx/s, left undone {}, longest stall {:.1f} ms\n",
        summary.at("tps").get<double>(),
        summary.at("backlog").get<int>(),
        summary.at("longest_stall").at("length_ms").get<double>()
    );
}

TEST(UnderLoad, FinishesWithoutASecondWithoutService) {
    const Sandbox sandbox;
    Schema schema(sandbox, "shop");
    ASSERT_NO_FATAL_FAILURE(prepare(sandbox, "shop", {"--table=orders", "--rows=200k"}));
    Load load(sandbox, "shop", {"--table=orders", "--rate=800", "--threads=8"});
    ASSERT_TRUE(load.wait_for_intervals(2)) << load.said();
    const auto run = sandbox.run_doppel(
        "ALTER TABLE shop.orders ADD COLUMN note VARCHAR(200) NOT NULL DEFAULT ''", {"--no-native"}
    );
    EXPECT_EQ(run.code, 0) << run.out << run.err;
    EXPECT_TRUE(load.wait_for_intervals(2)) << load.said();
    expect_no_loss_of_service(load, load.finish());
    const json migration = last_of(run.out, "summary");
    ASSERT_TRUE(migration.is_object()) << run.out;
    EXPECT_EQ(migration.at("method"), "shadow");
    EXPECT_GT(migration.at("progress").at("events_seen"), 0) << "it saw nothing of the load";
    fmt::print(
        "doppel: {} ms, table locked for {} us\n",
        migration.at("progress").at("elapsed_ms").get<int>(),
        migration.at("cutover_locked_us").get<int>()
    );
}

/// `load compare` of the table and its twin; its exit code.
void expect_equal_tables(const Sandbox& sandbox, const std::string& port) {
    auto command =
        sandbox.load_command("compare", "shop", {"--table=orders", "--with=orders_twin"});
    std::replace_if(
        command.begin(),
        command.end(),
        [](const std::string& argument) { return argument.rfind("--port=", 0) == 0; },
        "--port=" + port
    );
    const auto run = run_process(command, seconds(120), sandbox.environment());
    EXPECT_EQ(run.code, 0) << run.out << run.err;
    EXPECT_THAT(run.out, HasSubstr("100000 and 100000 rows"));
}

void wait_for_replica(sql::Session& primary, sql::Session& replica) {
    const std::string executed = primary.query("SELECT @@GLOBAL.gtid_executed").scalar().value();
    const auto waited =
        replica.query(fmt::format("SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 120)", executed));
    ASSERT_EQ(waited.scalar().value_or("NULL"), "0") << "the replica does not catch up";
}

TEST(UnderLoad, MakesWhatTheServersOwnAlterMakes) {
    const Sandbox sandbox({"--replica"});
    Schema schema(sandbox, "shop");
    ASSERT_NO_FATAL_FAILURE(
        prepare(sandbox, "shop", {"--table=orders", "--twin=orders_twin", "--rows=100000"})
    );
    Load load(
        sandbox, "shop", {"--table=orders", "--twin=orders_twin", "--rate=400", "--threads=8"}
    );
    ASSERT_TRUE(load.wait_for_intervals(1)) << load.said();
    // Small chunks, so that the copy lasts for some thousand transactions.
    const std::string clauses =
        "ADD COLUMN note VARCHAR(200) NOT NULL DEFAULT '' AFTER k, MODIFY k BIGINT NOT NULL "
        "DEFAULT 0, MODIFY pad VARCHAR(60) CHARACTER SET utf8mb4 NOT NULL, ADD INDEX c_1 (c(20))";
    const auto run = sandbox.run_doppel(
        "ALTER TABLE shop.orders " + clauses, {"--chunk-rows=2k", "--max-lag=off"}
    );
    EXPECT_EQ(run.code, 0) << run.out << run.err;
    EXPECT_TRUE(load.wait_for_intervals(1)) << load.said();
    expect_no_loss_of_service(load, load.finish());
    const json migration = last_of(run.out, "summary");
    ASSERT_TRUE(migration.is_object()) << run.out;
    EXPECT_EQ(migration.at("method"), "shadow");
    EXPECT_GT(migration.at("progress").at("keys_reconciled"), 0);
    fmt::print("doppel: {}\n", migration.dump());

    schema.execute("ALTER TABLE orders_twin " + clauses);
    EXPECT_EQ(
        definition_of(schema.session(), "orders"), definition_of(schema.session(), "orders_twin")
    );
    expect_equal_tables(sandbox, sandbox.get("DOPPEL_PORT"));
    const auto replica = sandbox.connect_replica();
    ASSERT_NO_FATAL_FAILURE(wait_for_replica(schema.session(), *replica));
    replica->execute("USE shop");
    EXPECT_EQ(definition_of(*replica, "orders"), definition_of(*replica, "orders_twin"));
    expect_equal_tables(sandbox, sandbox.get("DOPPEL_REPLICA_PORT"));
}

}  // namespace
}  // namespace doppel::test
