// SPDX-License-Identifier: Apache-2.0
#include "support/sandbox.hpp"

#include "base/text.hpp"
#include "mysql/identifier.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

namespace doppel::test {
namespace {

constexpr std::chrono::seconds kSandboxLimit{180};
constexpr std::chrono::seconds kDoppelLimit{240};

Finished sandbox(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), DOPPEL_SANDBOX_SCRIPT);
    auto finished = run_process(arguments, kSandboxLimit);
    if (finished.code != 0) {
        throw std::runtime_error("tools/sandbox failed: " + finished.out + finished.err);
    }
    return finished;
}

/// Words of DOPPEL_TEST_OPTIONS.
std::vector<std::string> options_for_all() {
    const char* const words = std::getenv("DOPPEL_TEST_OPTIONS");
    std::istringstream stream(words != nullptr ? words : "");
    return {std::istream_iterator<std::string>(stream), {}};
}

/// Whether it is among them, with whatever value.
bool has_option(const std::vector<std::string>& options, const std::string& option) {
    const std::string name = option.substr(0, option.find('='));
    return std::any_of(options.begin(), options.end(), [&](const std::string& given) {
        return given.substr(0, given.find('=')) == name;
    });
}

std::string unique_name() {
    static std::atomic<int> counter{0};
    return fmt::format("test-{}-{}", getpid(), ++counter);
}

}  // namespace

Sandbox::Sandbox(std::vector<std::string> arguments) : name_(unique_name()) {
    const std::vector<std::string> fixed = {
        "up", "--name", name_, "--owner", std::to_string(getpid())};
    arguments.insert(arguments.begin(), fixed.begin(), fixed.end());
    sandbox(std::move(arguments));
    read_environment();
}

Sandbox::~Sandbox() {
    try {
        sandbox({"down", "--name", name_});
    } catch (const std::exception&) {  // NOLINT: the owner's end takes it down, too
    }
}

void Sandbox::read_environment() {
    values_.clear();
    std::istringstream lines(sandbox({"env", "--name", name_}).out);
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find('=');
        if (equals != std::string::npos) {
            values_[line.substr(0, equals)] = line.substr(equals + 1);
        }
    }
}

std::string Sandbox::get(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) {
        throw std::runtime_error("the sandbox has no " + name);
    }
    return found->second;
}

ConnectionOptions Sandbox::primary() const {
    ConnectionOptions options;
    options.host = get("DOPPEL_HOST");
    options.port = static_cast<std::uint16_t>(std::stoul(get("DOPPEL_PORT")));
    options.user = get("DOPPEL_USER");
    options.password = get("DOPPEL_PASSWORD");
    options.get_server_public_key = true;
    return options;
}

ConnectionOptions Sandbox::replica() const {
    ConnectionOptions options = primary();
    options.port = static_cast<std::uint16_t>(std::stoul(get("DOPPEL_REPLICA_PORT")));
    return options;
}

std::unique_ptr<sql::Session> Sandbox::connect() const {
    return sql::connect(primary(), {});
}

std::unique_ptr<sql::Session> Sandbox::connect_replica() const {
    return sql::connect(replica(), {});
}

void Sandbox::control(const std::string& verb, bool of_replica) {
    std::vector<std::string> arguments = {verb, "--name", name_};
    if (of_replica) {
        arguments.emplace_back("--replica");
    }
    sandbox(std::move(arguments));
    read_environment();
}

std::vector<std::string> Sandbox::doppel_command(
    const std::string& statement, const std::vector<std::string>& options
) const {
    std::vector<std::string> command = {
        DOPPEL_BINARY,
        "alter",
        "--no-defaults",
        "--json",
        "--host=" + get("DOPPEL_HOST"),
        "--port=" + get("DOPPEL_PORT"),
        "--user=" + get("DOPPEL_USER"),
    };
    command.insert(command.end(), options.begin(), options.end());
    for (const std::string& option : options_for_all()) {
        if (!has_option(options, option)) {
            command.push_back(option);
        }
    }
    command.push_back(statement);
    return command;
}

