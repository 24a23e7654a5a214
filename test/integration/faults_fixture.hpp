// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/command_fixture.hpp"
#include "support/steady_writers.hpp"
#include "support/twin.hpp"

#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace doppel::test {

/// A migration of app.t beside an application that writes to it and to its twin, on a server to
/// which something happens.
class FaultsTest : public ::testing::Test {
protected:
    static constexpr const char* kClauses =
        "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s, a)";
    static constexpr unsigned kRows = 2'000;
    static constexpr unsigned kManyRows = 5'000;  ///< in chunks of 10: seconds of copying
    static constexpr unsigned kWriters = 2;
    static constexpr std::chrono::seconds kLimit{90};

    void TearDown() override {
        writers_.reset();
        session_.reset();
    }

    /// Empty tables' place; `sandbox` outlives the test.
    void use(Sandbox& sandbox) {
        sandbox_ = &sandbox;
        reconnect();
        session_->execute("DROP DATABASE IF EXISTS app");
        session_->execute("CREATE DATABASE app");
        session_->execute("USE app");
    }
    /// After the server was started again.
    void reconnect() {
        session_ = sandbox_->connect();
        session_->execute("CREATE DATABASE IF NOT EXISTS app");
        session_->execute("USE app");
    }
    void fill(unsigned rows = kRows) {
        execute(
            "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT NOT NULL, "
            "s VARCHAR(40) NOT NULL, KEY (a))"
        );
        execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", rows + 1));
        execute(fmt::format(
            "INSERT INTO t (id, a, s) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            "FROM n WHERE i < {}) SELECT i, i % 97, CONCAT('row ', i) FROM n",
            rows
        ));
        execute("CREATE TABLE twin LIKE t");
        execute("INSERT INTO twin SELECT * FROM t");
    }
    void begin(std::set<unsigned> tolerated = {}, unsigned rows = kRows) {
        fill(rows);
        write(sandbox_->primary(), std::move(tolerated));
    }
    void write(const ConnectionOptions& at, std::set<unsigned> tolerated = {}) {
        writers_ = std::make_unique<SteadyWriters>(
            at, "app", kWriters, &FaultsTest::next_change, std::move(tolerated)
        );
    }
    /// Changes rows of the writer's own half of the table: hot ones, gone ones, new ones.
    static TwinTransaction next_change(unsigned writer, std::mt19937& random) {
        const auto id = [&] {
            return static_cast<unsigned>(random() % (kRows / kWriters)) * kWriters + writer;
        };
        switch (random() % 4) {
            case 0:
                return {fmt::format("UPDATE {{}} SET a = a + 1 WHERE id = {}", 10 + writer)};
            case 1:
                return {fmt::format("DELETE FROM {{}} WHERE id = {}", id())};
            case 2:
                return {fmt::format(
                    "REPLACE INTO {{}} (id, a, s) VALUES ({}, {}, 'new')", id() + 700, random() % 9
                )};
            default:
                return {
                    fmt::format("UPDATE {{}} SET s = 'x{}' WHERE id = {}", random() % 99, id())};
        }
    }

    static std::string statement() { return std::string("ALTER TABLE app.t ") + kClauses; }
    static std::vector<std::string> options(const std::vector<std::string>& more = {}) {
        std::vector<std::string> all{
            "--no-native",
            "--chunk-rows=100",
            "--batch-keys=20",
            "--replay-threads=3",
            "--reconnect-limit=20s"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    Finished run(const std::vector<std::string>& more = {}) {
        return sandbox_->run_doppel(statement(), options(more));
    }
    std::unique_ptr<Process> start(const std::vector<std::string>& more = {}) {
        return std::make_unique<Process>(
            sandbox_->doppel_command(statement(), options(more)), sandbox_->environment()
        );
    }
    std::unique_ptr<Process> start_stopped_at(
        const std::string& point, unsigned pass = 1, const std::vector<std::string>& more = {}
    ) {
        auto process = sandbox_->start_doppel_stopped_at(point, pass, statement(), options(more));
        EXPECT_TRUE(process->running()) << point << " was not passed\n" << process->err();
        return process;
    }
    static Finished go_on(Process& process) {
        process.signal(SIGCONT);
        return finish(process);
    }
    static Finished finish(Process& process) {
        const int code = process.wait(kLimit);
        return {code, process.out(), process.err()};
    }

    void execute(const std::string& statement) { session_->execute(statement); }
    [[nodiscard]] std::string scalar(const std::string& query) {
        return session_->query(query).scalar().value_or("NULL");
    }
    [[nodiscard]] std::string tables() {
        return scalar(
            "SELECT GROUP_CONCAT(TABLE_NAME ORDER BY TABLE_NAME) FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = 'app'"
        );
    }
    /// Whether `t` is the table of the new definition; fails the test unless exactly one of both is
    /// in place, and the other beside it.
    bool swapped() {
        const auto has_note = [this](const char* table) {
            return scalar(fmt::format(
                "SELECT SUM(COLUMN_NAME = 'note') FROM information_schema.COLUMNS WHERE "
                "TABLE_SCHEMA = 'app' AND TABLE_NAME = '{}'",
                table
            ));
        };
        const std::string now = has_note("t");
        const std::string old_table = has_note("_t_old");
        const std::string shadow = has_note("_t_new");
        EXPECT_NE(now, "NULL") << "there is no table t";
        if (now == "1") {
            EXPECT_EQ(old_table, "0");
            EXPECT_EQ(shadow, "NULL");
        } else {
            EXPECT_EQ(old_table, "NULL");
        }
        return now == "1";
    }
    /// The writers met no error, and the table is what a native ALTER makes of its twin.
    void expect_right_end(const Finished& last, const std::string& left = "_t_old,t,twin") {
        const auto report = writers_->stop();
        EXPECT_THAT(report.errors, ::testing::IsEmpty());
        EXPECT_GT(report.committed, 0U);
        EXPECT_EQ(last.code, 0) << last.out << last.err;
        const std::size_t rows = expect_like_native(*session_, kClauses, "id");
        EXPECT_EQ(tables(), left);
        fmt::print(
            "{} transactions beside it, {} of them repeated; {} rows compared\n",
            report.committed,
            report.repeated,
            rows
        );
    }
    /// The same when nothing was changed: the table is what the twin is.
    void expect_untouched(const std::string& left) {
        const auto report = writers_->stop();
        EXPECT_THAT(report.errors, ::testing::IsEmpty());
        EXPECT_EQ(definition_of(*session_, "t"), definition_of(*session_, "twin"));
        EXPECT_EQ(rows_of(*session_, "t", "id"), rows_of(*session_, "twin", "id"));
        EXPECT_EQ(tables(), left);
    }
    /// The run ended, or it ended with its state kept and the same command brings it to its end.
    Finished go_on_or_again(Process& process, const std::vector<std::string>& more = {}) {
        auto finished = go_on(process);
        if (finished.code != 4) {
            return finished;
        }
        swapped();
        ended_in_between_ += 1;
        return run(more);
    }

    Sandbox* sandbox_ = nullptr;
    std::unique_ptr<sql::Session> session_;
    std::unique_ptr<SteadyWriters> writers_;
    unsigned ended_in_between_ = 0;
};

}  // namespace doppel::test
