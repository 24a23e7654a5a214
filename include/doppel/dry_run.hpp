// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/options.hpp"
#include "doppel/progress.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doppel {

/// What a dry run may do to find out. Every field has a sane default.
struct DryRunOptions {
    enum class Depth {
        offline,  ///< makes no table at all; what the server would say is guessed, and said to be
        sample,   ///< asks the server with an empty clone, and looks at some rows
        full,     ///< looks at all rows
    };
    Depth depth = Depth::sample;
    /// Copies sampled chunks into a scratch table for `probe_time` and builds its indexes, which
    /// writes to the binary log. Not with `offline`, nor on a read-only server.
    bool probe = false;
    std::chrono::milliseconds probe_time{5'000};       ///< 100 ms..1 min
    std::chrono::milliseconds statement_limit{2'000};  ///< of a SELECT that reads the table, 10 ms
                                                       ///< ..1 h; 10 min with `full`
    std::chrono::milliseconds fit_time{4'000};         ///< for looking at rows with `sample`
};

/// A number that is not known exactly: about four times out of five it lies between `low` and
/// `high`.
struct Range {
    double low = 0;
    double expected = 0;
    double high = 0;
    bool operator==(const Range&) const = default;
};

/// One thing that was looked at.
struct DryRunCheck {
    enum class Level { ok, warning, refusal };
    std::string name;  ///< stable: what is looked at, e.g. "server-writable"
    std::string id;    ///< stable: what was found, e.g. "read-only"; `name` when all is well
    Level level = Level::ok;
    std::string message;
    std::string hint;     ///< what to do; empty when all is well
    bool applies = true;  ///< false: it stands in the way of a copy only, and none is needed
};
/// "ok", "warning", "refusal"; stable, part of the JSON interface.
[[nodiscard]] const char* to_string(DryRunCheck::Level level);

/// How the change would be made.
struct DryRunDecision {
    std::string method;    ///< "instant", "inplace" (metadata only) or "shadow"
    bool certain = false;  ///< the server said so of an empty clone; false: by the rules of thumb
    std::string reason;
};

struct DryRunStep {
    std::string what;
    std::string sql;  ///< empty where there is no one statement
};

struct DryRunColumn {
    std::string source;  ///< empty: new
    std::string target;  ///< empty: dropped
    /// How the value comes about: "copied", "converted", "renamed", "default", "generated",
    /// "dropped".
    std::string how;
    std::string source_type;
    std::string target_type;
};

struct DryRunIndex {
    std::string name;
    std::string change;           ///< "kept", "added", "dropped", "changed"
    std::string definition;       ///< "(`a`, `b`(10))", UNIQUE in front where it is
    std::string built;            ///< "with the copy", "after the copy"; empty for dropped ones
    std::string remark;           ///< "the same columns as `x`", "`y` begins with its columns"
    std::optional<Range> bytes;   ///< in the new table
    std::uint64_t bytes_now = 0;  ///< in the present table; 0: not known, or not there
};

/// Rows that the new definition refuses.
struct DryRunMisfit {
    std::string message;  ///< as the run itself would say it
    DataMisfit rows;
};

struct DryRunFit {
    bool looked = false;
    bool complete = false;  ///< all rows were looked at
    std::uint64_t rows_looked_at = 0;
    std::string confidence;  ///< what was looked at, and what that allows to say
    std::vector<DryRunMisfit> misfits;
    std::vector<std::string> unknown;  ///< what could not be looked at, and why
};

/// What it costs. Seconds and bytes.
struct DryRunEstimate {
    std::uint64_t rows = 0;
    bool rows_counted = false;  ///< false: the server's estimate
    std::uint64_t data_bytes_now = 0;
    std::uint64_t index_bytes_now = 0;
    Range row_bytes;  ///< of a row in the new table's clustered index

    Range total_seconds;  ///< at the present load
    Range idle_seconds;   ///< of the whole, with nobody else on the server
    Range copy_seconds;
    Range index_seconds;   ///< indexes that are built after the copy
    Range verify_seconds;  ///< after copy and indexes; most of it overlaps with them
    Range cutover_seconds;
    Range stall_seconds;  ///< how long writes to the table wait at the swap

    Range disk_bytes;       ///< the new table with its indexes, beside the old one
    Range data_bytes;       ///< of it: the rows
    Range index_bytes;      ///< of it: secondary indexes
    Range temporary_bytes;  ///< for sorting while indexes are built
    Range binlog_bytes;
    Range peak_bytes;  ///< all of these at once, if no binary log is purged meanwhile

    bool busy = false;                     ///< others use the server now
    double statements_per_second = 0;      ///< of others
    double table_writes_per_second = 0;    ///< rows of the table that others change; negative:
                                           ///< not known
    Range primary_write_bytes_per_second;  ///< into the new table and the binary log
    Range replica_write_bytes_per_second;  ///< to be applied by each replica
    std::vector<std::string> stall_risks;  ///< what could lengthen the stall
    std::vector<std::string> basis;        ///< what the numbers rest on
    bool probed = false;
};

struct DryRunReplica {
    std::string address;
    std::optional<double> lag_seconds;  ///< nothing: not known
    std::string problem;
    std::string watched = "found";  ///< "found", "named", "may vanish", "ignored": why, and whether
    bool holds = false;             ///< the run would stand still until it answers and replicates
};

/// Everything that a dry run has to tell. A value.
struct DryRunReport {
    std::string table;  ///< schema.table
    std::string statement;
    std::string server;  ///< version
    bool at_replica = false;
    std::string depth;  ///< "offline", "sample", "full"
    DryRunDecision decision;
    std::vector<DryRunStep> steps;
    std::string definition_before;
    std::string definition_after;  ///< empty: not known
    std::string definition_diff;   ///< unified; empty when there is no difference or it is unknown
    std::vector<DryRunColumn> columns;
    std::string key;  ///< index by which rows are followed; empty: none, or not known
    std::vector<std::string> key_columns;
    std::vector<DryRunIndex> indexes;
    std::vector<DryRunCheck> checks;
    std::vector<DryRunReplica> replicas;
    DryRunFit fit;
    std::optional<DryRunEstimate> estimate;
    std::vector<std::string> advice;
    std::vector<std::string> notes;  ///< what will differ from the server's own ALTER, and what
                                     ///< stays unknown
};

struct DryRunResult {
    /// ok: nothing stands in the way. Errc::refused: a check refuses. Errc::data_misfit: rows do
    /// not fit. In these cases there is a report. Others as run_alter has them.
    Outcome outcome;
    std::optional<DryRunReport> report;
};

/// Tells what `run_alter` with the same arguments would do, how long that takes, what it costs and
/// what can go wrong; by the same facts, checks and plan. Changes nothing that lasts: scratch
/// tables are made where the account may keep them out of the binary log, and removed on every way
/// out; those of a process that was killed are removed by the next dry run of the table. Takes
/// seconds, but for Depth::full. Reads without locks. SIGINT, SIGTERM and SIGHUP end it cleanly.
/// Runs on the calling thread, with a few more for the probe. Never throws for reasons of the
/// server or the statement. `logger` is used until it returns.
[[nodiscard]] DryRunResult run_dry(
    const std::string& statement,
    const ConnectionOptions& connection,
    const MigrationOptions& migration,
    const DryRunOptions& options,
    const Logger& logger
);

}  // namespace doppel