std::vector<std::string> Sandbox::load_command(
    const std::string& verb, const std::string& schema, const std::vector<std::string>& options
) const {
    std::vector<std::string> command = {
        DOPPEL_LOAD_BINARY,
        verb,
        "--host=" + get("DOPPEL_HOST"),
        "--port=" + get("DOPPEL_PORT"),
        "--user=" + get("DOPPEL_USER"),
        "--database=" + schema,
    };
    command.insert(command.end(), options.begin(), options.end());
    return command;
}

Process::Environment Sandbox::environment() const {
    return {{"MYSQL_PWD", get("DOPPEL_PASSWORD")}};
}

Finished Sandbox::run_doppel(const std::string& statement, const std::vector<std::string>& options)
    const {
    return run_process(doppel_command(statement, options), kDoppelLimit, environment());
}

std::vector<std::string> Sandbox::faulty_command(
    const std::string& statement, const std::vector<std::string>& options
) const {
    auto command = doppel_command(statement, options);
    command.front() = DOPPEL_WITH_FAULTS_BINARY;
    return command;
}

Process::Environment Sandbox::fault_environment(const std::string& fault_point, unsigned pass)
    const {
    auto added = environment();
    added["DOPPEL_TEST_FAULT"] = fmt::format("{}:{}", fault_point, pass);
    return added;
}

Finished Sandbox::run_doppel_killed_at(
    const std::string& fault_point,
    unsigned pass,
    const std::string& statement,
    const std::vector<std::string>& options
) const {
    return run_process(
        faulty_command(statement, options), kDoppelLimit, fault_environment(fault_point, pass)
    );
}

std::unique_ptr<Process> Sandbox::start_doppel_stopped_at(
    const std::string& fault_point,
    unsigned pass,
    const std::string& statement,
    const std::vector<std::string>& options
) const {
    auto added = fault_environment(fault_point, pass);
    added["DOPPEL_TEST_FAULT_STOPS"] = "1";
    auto process = std::make_unique<Process>(faulty_command(statement, options), added);
    process->wait_until_stopped(kDoppelLimit);
    return process;
}

Schema::Schema(const Sandbox& sandbox, std::string name)
    : name_(std::move(name)), session_(sandbox.connect()) {
    session_->execute("DROP DATABASE IF EXISTS " + mysql::quote_identifier(name_));
    session_->execute("CREATE DATABASE " + mysql::quote_identifier(name_));
    session_->execute("USE " + mysql::quote_identifier(name_));
}

Schema::~Schema() {
    try {
        session_->execute("DROP DATABASE IF EXISTS " + mysql::quote_identifier(name_));
    } catch (const std::exception&) {  // NOLINT: the sandbox goes anyway
    }
}

std::string Schema::scalar(const std::string& statement) {
    return session_->query(statement).scalar().value_or("NULL");
}

std::string Schema::tables() {
    return scalar(
        "SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.tables WHERE "
        "table_schema = " +
        mysql::quote_string(name_)
    );
}

std::string definition_of(sql::Session& session, const std::string& table) {
    std::string text = session.query("SHOW CREATE TABLE " + mysql::quote_identifier(table))
                           .rows.at(0)
                           .at(1)
                           .value();
    const auto first = text.find('`');
    text.replace(first, text.find('`', first + 1) - first + 1, "`t`");
    return text;
}

std::vector<std::string> rows_of(
    sql::Session& session, const std::string& table, const std::string& order_by
) {
    const auto names = session.query("SHOW COLUMNS FROM " + mysql::quote_identifier(table));
    std::string list;
    for (const auto& row : names.rows) {
        // HEX of a number rounds it to an integer.
        const bool decimal = row.at(1).value().starts_with("decimal");
        list += fmt::format(
            fmt::runtime(decimal ? "{}HEX(CAST({} AS BINARY))" : "{}HEX({})"),
            list.empty() ? "" : ", ",
            mysql::quote_identifier(row.at(0).value())
        );
    }
    const auto rows = session.query(
        fmt::format("SELECT {} FROM {} ORDER BY {}", list, mysql::quote_identifier(table), order_by)
    );
    std::vector<std::string> texts;
    for (const auto& row : rows.rows) {
        std::string text;
        for (const auto& value : row) {
            text += value.value_or("NULL") + "|";
        }
        texts.push_back(std::move(text));
    }
    return texts;
}

}  // namespace doppel::test
