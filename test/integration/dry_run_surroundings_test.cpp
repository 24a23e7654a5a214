// SPDX-License-Identifier: Apache-2.0
//
// doppel alter --dry-run: what it tells of locks, replicas and other runs, by the rules of the run.
#include "integration/dry_run_fixture.hpp"
#include "mysql/identifier.hpp"
#include "shadow/names.hpp"

#include <chrono>
#include <csignal>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What was not made need not be removed, which would wait for the same lock.
TEST_F(DryRun, GivesUpSoonWhenNoTableCanBeMade) {
    fill(100);
    const std::string before = state();
    const auto backup = application();
    backup->execute("FLUSH TABLES WITH READ LOCK");
    const auto result = dry("FORCE");
    EXPECT_THAT(result.finished.err, Not(HasSubstr("removing the scratch tables")));
    backup->execute("UNLOCK TABLES");
    EXPECT_EQ(result.finished.code, 0) << result.finished.err;
    EXPECT_EQ(result.report.at("depth"), "offline");
    EXPECT_THAT(result.report.at("notes").at(0).get<std::string>(), HasSubstr("Lock wait timeout"));
    EXPECT_EQ(state(), before);
}

TEST_F(DryRun, TellsWhatStandsInTheWayNow) {
    fill(100);
    const auto holder = application();
    holder->query(
        "SELECT GET_LOCK(" + mysql::quote_string(shadow::lock_name({"app", "t"})) + ", 0)"
    );
    const auto running = dry("FORCE");
    EXPECT_EQ(running.finished.code, 3);
    EXPECT_EQ(running.check("other-migrations").at("id"), "migration-running");
    holder->query("SELECT RELEASE_ALL_LOCKS()");
    holder->execute("START TRANSACTION");
    holder->query("SELECT * FROM t LIMIT 1");
    holder->query("SELECT SLEEP(11)");
    const auto waited = dry("FORCE");
    EXPECT_EQ(waited.finished.code, 0);
    EXPECT_EQ(waited.check("long-transactions").at("id"), "long-transaction");
    EXPECT_GE(waited.report.at("estimate").at("stall_seconds").at("expected"), 0.9);
    holder->execute("ROLLBACK");
}

TEST_F(DryRun, TellsOfTransactionsThatStayPrepared) {
    fill(10);
    const auto other = application();
    other->execute("XA START 'x'");
    other->execute("UPDATE t SET a = a + 1 WHERE id = 1");
    other->execute("XA END 'x'");
    other->execute("XA PREPARE 'x'");
    const auto result = dry("FORCE");
    other->execute("XA ROLLBACK 'x'");
    EXPECT_EQ(result.check("prepared-xa").at("id"), "prepared-xa-left");
    EXPECT_THAT(
        result.check("prepared-xa").at("message").get<std::string>(), HasSubstr("X'78',X'',1")
    );
}

TEST_F(DryRun, TellsWhoLocksTheTable) {
    fill(10);
    const auto holder = application();
    execute("CREATE USER IF NOT EXISTS 'blind' IDENTIFIED BY 'doppel'");
    execute("GRANT ALL ON app.* TO 'blind'");
    const auto locked = [](const char* option) {
        const auto finished = server().run_doppel("ALTER TABLE app.t FORCE", {"--dry-run", option});
        EXPECT_EQ(finished.code, 4) << finished.err;
        return last_of(finished.out, "error").value("message", "");
    };
    holder->execute("LOCK TABLES t WRITE");
    EXPECT_THAT(
        locked("--no-native"),
        HasSubstr(fmt::format("app.t is locked by connection {} of", holder->connection_id()))
    );
    // Who may not see that.
    EXPECT_THAT(locked("--user=blind"), HasSubstr("app.t is locked by somebody"));
    holder->execute("UNLOCK TABLES");
}

// The binary log connection of another run is registered, too, and is no replica.
TEST_F(DryRun, AnotherRunIsNoReplica) {
    fill(10);
    execute("CREATE TABLE other LIKE t");
    Process other(
        server().doppel_command(
            "ALTER TABLE app.other FORCE", {"--no-native", "--throttle-flag-file=/dev/null"}
        ),
        server().environment()
    );
    ASSERT_TRUE(eventually(
        [this] { return !schema_->session().query("SHOW REPLICAS").empty(); }, seconds(20)
    ));
    const auto result = dry("FORCE");
    other.signal(SIGINT);
    EXPECT_EQ(result.check("replicas").at("level"), "ok") << result.check("replicas");
    EXPECT_EQ(result.report.at("replicas"), json::array());
    EXPECT_EQ(other.wait(seconds(30)), 130) << other.err();
}

