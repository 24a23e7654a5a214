// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cutover/blockers.hpp"
#include "doppel/dry_run.hpp"
#include "doppel/error.hpp"
#include "doppel/options.hpp"
#include "dry_run/query.hpp"
#include "migration/earlier_run.hpp"
#include "migration/received.hpp"
#include "migration/remains.hpp"
#include "mysql/server_version.hpp"
#include "plan/facts.hpp"
#include "sql/activity.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace doppel::dry_run {

/// What goes on around the table at this moment. A value; what the account may not see is missing.
struct Surroundings {
    Names variables;
    Names status;
    bool gentle = false;  ///< copy::Pace would let one session copy
    double statements_per_second = 0;
    std::optional<double> table_writes_per_second;

    std::vector<cutover::Blocker> transactions;        ///< that hold the table, the oldest first
    std::optional<double> oldest_transaction_seconds;  ///< of all on the server
    std::optional<unsigned> waiting_for_table;         ///< sessions
    std::optional<double> history_length;

    migration::Received received;  ///< its source: this server is a replica of it
    std::optional<double> own_lag_seconds;
    std::vector<DryRunReplica> replicas;
    bool replicas_known = true;
    bool has_replicas = false;  ///< as the run sees it

    std::string copy_held;  ///< why copying would stand still now, as told by options; empty: not
    std::string swap_held;  ///< why the swap would not come; empty: it comes when it is due

    /// XIDs, for migration::xids_told; only those that were prepared all the time that was looked.
    std::vector<std::string> prepared_xa;

    std::optional<Error> binlog_connection;      ///< what it would meet
    std::optional<std::string> control_problem;  ///< why the run could not listen for people
    std::optional<Finding> unknown_load;         ///< throttle::unknown_load

    std::optional<migration::Remains> remains;
    std::optional<Error> remains_problem;
    migration::Verdict earlier;  ///< what the run would do about one that was left
    bool made_before = false;    ///< that one has made this change: what is left is cleaning up
    std::optional<unsigned> row_versions;  ///< INSTANT changes that the table has had
    std::optional<double> binlog_bytes_now;
};

/// Looks for a bit more than a second. `statement`: as the user wrote it. `activity`: what the
/// session does is counted there. `require_running` is called between statements and may throw.
[[nodiscard]] Surroundings look_around(
    sql::Session& session,
    const ConnectionOptions& connection,
    const plan::Facts& facts,
    const MigrationOptions& options,
    const std::string& statement,
    const sql::Activity& activity,
    const std::function<void()>& require_running
);

/// What of it is worth a word. Pure.
[[nodiscard]] std::vector<DryRunCheck> judge_surroundings(
    const Surroundings& around, const plan::Facts& facts, const MigrationOptions& options
);

}  // namespace doppel::dry_run
