// SPDX-License-Identifier: Apache-2.0
//
// doppel status: what it tells of a migration in each of its states, at the primary and at a
// replica, to an account that may only read.
#include "integration/killed_run_fixture.hpp"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Status : public KilledRunTest {
protected:
    static json status(const std::vector<std::string>& words) {
        const auto finished = run("status", words);
        EXPECT_EQ(finished.code, 0) << finished.err;
        return event_of(finished, "status");
    }
    static json status() { return status({"app.t"}); }
};

TEST_F(Status, NoMigrationIsAnAnswer) {
    fill(10);
    EXPECT_EQ(status().at("state"), "none");
    EXPECT_EQ(status().at("table_exists"), true);
    EXPECT_EQ(status({"--database=app", "t"}).at("table"), "app.t");
    EXPECT_EQ(status({"app.gone"}).at("state"), "none");
    EXPECT_EQ(status({"app.gone"}).at("table_exists"), false);
    EXPECT_EQ(status({"nowhere.t"}).at("state"), "none");
    EXPECT_EQ(status({"--database=nowhere", "t"}).at("state"), "none");
    EXPECT_EQ(run("status", {"a.b.c"}).code, 2);
    EXPECT_EQ(run("status", {"t"}).code, 2);
}

TEST_F(Status, ReadsNoCertificatesOfTheSystem) {
    // Whoever opens this waits for somebody to write into it.
    const std::string pipe = fmt::format("/tmp/doppel-test-{}.pipe", ::getpid());
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::unique_ptr<const char, int (*)(const char*)> removed(pipe.c_str(), ::unlink);
    auto words = command("status", {"app.t"});
    words.push_back("--ssl-mode=REQUIRED");
    auto environment = server().environment();
    environment["SSL_CERT_FILE"] = pipe;
    const auto finished = run_process(words, seconds(30), environment);
    EXPECT_EQ(finished.code, 0) << finished.err;
}

TEST_F(Status, OfARunAndOfWhatIsLeftWhenItIsKilled) {
    fill(kRows);
    execute("CREATE USER IF NOT EXISTS 'reader' IDENTIFIED BY 'doppel'");
    execute("GRANT SELECT ON app.* TO 'reader'");
    const auto process = start_run();
    const auto running = status({"--user=reader", "app.t"});
    EXPECT_EQ(running.at("state"), "running");
    EXPECT_EQ(running.at("running"), true);
    EXPECT_EQ(running.at("process_id"), process->pid());
    EXPECT_EQ(running.at("statement"), std::string("ALTER TABLE app.`t` ") + kClauses);
    EXPECT_EQ(running.at("checkpoint").at("phase"), "copying");
    EXPECT_GE(running.at("checkpoint").at("rows_copied"), 100);
    EXPECT_GT(running.at("checkpoint").at("rows_estimated"), kRows / 2);
    EXPECT_EQ(running.at("other_server"), false);
    EXPECT_EQ(
        std::to_string(running.at("connection").get<std::uint64_t>()),
        scalar("SELECT IS_USED_LOCK(" + mysql::quote_string(shadow::lock_name({"app", "t"})) + ")")
    );
    EXPECT_EQ(running.at("shadow"), "app._t_new");

    json at_replica;
    const auto seen = [&] {
        at_replica = event_of(run_at_replica("status", {"app.t"}), "status");
        return at_replica.at("state") == "running";
    };
    EXPECT_TRUE(eventually(seen, seconds(20))) << at_replica;
    EXPECT_EQ(at_replica.at("other_server"), true);
    EXPECT_TRUE(at_replica.at("connection").is_null());
    EXPECT_EQ(at_replica.at("server_uuid"), scalar("SELECT @@server_uuid"));

    process->signal(SIGKILL);
    process->wait(seconds(10));
    EXPECT_TRUE(eventually([] { return status().at("running") == false; }, seconds(10)));
    const auto stopped = status();
    EXPECT_EQ(stopped.at("state"), "stopped");
    EXPECT_TRUE(stopped.at("connection").is_null());
    EXPECT_EQ(stopped.at("process_id"), process->pid());
    EXPECT_EQ(stopped.at("state_table"), "app._t_doppel");
    execute("DROP TABLE t");
    EXPECT_EQ(status().at("state"), "stopped");
    EXPECT_EQ(status().at("table_exists"), false);
}

