// SPDX-License-Identifier: Apache-2.0
#include "tools/load/options.hpp"

#include "tools/common/quantity.hpp"
#include "tools/common/usage_error.hpp"

#include <cstdlib>
#include <sstream>

#include <boost/program_options.hpp>
#include <fmt/format.h>

namespace doppel::load {
namespace {

namespace po = boost::program_options;

template <class T>
T in_range(const po::variables_map& values, const char* name, T smallest, T largest) {
    const T value = values[name].as<T>();
    if (value < smallest || value > largest) {
        throw cli::UsageError(fmt::format("--{} must be {} to {}", name, smallest, largest));
    }
    return value;
}

std::uint64_t count_option(
    const po::variables_map& values, const char* name, std::uint64_t largest
) {
    const auto parsed = cli::parse_count(values[name].as<std::string>());
    if (!parsed || *parsed == 0 || *parsed > largest) {
        throw cli::UsageError(fmt::format("--{} must be a number from 1 to {}", name, largest));
    }
    return *parsed;
}

std::chrono::milliseconds duration_option(const po::variables_map& values, const char* name) {
    const auto parsed = cli::parse_duration(values[name].as<std::string>());
    if (!parsed) {
        throw cli::UsageError(fmt::format("--{}: {}", name, parsed.failure().message));
    }
    return *parsed;
}

SslMode ssl_mode_option(const std::string& text) {
    if (text == "disabled") {
        return SslMode::disabled;
    }
    if (text == "preferred") {
        return SslMode::preferred;
    }
    if (text == "required") {
        return SslMode::required;
    }
    throw cli::UsageError("--ssl-mode must be disabled, preferred or required");
}

po::options_description connection_description() {
    po::options_description description("Connection (the password is taken from MYSQL_PWD)");
    description.add_options()(
        "host,h", po::value<std::string>()->default_value("127.0.0.1"), "server"
    )("port,P", po::value<std::uint16_t>()->default_value(3306), "TCP port")(
        "socket,S", po::value<std::string>()->default_value(""), "Unix socket instead of TCP"
    )("user,u", po::value<std::string>()->default_value("root"), "account")(
        "database", po::value<std::string>()->required(), "schema of the tables"
    )("ssl-mode",
      po::value<std::string>()->default_value("disabled"),
      "disabled, preferred or required");
    return description;
}

po::options_description prepare_description() {
    po::options_description description("load prepare: make and fill tables like sysbench's sbtest1"
    );
    description.add_options()("table", po::value<std::string>()->required(), "name of the table")(
        "rows", po::value<std::string>()->required(), "rows, e.g. 1000000 or 1M"
    )("secondary-indexes", po::value<unsigned>()->default_value(1), "0..4, the first is k_1(k)")(
        "twin", po::value<std::string>()->default_value(""), "make a second, equal table"
    )("threads", po::value<unsigned>()->default_value(4), "sessions"
    )("replace", po::bool_switch(), "drop existing tables of these names");
    return description;
}

po::options_description run_description() {
    po::options_description description("load run: write like sysbench's oltp_write_only");
    description.add_options()(
        "table", po::value<std::string>()->required(), "table made by prepare"
    )("twin",
      po::value<std::string>()->default_value(""),
      "apply every transaction to this table as well")(
        "threads", po::value<unsigned>()->default_value(8), "sessions"
    )("rate",
      po::value<double>()->default_value(0),
      "transactions per second over all threads; 0: unlimited")(
        "duration", po::value<std::string>(), "e.g. 60s; otherwise until SIGINT or SIGTERM"
    )("seed", po::value<std::uint64_t>(), "of the random choices; otherwise from the clock")(
        "json",
        po::value<std::string>()->default_value(""),
        "write a JSON object per interval and one for the summary to this file"
    )("stats-interval", po::value<std::string>()->default_value("1s"), "between two lines");
    return description;
}

po::options_description compare_description() {
    po::options_description description(
        "load compare: compare all rows and the definitions byte by byte"
    );
    description.add_options()("table", po::value<std::string>()->required(), "one table")(
        "with", po::value<std::string>()->required(), "the other table"
    )("with-host", po::value<std::string>(), "server of the other table, if another one")(
        "with-port", po::value<std::uint16_t>(), "its TCP port"
    )("with-socket", po::value<std::string>(), "its Unix socket")(
        "with-database", po::value<std::string>(), "its schema"
    )("chunk-rows", po::value<std::string>()->default_value("50000"), "rows hashed at once")(
        "snapshot",
        po::bool_switch(),
        "read both tables in one consistent snapshot, for tables that are being written"
    )("rows-only", po::bool_switch(), "do not compare the definitions");
    return description;
}

po::variables_map parse(
    const std::vector<std::string>& arguments, const po::options_description& description
) {
    po::options_description all;
    all.add(connection_description()).add(description);
    po::variables_map values;
    po::store(
        po::command_line_parser(arguments)
            .options(all)
            .positional(po::positional_options_description())
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .run(),
        values
    );
    po::notify(values);
    return values;
}

ConnectionOptions connection_from(const po::variables_map& values) {
    ConnectionOptions options;
    options.host = values["host"].as<std::string>();
    options.port = values["port"].as<std::uint16_t>();
    options.socket = values["socket"].as<std::string>();
    options.user = values["user"].as<std::string>();
    options.default_schema = values["database"].as<std::string>();
    options.ssl_mode = ssl_mode_option(values["ssl-mode"].as<std::string>());
    if (const char* const password = std::getenv("MYSQL_PWD"); password != nullptr) {
        options.password = password;
    }
    return options;
}

PrepareOptions prepare_from(const po::variables_map& values) {
    constexpr std::uint64_t kLargestInt = 2'147'483'647;
    PrepareOptions options;
    options.table = values["table"].as<std::string>();
    options.twin = values["twin"].as<std::string>();
    options.rows = count_option(values, "rows", kLargestInt);
    options.secondary_indexes = in_range(values, "secondary-indexes", 0U, 4U);
    options.threads = in_range(values, "threads", 1U, 64U);
    options.replace = values["replace"].as<bool>();
    return options;
}

RunOptions run_from(const po::variables_map& values) {
    RunOptions options;
    options.table = values["table"].as<std::string>();
    options.twin = values["twin"].as<std::string>();
    options.threads = in_range(values, "threads", 1U, 1'000U);
    options.rate = in_range(values, "rate", 0.0, 1e6);
    if (values.count("seed") != 0) {
        options.seed = values["seed"].as<std::uint64_t>();
    }
    options.json_file = values["json"].as<std::string>();
    if (values.count("duration") != 0) {
        options.duration = duration_option(values, "duration");
    }
    options.stats_interval = duration_option(values, "stats-interval");
    if (options.stats_interval.count() < 10) {
        throw cli::UsageError("--stats-interval must be at least 10ms");
    }
    return options;
}

CompareOptions compare_from(const po::variables_map& values, const ConnectionOptions& connection) {
    CompareOptions options;
    options.table = values["table"].as<std::string>();
    options.with_table = values["with"].as<std::string>();
    options.chunk_rows = count_option(values, "chunk-rows", 10'000'000);
    options.snapshot = values["snapshot"].as<bool>();
    options.rows_only = values["rows-only"].as<bool>();
    options.with_connection = connection;
    bool elsewhere = false;
    if (values.count("with-host") != 0 || values.count("with-port") != 0) {
        options.with_connection.socket.clear();
        elsewhere = true;
    }
    if (values.count("with-host") != 0) {
        options.with_connection.host = values["with-host"].as<std::string>();
    }
    if (values.count("with-port") != 0) {
        options.with_connection.port = values["with-port"].as<std::uint16_t>();
    }
    if (values.count("with-socket") != 0) {
        options.with_connection.socket = values["with-socket"].as<std::string>();
        elsewhere = true;
    }
    if (values.count("with-database") != 0) {
        options.with_connection.default_schema = values["with-database"].as<std::string>();
    }
    if (elsewhere && options.snapshot) {
        throw cli::UsageError("--snapshot works on one server only");
    }
    return options;
}

}  // namespace

std::string help_text() {
    std::ostringstream out;
    out << "usage: load prepare|run|compare --database NAME [connection] [options]\n\n"
        << connection_description() << "\n"
        << prepare_description() << "\n"
        << run_description() << "\n"
        << compare_description() << "\n"
        << "exit: 0 done (compare: equal), 1 failed (run: any SQL error but a deadlock or a lock "
           "wait\n"
           "timeout; compare: different), 2 the command line is wrong\n";
    return out.str();
}

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "help") {
        return {{}, HelpOptions{}};
    }
    const std::string& command = arguments[0];
    const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    try {
        if (command == "prepare") {
            const auto values = parse(rest, prepare_description());
            return {connection_from(values), prepare_from(values)};
        }
        if (command == "run") {
            const auto values = parse(rest, run_description());
            return {connection_from(values), run_from(values)};
        }
        if (command == "compare") {
            const auto values = parse(rest, compare_description());
            const ConnectionOptions connection = connection_from(values);
            return {connection, compare_from(values, connection)};
        }
    } catch (const po::error& error) {
        throw cli::UsageError(error.what());
    }
    throw cli::UsageError("unknown command " + command + ": use prepare, run or compare");
}

}  // namespace doppel::load
