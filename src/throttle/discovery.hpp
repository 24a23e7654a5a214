// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace doppel::throttle {

/// A replica that a server knows of.
struct FoundReplica {
    std::string uuid;
    std::uint16_t port = 0;
    std::string report_host;  ///< as it calls itself; empty: it does not
    /// From where it fetches its changes, if the account may see that; else all that something
    /// fetches from.
    std::vector<std::string> peers;

    bool operator==(const FoundReplica&) const = default;
};

/// A thread that sends the binary log to somebody.
struct DumpThread {
    std::string host;
    std::string uuid;  ///< of the replica; empty: not known
};

/// Rows of SHOW REPLICAS (or SHOW SLAVE HOSTS) joined with the threads. Pure.
[[nodiscard]] std::vector<FoundReplica> join_replicas(
    const sql::Rows& replicas, const std::vector<DumpThread>& threads
);

/// Asks a server for its replicas. Needs REPLICATION SLAVE; with SELECT on performance_schema or
/// PROCESS it also finds out where replicas are that do not say (report_host). Throws what the
/// session throws.
[[nodiscard]] std::vector<FoundReplica> find_replicas(sql::Session& session);

}  // namespace doppel::throttle