TEST_F(DryRun, NamedReplicasAreThoseOfTheRun) {
    fill(10);
    const auto named = dry("FORCE", {"--dry-run", "--replica=127.0.0.1:1"});
    EXPECT_EQ(named.finished.code, 0);
    EXPECT_EQ(named.check("replicas").at("id"), "replica-away");
    EXPECT_THAT(
        named.check("replicas").at("message").get<std::string>(), HasSubstr("would be held")
    );
    ASSERT_EQ(named.report.at("replicas").size(), 1U);
    EXPECT_EQ(named.report.at("replicas").at(0).at("watched"), "named");
    EXPECT_EQ(named.report.at("replicas").at(0).at("holds"), true);
    for (const auto& [option, watched] : {
             std::pair("--ignore-replica=127.0.0.1:1", "ignored"),
             std::pair("--replica-may-vanish=127.0.0.1:1", "may vanish"),
         }) {
        const auto result = dry("FORCE", {"--dry-run", "--replica=127.0.0.1:1", option});
        EXPECT_EQ(result.check("replicas").at("level"), "ok") << result.check("replicas");
        ASSERT_EQ(result.report.at("replicas").size(), 1U) << option;
        EXPECT_EQ(result.report.at("replicas").at(0).at("watched"), watched);
        EXPECT_EQ(result.report.at("replicas").at(0).at("holds"), false);
    }
}

