// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/session.hpp"

#include <string>

namespace doppel::sql {

/// Which server a session talks to, and since when it runs.
struct ServerIdentity {
    std::string uuid;       ///< @@server_uuid
    double started_at = 0;  ///< seconds since 1970, by the server's clock
    bool durable = true;    ///< innodb_flush_log_at_trx_commit = 1 and sync_binlog = 1
};

[[nodiscard]] ServerIdentity read_identity(Session& session);

/// The same server, not started again in between, whatever became of its clock meanwhile.
[[nodiscard]] bool is_same_start(const ServerIdentity& before, const ServerIdentity& now);

/// A run relies on what was committed before a connection was lost. Throws
/// Error(displaced) when `now` is another server, which may lack some of it, and Error(failed) when
/// it is the same one restarted without durable commits.
void require_same_history(const ServerIdentity& before, const ServerIdentity& now);

}  // namespace doppel::sql
