// SPDX-License-Identifier: Apache-2.0
#include "support/group.hpp"

#include "doppel/error.hpp"
#include "sql/primary.hpp"
#include "support/twin.hpp"

#include <chrono>
#include <csignal>
#include <future>
#include <stdexcept>

#include <fmt/format.h>

namespace doppel::test {
namespace {

constexpr std::chrono::seconds kOnlineLimit{60};
constexpr const char* kStart = "START GROUP_REPLICATION USER = 'group', PASSWORD = 'group'";

/// Over the ports of the servers themselves, so that no others are needed.
const std::vector<std::string> kOptions{
    "--option=plugin_load_add=group_replication.so",
    "--option=group_replication_group_name=d0bbe1d0-0000-4000-8000-000000000001",
    "--option=group_replication_start_on_boot=OFF",
    "--option=group_replication_communication_stack=MYSQL",
    "--option=group_replication_recovery_use_ssl=ON",
    "--option=group_replication_ssl_mode=REQUIRED",
    "--option=group_replication_recovery_get_public_key=ON",
    // A member that is not seen for 5 s is expelled at once.
    "--option=group_replication_member_expel_timeout=0",
    "--option=innodb_buffer_pool_size=128M",
};

}  // namespace

Group::Group() {
    std::array<std::future<std::unique_ptr<Sandbox>>, kSize> started;
    for (auto& start : started) {
        start = std::async(std::launch::async, [] { return std::make_unique<Sandbox>(kOptions); });
    }
    for (std::size_t i = 0; i < kSize; ++i) {
        members_.at(i) = started.at(i).get();
    }
    for (std::size_t i = 0; i < kSize; ++i) {
        join(i);
    }
}

void Group::join(std::size_t index) {
    const auto session = member(index).connect();
    session->execute("SET SESSION sql_log_bin = 0");
    session->execute("CREATE USER 'group'@'%' IDENTIFIED BY 'group'");
    session->execute(
        "GRANT REPLICATION SLAVE, GROUP_REPLICATION_STREAM, CONNECTION_ADMIN, BACKUP_ADMIN ON *.* "
        "TO 'group'@'%'"
    );
    session->execute("RESET BINARY LOGS AND GTIDS");
    std::string seeds;
    for (const auto& member : members_) {
        seeds += (seeds.empty() ? "127.0.0.1:" : ",127.0.0.1:") + member->get("DOPPEL_PORT");
    }
    session->execute(fmt::format(
        "SET GLOBAL group_replication_local_address = '127.0.0.1:{}', GLOBAL "
        "group_replication_group_seeds = '{}', GLOBAL group_replication_bootstrap_group = {}",
        member(index).get("DOPPEL_PORT"),
        seeds,
        index == 0 ? "ON" : "OFF"
    ));
    session->execute(kStart);
    session->execute("SET GLOBAL group_replication_bootstrap_group = OFF");
    const auto online = [&] {
        return session
                   ->query(
                       "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE "
                       "MEMBER_ID = @@GLOBAL.server_uuid AND MEMBER_STATE = 'ONLINE'"
                   )
                   .scalar()
                   .value_or("0") == "1";
    };
    if (!wait_until(online, kOnlineLimit)) {
        throw std::runtime_error("a member does not get online");
    }
}

ConnectionOptions Group::connection() const {
    ConnectionOptions options = members_[0]->primary();
    for (const auto& member : members_) {
        const ConnectionOptions one = member->primary();
        options.members.push_back({one.host, one.port});
    }
    return options;
}

std::optional<std::size_t> Group::primary() const {
    try {
        const auto port = sql::find_primary(connection()).port;
        for (std::size_t i = 0; i < kSize; ++i) {
            if (members_.at(i)->primary().port == port) {
                return i;
            }
        }
    } catch (const Error&) {  // NOLINT: while the group chooses
    }
    return std::nullopt;
}

void Group::make_primary(std::size_t index) {
    const auto session = member(index).connect();
    session->query("SELECT group_replication_set_as_primary(@@GLOBAL.server_uuid)");
}

void Group::signal(std::size_t index, int number) const {
    ::kill(std::stoi(members_.at(index)->get("DOPPEL_PRIMARY_PID")), number);
}

std::vector<std::string> Group::doppel_command(
    const std::string& statement, const std::vector<std::string>& options
) const {
    auto command = members_[0]->doppel_command(statement, options);
    std::string hosts = "--host=";
    for (const auto& member : members_) {
        hosts += fmt::format("127.0.0.1:{},", member->get("DOPPEL_PORT"));
    }
    hosts.pop_back();
    for (std::string& argument : command) {
        if (argument.starts_with("--host=")) {
            argument = hosts;
        }
    }
    return command;
}

}  // namespace doppel::test
