// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/command_fixture.hpp"
#include "migration/sessions.hpp"
#include "mysql/identifier.hpp"
#include "shadow/names.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace doppel::test {

/// A migration that is under way, and one that was killed; and the commands that look at them.
class KilledRunTest : public CommandTest {
protected:
    static constexpr const char* kClauses = "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n'";
    static constexpr unsigned kRows = 20'000;

    /// A run of table `t` of schema app that has copied some rows, and has many more to copy.
    std::unique_ptr<Process> start_run(
        const std::string& table = "t", const std::vector<std::string>& more = {}
    ) {
        std::vector<std::string> options{"--no-native", "--chunk-rows=10", "--nice=0.9"};
        options.insert(options.end(), more.begin(), more.end());
        const auto statement = fmt::format("ALTER TABLE app.{} {}", quoted(table), kClauses);
        auto run = std::make_unique<Process>(
            server().doppel_command(statement, options), server().environment()
        );
        const auto copies = [&] { return !run->running() || rows_copied(table) >= 100; };
        EXPECT_TRUE(eventually(copies, std::chrono::seconds(30)));
        EXPECT_TRUE(run->running()) << run->err();
        return run;
    }
    /// kill -9 in the middle of the copy. Returns when the server has ended its statements, too.
    void kill_run(const std::string& table = "t", const std::vector<std::string>& more = {}) {
        const auto run = start_run(table, more);
        run->signal(SIGKILL);
        run->wait(std::chrono::seconds(10));
        EXPECT_TRUE(sessions_have_ended(schema_->session(), run->pid()));
    }
    /// The same at less cost: tables and state as the first such run left them, with a table `t` of
    /// few rows. Its process and its sessions are gone.
    void put_leftovers() {
        static bool have_templates = false;
        if (!have_templates) {
            fill(kRows);
            kill_run();
            execute("CREATE DATABASE templates");
            execute("DELETE FROM t WHERE id > 100");
            for (const char* table : {"t", "_t_new", "_t_doppel"}) {
                execute(fmt::format("RENAME TABLE {0} TO templates.{0}", table));
            }
            have_templates = true;
        }
        for (const char* table : {"t", "_t_new", "_t_doppel"}) {
            execute(fmt::format("CREATE TABLE {0} LIKE templates.{0}", table));
            execute(fmt::format("INSERT INTO {0} SELECT * FROM templates.{0}", table));
        }
    }
    /// As a run leaves it that was killed right after its RENAME.
    void swap_by_hand() { execute("RENAME TABLE t TO _t_old, _t_new TO t"); }

    /// Rows that the checkpoint tells of; 0 while there is none.
    std::uint64_t rows_copied(const std::string& table) {
        try {
            const auto rows = scalar(fmt::format(
                "SELECT record->>'$.show.rows_copied' FROM {} WHERE id = 4",
                quoted(shadow::derive_names(table).state)
            ));
            return rows == "NULL" ? 0 : std::stoull(rows);
        } catch (const Error&) {
            return 0;  // no such table yet
        }
    }
    /// Spoils the record, or makes it tell something else.
    void set_in_record(const std::string& path, const std::string& value) {
        execute(fmt::format(
            "UPDATE _t_doppel SET record = JSON_SET(record, '{}', {}) WHERE id = 0", path, value
        ));
    }

    static std::string quoted(const std::string& name) { return mysql::quote_identifier(name); }

    static std::vector<std::string> command(
        const std::string& verb, const std::vector<std::string>& words
    ) {
        auto command = server().doppel_command("", {});
        command.at(1) = verb;
        command.pop_back();
        command.insert(command.end(), words.begin(), words.end());
        return command;
    }
    static Finished run(const std::string& verb, const std::vector<std::string>& words) {
        return run_process(command(verb, words), std::chrono::seconds(60), server().environment());
    }
    static Finished run_at_replica(const std::string& verb, const std::vector<std::string>& words) {
        auto all = words;
        all.push_back("--port=" + server().get("DOPPEL_REPLICA_PORT"));
        return run(verb, all);
    }

    /// With a replica.
    static Sandbox& server() {
        static Sandbox sandbox({"--replica"});
        return sandbox;
    }
    static std::unique_ptr<sql::Session> application() {
        auto session = server().connect();
        session->execute("USE app");
        return session;
    }
    void SetUp() override { schema_ = std::make_unique<Schema>(server(), "app"); }

    /// The event of that kind; fails the test when there is none.
    static nlohmann::json event_of(const Finished& finished, const std::string& kind) {
        auto event = last_of(finished.out, kind);
        EXPECT_FALSE(event.is_null()) << finished.out << finished.err;
        return event.is_null() ? nlohmann::json::object() : event;
    }
};

}  // namespace doppel::test
