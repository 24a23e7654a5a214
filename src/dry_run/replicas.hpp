// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/dry_run.hpp"
#include "doppel/options.hpp"
#include "doppel/throttle.hpp"
#include "sql/session.hpp"

#include <functional>
#include <vector>

namespace doppel::dry_run {

struct ReplicasSeen {
    bool known = true;  ///< false: the account may not look for them
    std::vector<DryRunReplica> replicas;
};

/// The replicas that the run would watch, found by its own rules (throttle::Roster), and how far
/// each is behind by what it says itself. `require_running` is called between them and may throw.
[[nodiscard]] ReplicasSeen look_at_replicas(
    sql::Session& session,
    const ConnectionOptions& connection,
    const ThrottleOptions& options,
    const std::function<void()>& require_running
);

/// What the server of the session says of its lag: seconds, or a problem.
void fill_lag(sql::Session& session, DryRunReplica& replica);

}  // namespace doppel::dry_run
