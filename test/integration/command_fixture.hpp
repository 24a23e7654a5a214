// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "support/process.hpp"
#include "support/sandbox.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace doppel::test {

/// The JSON lines of a run, a torn last one left out.
inline std::vector<nlohmann::json> json_lines(const std::string& text) {
    std::vector<nlohmann::json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        auto parsed = nlohmann::json::parse(line, nullptr, false);
        if (parsed.is_object()) {
            lines.push_back(std::move(parsed));
        }
    }
    return lines;
}

/// The last line whose "event" or "type" is `kind`; null if there is none.
inline nlohmann::json last_of(const std::string& text, const std::string& kind) {
    nlohmann::json found;
    for (auto& line : json_lines(text)) {
        if (line.value("event", "") == kind || line.value("type", "") == kind) {
            found = std::move(line);
        }
    }
    return found;
}

/// Waits for a condition; false after `limit`.
inline bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

/// Waits until the sessions of a process have ended: what it told the server last, before it was
/// killed, is being done until then. Without a process: those of all but this one.
inline bool sessions_have_ended(sql::Session& session, std::optional<pid_t> process = {}) {
    const auto left = fmt::format(
        "SELECT COUNT(*) FROM performance_schema.session_connect_attrs WHERE ATTR_NAME = '_pid' "
        "AND ATTR_VALUE {} '{}'",
        process ? "=" : "<>",
        process.value_or(::getpid())
    );
    return eventually(
        [&] { return session.query(left).scalar() == "0"; }, std::chrono::seconds(30)
    );
}

/// Those of a process that was killed live until they write next, and a log that is read is not
/// purged.
inline bool end_dump_threads(sql::Session& session) {
    return eventually(
        [&] {
            const auto found = session.query(
                "SELECT ID FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'"
            );
            for (const auto& row : found.rows) {
                try {
                    session.execute("KILL " + row.at(0).value());
                } catch (const Error&) {  // NOLINT: it has ended just now
                }
            }
            return found.empty();
        },
        std::chrono::seconds(30)
    );
}

/// Everything about a schema that a run must not change when it fails: which tables there are,
/// their definitions and their rows.
inline std::string contents_of(Schema& schema) {
    std::string text;
    const auto names = schema.session().query(
        "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '" + schema.name() +
        "' ORDER BY TABLE_NAME"
    );
    for (const auto& row : names.rows) {
        const std::string& name = row.at(0).value();
        const auto sum = schema.session().query("CHECKSUM TABLE `" + name + "`");
        text += fmt::format(
            "{}\n{}\nchecksum {}\n",
            name,
            definition_of(schema.session(), name),
            sum.rows.at(0).at(1).value_or("none")
        );
    }
    return text;
}

/// One server for all tests of a program, and an empty schema `app` for each of them.
class CommandTest : public ::testing::Test {
protected:
    static Sandbox& server() {
        static Sandbox sandbox;
        return sandbox;
    }

    void SetUp() override { schema_ = std::make_unique<Schema>(server(), "app"); }

    void execute(const std::string& statement) { schema_->execute(statement); }
    [[nodiscard]] std::string scalar(const std::string& statement) {
        return schema_->scalar(statement);
    }
    /// `rows` rows 1..rows in table t with an AUTO_INCREMENT id, and a text each.
    void fill(unsigned rows) {
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
        execute("ANALYZE TABLE t");
    }
    /// A session of the application's.
    static std::unique_ptr<sql::Session> application() {
        auto session = server().connect();
        session->execute("USE app");
        return session;
    }

    std::unique_ptr<Schema> schema_;
};

}  // namespace doppel::test
