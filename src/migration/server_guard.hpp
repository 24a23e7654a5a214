// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/binlog_position.hpp"
#include "mysql/gtid_set.hpp"
#include "mysql/server_version.hpp"
#include "sql/session.hpp"

#include <optional>
#include <string>

namespace doppel::migration {

/// What a run relies on of a server that goes on as it is.
struct ServerState {
    bool order_commits = true;
    std::string sync_binlog;                 ///< 1: durable
    std::string flush_log_at_commit;         ///< innodb_flush_log_at_trx_commit; 1: durable
    std::optional<mysql::GtidSet> executed;  ///< nothing without GTIDs
    mysql::FileOffset binlog_end;
};

/// Why a run may not go on with a server that was in state `before` and is in state `now`; nothing
/// if it may. Pure.
[[nodiscard]] std::optional<std::string> state_difference(
    const ServerState& before, const ServerState& now
);

/// Watches what SET GLOBAL and RESET change without a trace in the binlog.
class ServerGuard final {
public:
    explicit ServerGuard(mysql::ServerVersion version) : version_(std::move(version)) {}

    /// The first call notes the state, later ones throw Error(failed) when it may not go on.
    void look(sql::Session& session);

private:
    [[nodiscard]] ServerState read(sql::Session& session) const;

    mysql::ServerVersion version_;
    std::optional<ServerState> state_;
};

}  // namespace doppel::migration
