// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checkpoint/record.hpp"
#include "checkpoint/state_table.hpp"
#include "doppel/progress.hpp"
#include "mysql/identifier.hpp"
#include "mysql/server_version.hpp"
#include "schema/table_definition.hpp"
#include "shadow/names.hpp"
#include "sql/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace doppel::migration {

/// What stands on the server beside a table that is to be changed.
struct Leftovers {
    /// Of the state table that is there and ours; nothing when there is none.
    std::optional<checkpoint::Stored> stored;
    std::optional<schema::TableDefinition> shadow;
    bool shadow_has_rows = false;
    bool old_table_exists = false;
};

[[nodiscard]] Leftovers read_leftovers(
    sql::Session& session, const mysql::TableName& source, const mysql::ServerVersion& version
);

/// A run that ended before its end, as its record has it, and from where to go on.
struct EarlierRun {
    checkpoint::Record record;
    checkpoint::Point point;
    checkpoint::Show show;
    std::uint64_t seq_max = 0;
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
    const Leftovers& leftovers,
    const schema::TableDefinition& source,
    const std::string& statement,
    bool restart
);

/// Why the feed cannot go on from `point` at this server; nothing if it can.
[[nodiscard]] std::optional<Finding> place_problem(
    sql::Session& session, const mysql::TableName& source, const checkpoint::Point& point
);

/// "name type" of each column, for Record::shadow_columns.
[[nodiscard]] std::vector<std::string> describe_columns(const schema::TableDefinition& table);

/// Ends connections of an earlier run that the server has not noticed to be gone: what they were
/// told to do last may otherwise happen later. Throws Error(refused) when one does not end.
void end_sessions_of(sql::Session& session, const std::string& run_id);

}  // namespace doppel::migration