// Whether a run goes on is told there by the age of its checkpoint; the primary's clock is an hour
// behind, or ahead.
TEST_F(Status, AReplicaGoesByItsOwnClock) {
    put_leftovers();
    const auto replica = server().connect_replica();
    for (const char* shift : {"- INTERVAL 1 HOUR", "+ INTERVAL 1 HOUR"}) {
        execute(fmt::format("UPDATE _t_doppel SET at = CURRENT_TIMESTAMP(6) {} WHERE id = 4", shift)
        );
        replica->query(fmt::format(
            "SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 30)", scalar("SELECT @@GLOBAL.gtid_executed")
        ));
        const auto seen = event_of(run_at_replica("status", {"app.t"}), "status");
        EXPECT_EQ(seen.at("state"), "running") << shift;
        EXPECT_LT(seen.at("checkpoint").at("age_seconds"), 600) << shift;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1'100));  // it counts whole seconds
    const auto later = event_of(run_at_replica("status", {"app.t"}), "status");
    EXPECT_GT(later.at("checkpoint").at("age_seconds"), 0);
}

TEST_F(Status, DoesNotSayNoneToWhoMaySeeNothing) {
    fill(10);
    execute("CREATE USER IF NOT EXISTS 'nobody' IDENTIFIED BY 'doppel'");
    const auto finished = run("status", {"--user=nobody", "app.t"});
    EXPECT_EQ(finished.code, 3);
    EXPECT_THAT(finished.err, HasSubstr("it needs SELECT on schema app"));
}

TEST_F(Status, SwappedTablesAreSeen) {
    put_leftovers();
    swap_by_hand();
    const auto swapped = status();
    EXPECT_EQ(swapped.at("state"), "swapped");
    EXPECT_EQ(swapped.at("running"), false);
    EXPECT_EQ(swapped.at("old_table"), "app._t_old");
    EXPECT_TRUE(swapped.at("shadow").is_null());
}

TEST_F(Status, WhatItCannotReadItTellsInWords) {
    fill(10);
    execute("CREATE TABLE _t_doppel (x INT)");
    execute("CREATE TABLE _t_new (x INT)");
    EXPECT_EQ(status().at("state"), "none");
    EXPECT_THAT(status().at("in_the_way"), ElementsAre("app._t_doppel", "app._t_new"));
    execute("ALTER TABLE _t_doppel COMMENT 'doppel state v1 of app.t'");
    EXPECT_EQ(status().at("state"), "unreadable");
    EXPECT_THAT(status().at("problem").get<std::string>(), HasSubstr("its columns"));
    execute("DROP TABLE _t_doppel, _t_new");
    execute(
        "CREATE TABLE _t_doppel (id INT PRIMARY KEY, seq BIGINT UNSIGNED, at TIMESTAMP(6), record "
        "JSON) COMMENT 'doppel state v1 of app.t'"
    );
    EXPECT_EQ(status().at("state"), "stopped");
    execute("INSERT INTO _t_doppel VALUES (0, 0, NOW(), '{\"format\": 1}')");
    EXPECT_EQ(status().at("state"), "unreadable");
    EXPECT_THAT(status().at("problem").get<std::string>(), HasSubstr("format 1"));
}

TEST_F(Status, OfTablesWithOddNames) {
    const std::string name = "o`d'd .t";
    execute("CREATE TABLE " + quoted(name) + " (id INT PRIMARY KEY)");
    const auto holder = application();
    holder->query(
        "SELECT GET_LOCK(" + mysql::quote_string(shadow::lock_name({"app", name})) + ", 0)"
    );
    const auto held = status({"app." + quoted(name)});
    EXPECT_EQ(held.at("state"), "preparing");
    EXPECT_EQ(held.at("connection"), holder->connection_id());
    EXPECT_EQ(held.at("table"), "app." + name);
    EXPECT_EQ(status({"--database=app", quoted(name)}).at("state"), "preparing");
}

}  // namespace
}  // namespace doppel::test
