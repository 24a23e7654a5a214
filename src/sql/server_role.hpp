// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/session.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace doppel::sql {

/// How a member of a MySQL group sees the group (performance_schema.replication_group_members).
struct GroupView {
    bool online = false;          ///< the member itself
    std::size_t members = 0;      ///< it included
    std::size_t unreachable = 0;  ///< members that it has lost from sight
    std::size_t primaries = 0;    ///< 1 in single-primary mode

    /// Commits of a member without a majority wait for ever.
    [[nodiscard]] bool has_majority() const { return 2 * unreachable < members; }
};

/// Where a replica gets its changes from.
struct ReplicationSource {
    std::string address;  ///< host:port
    std::string uuid;     ///< empty: not known yet, or MariaDB
};

/// What a server is among those that replicate from each other.
struct ServerRole {
    std::string uuid;  ///< @@server_uuid; empty: MariaDB
    bool read_only = false;
    /// Nothing when it is in no group, or the account may not see it.
    std::optional<GroupView> group;

    /// It takes writes, and can commit them.
    [[nodiscard]] bool takes_writes() const;
    /// "is read-only", "has lost the majority of its group", ..; empty when it takes writes.
    [[nodiscard]] std::string hindrance() const;
};

[[nodiscard]] ServerRole read_role(Session& session);
/// ServerRole::group alone.
[[nodiscard]] std::optional<GroupView> read_group(Session& session);

/// Where this server gets its changes from, if it is a replica whose threads run; a member of a
/// group is none. Needs REPLICATION CLIENT.
[[nodiscard]] std::optional<ReplicationSource> replicates_from(Session& session);

/// Transactions that this server has received from another one and not applied yet. Sets of GTIDs,
/// one for each channel with such. Nothing where the account may not see it.
[[nodiscard]] std::optional<std::vector<std::string>> unapplied_transactions(Session& session);
/// The server has applied all of the sets.
[[nodiscard]] bool has_applied(Session& session, const std::vector<std::string>& sets);

}  // namespace doppel::sql
