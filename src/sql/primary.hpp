// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "sql/server_role.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace doppel::sql {

/// What was found out about one of several servers.
struct Candidate {
    ServerAddress address;
    std::optional<ServerRole> role;  ///< nothing: it could not be asked, `problem` says why
    /// Of a server that takes writes and replicates from another one.
    std::optional<ReplicationSource> source;
    std::string problem;
};

struct PrimaryChoice {
    std::optional<std::size_t> index;  ///< the one server that takes writes
    bool several = false;              ///< two of them do
    std::string problem;               ///< without an index: a clause about each server
};
/// One server may be named twice. A server that takes writes and replicates from another one is the
/// primary only if that one is seen to be read-only: else it may be a replica that nobody promoted.
/// Pure.
[[nodiscard]] PrimaryChoice choose_primary(const std::vector<Candidate>& candidates);

/// Asks all of `options.members` at a time, which takes connect_timeout and read_timeout at most,
/// and gives the options for the one that takes writes; `options` themselves where they name no
/// members. Throws Error(interrupted) when there is no such server, Error(refused) when two servers
/// take writes, or all of them refuse the account, and Error(usage) as `connect` does.
[[nodiscard]] ConnectionOptions find_primary(const ConnectionOptions& options);

/// The same, for who only looks: any server that answers will do where none takes writes.
[[nodiscard]] ConnectionOptions find_primary_or_any(const ConnectionOptions& options);

}  // namespace doppel::sql
