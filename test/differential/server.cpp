// SPDX-License-Identifier: Apache-2.0
#include "differential/runner.hpp"

#include <string_view>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

/// Not the one in which TIMESTAMP is stored, and not the replica's.
constexpr std::string_view kTimeZone = "+03:00";

// Nothing here is about crashes, so the disk need not be waited for.
std::vector<std::string> sandbox_arguments(bool replica) {
    std::vector<std::string> arguments{
        "--option",
        "sync_binlog=0",
        "--option",
        "innodb_flush_log_at_trx_commit=0",
        "--option",
        "innodb_flush_method=nosync",
        "--option",
        "innodb_doublewrite=OFF",
        "--option",
        fmt::format("default_time_zone={}", kTimeZone),
        "--option",
        "max_binlog_size=32M"};
    if (replica) {
        for (const char* text :
             {"--replica",
              "--replica-option=sync_binlog=0",
              "--replica-option=innodb_flush_log_at_trx_commit=0",
              "--replica-option=innodb_flush_method=nosync",
              "--replica-option=innodb_doublewrite=OFF",
              "--replica-option=max_binlog_size=32M"}) {
            arguments.emplace_back(text);
        }
    }
    return arguments;
}

ConnectionOptions plain(ConnectionOptions options) {
    options.ssl_mode = SslMode::disabled;
    return options;
}

}  // namespace

Server::Server(Options options)
    : options_(std::move(options)), sandbox_(sandbox_arguments(options_.replica)) {}

void Server::set_sql_mode(const std::string& mode) {
    connect()->execute("SET GLOBAL sql_mode = '" + mode + "'");
}

std::unique_ptr<sql::Session> Server::connect() const {
    return sql::connect(plain(sandbox_.primary()), {});
}

std::unique_ptr<sql::Session> Server::connect_replica() const {
    if (!options_.replica) {
        return nullptr;
    }
    auto session = sql::connect(plain(sandbox_.replica()), {});
    session->execute(fmt::format("SET SESSION time_zone = '{}'", kTimeZone));
    return session;
}

std::vector<std::string> Server::doppel_command(
    const std::string& statement, const std::vector<std::string>& settings
) const {
    std::vector<std::string> options{
        "--no-native",
        "--chunk-rows=10",
        "--cutover-backoff=500ms",
        "--heartbeat=100ms",
        "--ssl-mode=disabled",
        "--get-server-public-key"};
    options.insert(options.end(), settings.begin(), settings.end());
    auto command = sandbox_.doppel_command(statement, options);
    if (!options_.doppel.empty()) {
        command.front() = options_.doppel;
    }
    return command;
}

}  // namespace doppel::differential
