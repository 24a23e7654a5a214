// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/command_fixture.hpp"
#include "support/postponed_swap.hpp"
#include "support/proxy.hpp"
#include "support/twin.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::test {

/// The limits of these tests are short; what they end in is longer than any busy machine takes.
inline constexpr std::chrono::seconds kRunLimit{120};

/// A table with its twin in a schema of its own, applications that write to both directly, and a
/// doppel whose way to the server leads through a proxy of its own.
class Site final {
public:
    static constexpr const char* kClauses =
        "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s, a)";
    static constexpr unsigned kWriters = 2;

    Site(const Sandbox& server, const std::string& schema, unsigned rows)
        : server_(server),
          schema_(server, schema),
          proxy_("127.0.0.1", static_cast<std::uint16_t>(std::stoul(server.get("DOPPEL_PORT")))),
          rows_(rows) {
        fill();
        writers_ = std::make_unique<TwinWriters>(
            server,
            schema,
            kWriters,
            [rows](unsigned writer, std::mt19937& random) {
                return next_change(rows, writer, random);
            }
        );
    }

    [[nodiscard]] Proxy& proxy() { return proxy_; }
    [[nodiscard]] TwinWriters& writers() { return *writers_; }
    [[nodiscard]] Schema& schema() { return schema_; }
    [[nodiscard]] std::string statement(const std::string& clauses = kClauses) const {
        return fmt::format("ALTER TABLE {}.t {}", schema_.name(), clauses);
    }
    /// `more` replace those of the same name: the last one counts.
    [[nodiscard]] std::vector<std::string> options(const std::vector<std::string>& more) const {
        std::vector<std::string> all{
            fmt::format("--port={}", proxy_.port()),
            "--ssl-mode=disabled",
            "--get-server-public-key",
            "--no-native",
            "--index-build=deferred",
            "--batch-keys=20",
            "--replay-threads=3",
            "--lock-wait-timeout=1s",
            "--silence-limit=3s",
            "--heartbeat=200ms",
            "--connect-timeout=15s",
            "--reconnect-limit=60s",
            "--cutover-backoff=500ms"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] std::unique_ptr<Process> start(const std::vector<std::string>& more = {}) const {
        return std::make_unique<Process>(
            server_.doppel_command(statement(), options(more)), server_.environment()
        );
    }
    /// Another change, which the server may make itself.
    [[nodiscard]] std::unique_ptr<Process> start_native(const std::string& clauses) const {
        auto all = options({});
        std::erase(all, "--no-native");
        return std::make_unique<Process>(
            server_.doppel_command(statement(clauses), all), server_.environment()
        );
    }
    [[nodiscard]] std::unique_ptr<Process> start_stopped_at(
        const std::string& point, unsigned pass, const std::vector<std::string>& more = {}
    ) const {
        return server_.start_doppel_stopped_at(point, pass, statement(), options(more));
    }

    /// The run ends well by itself, and what it made is what a native ALTER makes.
    void expect_right_end(
        Process& process,
        const std::string& tables = "_t_old,t,twin",
        const std::string& clauses = kClauses,
        std::chrono::seconds limit = kRunLimit
    ) {
        try {
            EXPECT_EQ(process.wait(limit), 0) << process.out() << process.err();
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
        EXPECT_THAT(process.out(), ::testing::Not(::testing::HasSubstr("could not be removed")));
        writers_->stop();
        rows_compared() += expect_like_native(schema_.session(), clauses, "id");
        EXPECT_EQ(schema_.tables(), tables);
    }

    /// Of all sites of this program.
    static std::atomic<std::size_t>& rows_compared() {
        static std::atomic<std::size_t> rows = 0;
        return rows;
    }

private:
    void fill() {
        schema_.execute(
            "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT NOT NULL, "
            "s VARCHAR(40) NOT NULL, KEY (a))"
        );
        schema_.execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", rows_ + 1));
        schema_.execute(fmt::format(
            "INSERT INTO t (id, a, s) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            "FROM n WHERE i < {}) SELECT i, i % 97, CONCAT('row ', i) FROM n",
            rows_
        ));
        schema_.execute("CREATE TABLE twin LIKE t");
        schema_.execute("INSERT INTO twin SELECT * FROM t");
    }
    /// Changes rows of the writer's own part: a hot one, scattered ones, new ones, gone ones.
    static TwinTransaction next_change(unsigned rows, unsigned writer, std::mt19937& random) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // leaves the machine to others
        const auto id = [&] {
            return static_cast<unsigned>(random() % (rows / kWriters)) * kWriters + writer;
        };
        switch (random() % 4) {
            case 0:
                return {fmt::format("UPDATE {{}} SET a = a + 1 WHERE id = {}", 10 + writer)};
            case 1:
                return {fmt::format("DELETE FROM {{}} WHERE id = {}", id())};
            case 2:
                return {fmt::format("REPLACE INTO {{}} (id, a, s) VALUES ({}, 1, 'r')", id())};
            default:
                return {
                    fmt::format("UPDATE {{}} SET s = 'u{}' WHERE id = {}", random() % 99, id())};
        }
    }

    const Sandbox& server_;
    Schema schema_;
    Proxy proxy_;
    unsigned rows_;
    std::unique_ptr<TwinWriters> writers_;
};

class NetworkTest : public ::testing::Test {
protected:
    void TearDown() override {
        fmt::print("{} rows compared so far\n", Site::rows_compared().load());
    }
    static Sandbox& server() {
        static Sandbox sandbox;
        return sandbox;
    }
    /// Several at a time, since they mostly wait.
    static void run_side_by_side(const std::vector<std::function<void()>>& cases) {
        constexpr std::size_t kAtATime = 12;
        (void)server();
        std::atomic<std::size_t> next = 0;
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < std::min(kAtATime, cases.size()); ++i) {
            threads.emplace_back([&] {
                for (std::size_t mine = next++; mine < cases.size(); mine = next++) {
                    try {
                        cases[mine]();
                    } catch (const std::exception& error) {
                        ADD_FAILURE() << error.what();
                    }
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    static std::string error_of(const Process& process) {
        const auto error = last_of(process.out(), "error");
        return error.is_object() ? error.at("message").get<std::string>() : process.out();
    }
};

}  // namespace doppel::test
