// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checkpoint/record.hpp"
#include "checkpoint/state_table.hpp"
#include "doppel/progress.hpp"
#include "migration/remains.hpp"
#include "mysql/identifier.hpp"
#include "sql/server_identity.hpp"
#include "sql/session.hpp"

#include <optional>
#include <string>

namespace doppel::migration {

/// A run that ended before its end, as its record has it, and from where to go on.
struct EarlierRun {
    checkpoint::Record record;
    checkpoint::Point point;
    checkpoint::Show show;
    std::uint64_t seq_max = 0;
    /// It may have ended while rows were missing in the shadow whose keys are not in its feed any
    /// more: who goes on must compare.
    bool rows_missing = false;
    /// When it has swapped the tables: the old table is defined as the source was.
    bool old_table_is_source = false;
};

/// What is to be done about an earlier run.
struct Verdict {
    enum class Kind {
        none,        ///< there was none
        begin_anew,  ///< what it left is ours and worth nothing: it goes
        resume,      ///< goes on from `run`
        finish,      ///< it had swapped the tables: what is left is cleaning up
        refuse,      ///< `finding` says why
    };
    Kind kind = Kind::none;
    std::optional<EarlierRun> run;
    std::optional<Finding> finding;
};

/// Pure. `restart`: the user wants to begin anew whatever was done before.
[[nodiscard]] Verdict judge_earlier_run(
    const Remains& remains, const std::string& statement, bool restart
);

/// Why the feed cannot go on from `point` at this server; nothing if it can.
[[nodiscard]] std::optional<Finding> place_problem(
    sql::Session& session, const mysql::TableName& source, const checkpoint::Point& point
);

/// Why `run` cannot be gone on with unless it is compared; nothing if it can. Pure.
[[nodiscard]] std::optional<Finding> comparison_problem(
    const EarlierRun& run, const mysql::TableName& shadow, bool verify
);

/// Why `run` cannot be gone on with under what `now` has of the server's settings and of the
/// table's keys, at `server`; nothing if it can. Pure.
[[nodiscard]] std::optional<Finding> settings_problem(
    const EarlierRun& run, const checkpoint::Record& now, const sql::ServerIdentity& server
);

/// Ends the connections of an earlier run that the server has not noticed to be gone, since what
/// they were told to do last may otherwise happen later, and keeps their lock names for `session`:
/// should the process live after all, it cannot connect again (sql::AsyncSession). Throws
/// Error(refused) when one does not end.
void take_sessions_of(sql::Session& session, const std::string& run_id);

}  // namespace doppel::migration
