// SPDX-License-Identifier: Apache-2.0
//
// doppel alter --dry-run: tells what the run would do, and leaves nothing behind.
#include "integration/dry_run_fixture.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(DryRun, TellsACopyAndLeavesNothing) {
    fill(3'000);
    const std::string before = state();
    const auto result = dry("MODIFY a BIGINT NOT NULL, ADD COLUMN note VARCHAR(9), ADD KEY s (s)");
    EXPECT_EQ(state(), before);
    EXPECT_EQ(result.finished.code, 0) << result.finished.err;
    const json& report = result.report;
    EXPECT_EQ(report.at("decision").at("method"), "shadow");
    EXPECT_EQ(report.at("decision").at("certain"), true);
    EXPECT_THAT(
        report.at("definition").at("diff").get<std::string>(),
        AllOf(
            HasSubstr("-  `a` int NOT NULL"),
            HasSubstr("+  `a` bigint NOT NULL"),
            HasSubstr("+  `note` varchar(9)"),
            Not(HasSubstr("_t_dry")),
            Not(HasSubstr("scratch"))
        )
    );
    EXPECT_EQ(report.at("key").at("index"), "PRIMARY");
    EXPECT_EQ(report.at("columns").at(1).at("how"), "converted");
    EXPECT_EQ(report.at("estimate").at("rows"), 3'000);
    EXPECT_EQ(report.at("fit").at("misfits"), json::array());
    for (const char* key : {"total_seconds", "disk_bytes", "binlog_bytes", "stall_seconds"}) {
        expect_range(report.at("estimate").at(key));
        EXPECT_GT(report.at("estimate").at(key).at("expected"), 0) << key;
    }
    EXPECT_EQ(result.check("server-writable").at("level"), "ok");
    EXPECT_EQ(result.check("other-migrations").at("level"), "ok");
    EXPECT_GE(report.at("checks").size(), 30U);
}

// The run itself is asked afterwards.
TEST_F(DryRun, DecidesAsTheRunDoes) {
    fill(500);
    for (const char* clauses :
         {"ADD COLUMN x INT",
          "DROP COLUMN x",
          "ALTER COLUMN a SET DEFAULT 5",
          "DROP INDEX a",
          "ADD KEY (s)",
          "MODIFY s VARCHAR(60) NOT NULL",
          "MODIFY s VARCHAR(300) NOT NULL",
          "COMMENT = 'doppel'",
          "FORCE",
          "RENAME COLUMN a TO b"}) {
        const std::string before = state();
        const auto result = dry(clauses);
        EXPECT_EQ(state(), before) << clauses;
        const auto run =
            server().run_doppel(std::string("ALTER TABLE app.t ") + clauses, {"--drop-old"});
        ASSERT_EQ(run.code, 0) << run.err;
        EXPECT_EQ(
            result.report.at("decision").at("method"), last_of(run.out, "summary").at("method")
        ) << clauses;
        const auto now = schema_->session().query("SHOW CREATE TABLE t").rows.at(0).at(1).value();
        EXPECT_EQ(
            result.report.at("definition").at("after"),
            std::regex_replace(now, std::regex(" AUTO_INCREMENT=[0-9]+"), "")
        ) << clauses;
    }
}

// The clone's CHECK constraints have other names than the table's.
TEST_F(DryRun, KnowsCheckConstraintsByTheirNames) {
    execute(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, CONSTRAINT positive CHECK (a > 0), "
        "CONSTRAINT small CHECK (a < 9))"
    );
    for (const char* clauses : {"DROP CHECK positive", "ALTER CHECK small NOT ENFORCED"}) {
        const auto result = dry(clauses);
        EXPECT_EQ(result.finished.code, 0) << result.finished.err;
        const auto run =
            server().run_doppel(std::string("ALTER TABLE app.t ") + clauses, {"--drop-old"});
        ASSERT_EQ(run.code, 0) << run.err;
        EXPECT_EQ(
            result.report.at("decision").at("method"), last_of(run.out, "summary").at("method")
        ) << clauses;
    }
}

TEST_F(DryRun, RefusesWhatTheRunRefuses) {
    fill(10);
    execute("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1");
    const auto refused = dry("FORCE");
    EXPECT_EQ(refused.finished.code, 3);
    EXPECT_EQ(refused.report.at("outcome").at("exit_code"), 3);
    EXPECT_EQ(refused.check("triggers").at("id"), "triggers");
    EXPECT_EQ(refused.check("triggers").at("applies"), true);
    EXPECT_EQ(server().run_doppel("ALTER TABLE app.t FORCE").code, 3);
    // Where no copy is needed a trigger is in nobody's way.
    const auto instant = dry("ADD COLUMN x INT");
    EXPECT_EQ(instant.finished.code, 0);
    EXPECT_EQ(instant.check("triggers").at("applies"), false);
    const auto missing = told(server().run_doppel("ALTER TABLE app.gone FORCE", {"--dry-run"}));
    EXPECT_EQ(missing.finished.code, 3);
    EXPECT_EQ(missing.check("table-exists").at("id"), "no-table");
    EXPECT_EQ(server().run_doppel("ALTER TABLE app.t DROP COLUMN no", {"--dry-run"}).code, 2);
    EXPECT_EQ(server().run_doppel("ALTER TABLE app.t NONSENSE x", {"--dry-run"}).code, 2);
}

TEST_F(DryRun, RefusesOrdersThatTheRunRefuses) {
    fill(10);
    for (const auto& [option, check, message] : {
             std::array{
                 "--control-socket=/tmp/no such folder/s", "running-control", "cannot be opened"},
             std::array{
                 "--max-load=Threads_running=50,Nope=5",
                 "load-variables",
                 "no status variable Nope"},
         }) {
        const auto refused = dry("FORCE", {"--dry-run", option});
        EXPECT_EQ(refused.finished.code, 3) << refused.finished.err;
        EXPECT_THAT(refused.check(check).at("message").get<std::string>(), HasSubstr(message));
        const auto run = server().run_doppel("ALTER TABLE app.t FORCE", {option});
        EXPECT_EQ(run.code, 3) << run.err;
        EXPECT_THAT(run.out, HasSubstr(message));
    }
}

// As the run tells them, key by key.
TEST_F(DryRun, NamesRowsThatDoNotFit) {
    execute(
        "CREATE TABLE t (id INT PRIMARY KEY, n INT, s VARCHAR(40), b BIGINT, e VARCHAR(9), u INT)"
    );
    execute(
        "INSERT INTO t VALUES (1, 1, 'short', 1, '12', 1), (2, NULL, 'much too long', 5000000000, "
        "'x', 2), (3, 3, 'short', 3, '7', 2)"
    );
    for (const char* clauses :
         {"MODIFY n INT NOT NULL",
          "MODIFY s VARCHAR(5)",
          "MODIFY b INT",
          "MODIFY e INT",
          "ADD UNIQUE KEY u (u)",
          "ADD CONSTRAINT c CHECK (u < 2)"}) {
        const std::string before = state();
        const auto result = dry(clauses);
        EXPECT_EQ(state(), before) << clauses;
        EXPECT_EQ(result.finished.code, 5) << clauses;
        const auto run = server().run_doppel(
            std::string("ALTER TABLE app.t ") + clauses, {"--lock-wait-timeout=1s"}
        );
        ASSERT_EQ(run.code, 5) << clauses << run.err;
        const json error = last_of(run.out, "error");
        ASSERT_EQ(result.report.at("fit").at("misfits").size(), 1U) << clauses;
        const json misfit = result.report.at("fit").at("misfits").at(0);
        EXPECT_EQ(misfit.at("keys"), error.at("keys")) << clauses;
        EXPECT_EQ(misfit.at("constraint"), error.at("constraint")) << clauses;
        EXPECT_EQ(misfit.at("columns"), error.at("columns")) << clauses;
        EXPECT_EQ(misfit.at("search"), error.at("search")) << clauses;
    }
    const auto fitting = dry("MODIFY s VARCHAR(20)");
    EXPECT_EQ(fitting.finished.code, 0);
    EXPECT_EQ(fitting.report.at("fit").at("complete"), true);
}

TEST_F(DryRun, FullFindsTheOneRow) {
    fill(150'000);
    execute("UPDATE t SET s = REPEAT('x', 40) WHERE id = 123457");
    const std::string before = state();
    auto sampled = dry("MODIFY s VARCHAR(30) NOT NULL");
    // It looks for seconds, and the machine may have been busy with something else for all of them.
    for (int i = 0; i < 2 && sampled.report.at("fit").at("rows_looked_at") < 5'000; ++i) {
        sampled = dry("MODIFY s VARCHAR(30) NOT NULL");
    }
    EXPECT_EQ(sampled.report.at("fit").at("complete"), false);
    EXPECT_THAT(
        sampled.report.at("fit").at("confidence").get<std::string>(), HasSubstr("95 % confidence")
    );
    EXPECT_GE(sampled.report.at("fit").at("rows_looked_at"), 5'000);
    const auto full = dry("MODIFY s VARCHAR(30) NOT NULL", {"--dry-run=full"});
    EXPECT_EQ(full.finished.code, 5);
    EXPECT_EQ(full.report.at("fit").at("misfits").at(0).at("keys"), json::array({"(123457)"}));
    EXPECT_EQ(full.report.at("fit").at("rows_looked_at"), 150'000);
    EXPECT_EQ(state(), before);
}

TEST_F(DryRun, OfflineMakesNoTable) {
    fill(1'000);
    const auto made = [&] {
        return schema_->session()
            .query("SHOW GLOBAL STATUS LIKE 'Com_create_table'")
            .rows.at(0)
            .at(1)
            .value();
    };
    const std::string before = made();
    const auto result = dry("ADD COLUMN x INT", {"--dry-run=offline"});
    EXPECT_EQ(made(), before);
    EXPECT_EQ(result.finished.code, 0);
    EXPECT_EQ(result.report.at("decision").at("method"), "instant");
    EXPECT_EQ(result.report.at("decision").at("certain"), false);
    EXPECT_THAT(result.report.at("notes").at(0).get<std::string>(), HasSubstr("not known"));
    (void)dry("ADD COLUMN x INT");
    EXPECT_NE(made(), before);  // the counter counts
}

// Who may not keep a table out of the binary log makes none.
TEST_F(DryRun, WithoutTheRightToSqlLogBinItIsOffline) {
    fill(1'000);
    execute("DROP USER IF EXISTS 'plain'");
    execute("CREATE USER 'plain' IDENTIFIED BY 'doppel'");
    execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, LOCK TABLES, TRIGGER, "
        "CREATE TEMPORARY TABLES ON app.* TO 'plain'"
    );
    execute("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'plain'");
    const std::string before = state();
    const auto result = dry("FORCE", {"--dry-run", "--user=plain"});
    EXPECT_EQ(state(), before);
    EXPECT_EQ(result.finished.code, 0) << result.finished.err;
    EXPECT_EQ(result.report.at("depth"), "offline");
    EXPECT_THAT(
        result.report.at("notes").at(0).get<std::string>(), HasSubstr("SESSION_VARIABLES_ADMIN")
    );
    EXPECT_GT(result.report.at("estimate").at("disk_bytes").at("expected"), 0);
}

TEST_F(DryRun, LeavesNothingWhenItIsStopped) {
    fill(100);
    const std::string before = state();
    for (const char* point : {"dry_run.cloned", "dry_run.made"}) {
        const auto process =
            server().start_doppel_stopped_at(point, 1, "ALTER TABLE app.t FORCE", {"--dry-run"});
        ASSERT_THAT(schema_->tables(), HasSubstr("_t_dry")) << point << process->err();
        process->signal(SIGINT);
        process->signal(SIGCONT);
        EXPECT_EQ(process->wait(seconds(30)), 130) << point << process->err();
        EXPECT_EQ(state(), before) << point;
    }
}

TEST_F(DryRun, LeavesNothingWhenItsConnectionsAreKilled) {
    fill(100);
    const std::string before = state();
    for (const char* point : {"dry_run.cloned", "dry_run.made"}) {
        const auto process =
            server().start_doppel_stopped_at(point, 1, "ALTER TABLE app.t FORCE", {"--dry-run"});
        const auto ids = dry_connections();
        EXPECT_FALSE(ids.empty());
        for (const std::string& id : ids) {
            execute("KILL " + id);
        }
        process->signal(SIGCONT);
        EXPECT_EQ(process->wait(seconds(60)), 4) << point << process->err();
        EXPECT_EQ(state(), before) << point;
    }
}

// Whatever the call says that a signal came into.
TEST_F(DryRun, IsStoppedThoughItsConnectionsAreLost) {
    fill(100);
    const std::string before = state();
    const auto process = server().start_doppel_stopped_at(
        "dry_run.cloned", 1, "ALTER TABLE app.t FORCE", {"--dry-run"}
    );
    for (const std::string& id : dry_connections()) {
        execute("KILL " + id);
    }
    process->signal(SIGINT);
    process->signal(SIGCONT);
    EXPECT_EQ(process->wait(seconds(60)), 130) << process->err();
    EXPECT_EQ(state(), before);
}

TEST_F(DryRun, RemovesWhatAKilledOneLeftAndNothingElse) {
    fill(100);
    const std::string before = state();
    for (const char* point : {"dry_run.cloned", "dry_run.made"}) {
        const auto killed =
            server().run_doppel_killed_at(point, 1, "ALTER TABLE app.t FORCE", {"--dry-run"});
        EXPECT_EQ(killed.code, 137);
        EXPECT_THAT(schema_->tables(), HasSubstr("_t_dry"));
        const auto result = dry("FORCE");
        EXPECT_EQ(result.report.at("depth"), "sample");
        EXPECT_EQ(state(), before) << point;
    }
    execute("CREATE TABLE _t_dry (x INT)");
    const auto result = dry("FORCE");
    EXPECT_EQ(result.report.at("depth"), "offline");
    EXPECT_THAT(result.report.at("notes").at(0).get<std::string>(), HasSubstr("not marked"));
    EXPECT_EQ(schema_->tables(), "_t_dry,t");
}

TEST_F(DryRun, AProbeIsInTheBinaryLogAndLeavesNoTable) {
    fill(60'000);
    const std::string contents = contents_of(*schema_);
    const std::string before = state();
    const auto result = dry("FORCE", {"--dry-run", "--probe"});
    EXPECT_EQ(result.finished.code, 0) << result.finished.err;
    EXPECT_EQ(contents_of(*schema_), contents);
    EXPECT_NE(state(), before);
    EXPECT_EQ(result.report.at("estimate").at("probed"), true);
    EXPECT_THAT(
        result.report.at("estimate").at("basis"),
        Contains(testing::ResultOf(
            [](const json& line) { return line.get<std::string>(); }, HasSubstr("as a probe")
        ))
    );
    EXPECT_EQ(server().run_doppel("ALTER TABLE app.t FORCE", {"--probe"}).code, 2);
}

TEST_F(DryRun, TheTextHasTheSameParts) {
    fill(200);
    auto command = server().doppel_command("ALTER TABLE app.t ADD KEY (s)", {"--dry-run"});
    std::erase(command, "--json");
    const auto finished = run_process(command, seconds(60), server().environment());
    EXPECT_EQ(finished.code, 0) << finished.err;
    for (const char* part :
         {"dry run, nothing is changed",
          "Decision",
          "Steps",
          "Definition",
          "+  KEY `s` (`s`)",
          "Columns",
          "Indexes",
          "Checks",
          "Do the rows fit?",
          "Time",
          "Size",
          "What the numbers rest on"}) {
        EXPECT_THAT(finished.out, HasSubstr(part));
    }
}

}  // namespace
}  // namespace doppel::test