// By the same rule as the run deals with it.
TEST_F(DryRun, JudgesWhatAnEarlierRunLeft) {
    fill(3'000);
    const auto killed = server().run_doppel_killed_at(
        "checkpoint.written", 1, "ALTER TABLE app.t FORCE", {"--no-native", "--chunk-rows=10"}
    );
    ASSERT_EQ(killed.code, 137);
    ASSERT_TRUE(sessions_have_ended(schema_->session()));
    const std::string before = state();
    const auto same = dry("FORCE");
    EXPECT_EQ(same.finished.code, 0) << same.finished.err;
    EXPECT_THAT(
        same.check("other-migrations").at("message").get<std::string>(),
        AllOf(HasSubstr("would go on"), HasSubstr("rows were copied"))
    );
    execute("SET GLOBAL time_zone = '+05:00'");
    const auto elsewhere = dry("FORCE");
    execute("SET GLOBAL time_zone = 'SYSTEM'");
    EXPECT_EQ(elsewhere.finished.code, 3);
    EXPECT_EQ(elsewhere.check("other-migrations").at("level"), "refusal");
    EXPECT_THAT(
        elsewhere.check("other-migrations").at("message").get<std::string>(),
        HasSubstr("server's settings")
    );
    const auto other = dry("ADD COLUMN x INT");
    EXPECT_EQ(other.finished.code, 3);
    EXPECT_EQ(other.check("other-migrations").at("id"), "earlier-run");
    EXPECT_EQ(server().run_doppel("ALTER TABLE app.t ADD COLUMN x INT").code, 3);
    const auto anew = dry("ADD COLUMN x INT", {"--dry-run", "--restart"});
    EXPECT_EQ(anew.finished.code, 0) << anew.finished.err;
    EXPECT_THAT(
        anew.check("other-migrations").at("message").get<std::string>(),
        HasSubstr("app._t_new, app._t_doppel")
    );
    EXPECT_EQ(state(), before);
}

// What stands in the way before the clean-up does not afterwards.
TEST_F(DryRun, JudgesByWhatIsThereAfterTheCleanUp) {
    fill(50);
    const auto killed = server().run_doppel_killed_at(
        "cutover.renamed", 1, "ALTER TABLE app.t ADD COLUMN n INT", {"--no-native", "--drop-old"}
    );
    ASSERT_EQ(killed.code, 137);
    ASSERT_THAT(schema_->tables(), HasSubstr("_t_old"));
    ASSERT_TRUE(sessions_have_ended(schema_->session()));
    const auto same = dry("ADD COLUMN n INT", {"--dry-run", "--no-native", "--drop-old"});
    EXPECT_EQ(same.finished.code, 0) << same.finished.err;
    const auto other = dry("ADD COLUMN x INT", {"--dry-run", "--no-native"});
    EXPECT_EQ(other.finished.code, 0) << other.finished.err;
    EXPECT_EQ(server().run_doppel("ALTER TABLE app.t ADD COLUMN x INT", {"--no-native"}).code, 0);
}

// Windows of an hour, on the other side of the day and now.
TEST_F(DryRun, TellsWhatTheRunIsToldToWaitFor) {
    fill(10);
    const int hour = std::stoi(scalar("SELECT HOUR(UTC_TIMESTAMP())"));
    const auto window = [](int from) {
        return fmt::format("{:02}:00-{:02}:00 UTC", from % 24, (from + 2) % 24);
    };
    const auto shut =
        dry("FORCE",
            {"--dry-run",
             "--no-native",
             "--window=" + window(hour + 11),
             "--cutover-window=" + window(hour + 13),
             "--postpone-cutover"});
    EXPECT_EQ(shut.finished.code, 0) << shut.finished.err;
    EXPECT_EQ(shut.check("copy-orders").at("id"), "copy-held");
    EXPECT_THAT(
        shut.check("copy-orders").at("message").get<std::string>(),
        HasSubstr(fmt::format("opens at {:02}:00 UTC", (hour + 11) % 24))
    );
    EXPECT_EQ(shut.check("swap-orders").at("id"), "swap-held");
    EXPECT_THAT(
        shut.report.at("steps").dump(),
        AllOf(
            HasSubstr("within " + window(hour + 11)),
            HasSubstr("--postpone-cutover"),
            HasSubstr(window(hour + 13))
        )
    );
    const auto open = dry("FORCE", {"--dry-run", "--no-native", "--window=" + window(hour)});
    EXPECT_EQ(open.check("copy-orders").at("level"), "ok");
    EXPECT_EQ(open.check("swap-orders").at("level"), "ok");
    const auto loaded = dry("FORCE", {"--dry-run", "--no-native", "--critical-load=Uptime=1"});
    EXPECT_THAT(
        loaded.check("copy-orders").at("message").get<std::string>(),
        AllOf(HasSubstr("Uptime is "), HasSubstr("--critical-load is 1"))
    );
    // The server's own change waits for none of it.
    const auto instant = dry("ADD COLUMN x INT", {"--dry-run", "--postpone-cutover"});
    EXPECT_EQ(instant.check("swap-orders").at("applies"), false);
}

TEST(DryRunAtAReplica, TellsWhatItCan) {
    Sandbox servers({"--replica"});
    const auto primary = servers.connect();
    primary->execute("CREATE DATABASE app");
    primary->execute("CREATE TABLE app.t (id INT PRIMARY KEY, a INT)");
    primary->execute("INSERT INTO app.t VALUES (1, 1), (2, 2)");
    const auto replica = servers.connect_replica();
    replica->query(fmt::format(
        "SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 30)",
        primary->query("SELECT @@GLOBAL.gtid_executed").scalar().value()
    ));
    replica->execute("SET GLOBAL super_read_only = ON");
    const auto finished = servers.run_doppel(
        "ALTER TABLE app.t MODIFY a BIGINT",
        {"--dry-run", "--port=" + servers.get("DOPPEL_REPLICA_PORT")}
    );
    EXPECT_EQ(finished.code, 0) << finished.err << finished.out;
    const json report = last_of(finished.out, "dry_run");
    ASSERT_FALSE(report.is_null());
    EXPECT_EQ(report.at("at_replica"), true);
    EXPECT_EQ(report.at("estimate").at("rows"), 2);
    // A replica has two seconds for its answer, on a machine that may be busy.
    json seen;
    EXPECT_TRUE(eventually(
        [&] {
            const auto at_primary =
                servers.run_doppel("ALTER TABLE app.t MODIFY a BIGINT", {"--dry-run"});
            seen = last_of(at_primary.out, "dry_run").at("replicas");
            return seen.size() == 1 && seen.at(0).at("lag_seconds").is_number();
        },
        seconds(30)
    )) << seen;
    const auto none =
        servers.run_doppel("ALTER TABLE app.t MODIFY a BIGINT", {"--dry-run", "--replica=none"});
    EXPECT_EQ(last_of(none.out, "dry_run").at("replicas"), json::array()) << none.out;
}

}  // namespace
}  // namespace doppel::test
