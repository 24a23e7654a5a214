// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "sql/session.hpp"
#include "support/process.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace doppel::test {

/// Real servers of a test's own, by tools/sandbox; gone with the process at the latest.
class Sandbox final {
public:
    /// `arguments` of `tools/sandbox up`, e.g. {"--replica"}.
    explicit Sandbox(std::vector<std::string> arguments = {});
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    /// A value of the sandbox's env file, e.g. "DOPPEL_PORT".
    [[nodiscard]] std::string get(const std::string& name) const;
    [[nodiscard]] ConnectionOptions primary() const;
    [[nodiscard]] ConnectionOptions replica() const;
    [[nodiscard]] std::unique_ptr<sql::Session> connect() const;
    [[nodiscard]] std::unique_ptr<sql::Session> connect_replica() const;
    /// stop, start or kill, as tools/sandbox has them.
    void control(const std::string& verb, bool of_replica = false);

    /// `doppel alter` with the connection to the primary, as JSON lines.
    /// Options in DOPPEL_TEST_OPTIONS, a space between two, are added unless the test sets them
    /// itself (tools/soak settings).
    [[nodiscard]] std::vector<std::string> doppel_command(
        const std::string& statement, const std::vector<std::string>& options = {}
    ) const;
    /// The same by a program that kills itself when it passes `fault_point` for the `pass`th time.
    [[nodiscard]] Finished run_doppel_killed_at(
        const std::string& fault_point,
        unsigned pass,
        const std::string& statement,
        const std::vector<std::string>& options = {}
    ) const;
    /// The same, but it stops at `fault_point`. Returns when it has, or has ended before; SIGCONT
    /// lets it go on.
    [[nodiscard]] std::unique_ptr<Process> start_doppel_stopped_at(
        const std::string& fault_point,
        unsigned pass,
        const std::string& statement,
        const std::vector<std::string>& options = {}
    ) const;
    /// `load` with the connection to the primary.
    [[nodiscard]] std::vector<std::string> load_command(
        const std::string& verb, const std::string& schema, const std::vector<std::string>& options
    ) const;
    /// MYSQL_PWD for both.
    [[nodiscard]] Process::Environment environment() const;
    [[nodiscard]] Finished run_doppel(
        const std::string& statement, const std::vector<std::string>& options = {}
    ) const;

private:
    void read_environment();
    [[nodiscard]] std::vector<std::string> faulty_command(
        const std::string& statement, const std::vector<std::string>& options
    ) const;
    [[nodiscard]] Process::Environment fault_environment(
        const std::string& fault_point, unsigned pass
    ) const;

    std::string name_;
    std::map<std::string, std::string> values_;
};

/// An empty schema for one test, dropped at its end.
class Schema final {
public:
    Schema(const Sandbox& sandbox, std::string name);
    ~Schema();
    Schema(const Schema&) = delete;
    Schema& operator=(const Schema&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    sql::Session& session() { return *session_; }
    void execute(const std::string& statement) { session_->execute(statement); }
    [[nodiscard]] std::string scalar(const std::string& statement);
    /// Names of the tables in the schema, sorted, joined by commas.
    [[nodiscard]] std::string tables();

private:
    std::string name_;
    std::unique_ptr<sql::Session> session_;
};

/// SHOW CREATE TABLE with the table's name replaced by "t" and without AUTO_INCREMENT if asked.
[[nodiscard]] std::string definition_of(sql::Session& session, const std::string& table);
/// All rows in key order as one text per row; NULL and '' differ. For small tables.
[[nodiscard]] std::vector<std::string> rows_of(
    sql::Session& session, const std::string& table, const std::string& order_by
);

}  // namespace doppel::test
