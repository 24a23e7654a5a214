// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/throttle.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace doppel {

/// The phases of a migration in the order in which they are passed.
enum class Phase {
    connecting,
    checking,
    native,     ///< trying the server's own instant or metadata-only change
    preparing,  ///< state table, shadow table, feed
    copying,
    indexing,   ///< rows are copied; building the indexes that were left out
    draining,   ///< rows are copied; waiting until replay has caught up
    verifying,  ///< waiting until the tables are compared, which began with the copy
    cutting_over,
    cleaning,
    done,
};

/// "copying" etc.; stable, part of the JSON interface.
[[nodiscard]] const char* to_string(Phase phase);

/// One refusal or warning of the checks before anything is changed.
struct Finding {
    enum class Level { warning, refusal };
    std::string id;  ///< stable name, e.g. "no-usable-key"
    Level level = Level::refusal;
    std::string message;  ///< what is wrong
    std::string hint;     ///< what to do
};

/// A snapshot of a running migration. Counters only grow, except `keys_pending`.
struct Progress {
    Phase phase = Phase::connecting;
    std::uint64_t rows_copied = 0;
    std::uint64_t rows_estimated = 0;  ///< the server's estimate at the start; 0: unknown
    std::uint64_t chunks_copied = 0;
    double rows_per_second = 0;     ///< over the last seconds
    double eta_seconds = -1;        ///< of the copy; negative: unknown
    std::uint64_t events_seen = 0;  ///< row events of the source table
    std::uint64_t keys_pending = 0;
    std::uint64_t keys_reconciled = 0;
    std::uint64_t keys_discarded = 0;  ///< changes beyond the frontier that needed no work
    std::uint64_t rows_verified = 0;   ///< rows compared with their copies; 0 with --verify=off
    std::uint64_t differences = 0;     ///< rows that differed although they should not
    std::uint64_t repairs = 0;         ///< those of them that were equal after being copied anew
    double feed_lag_seconds = 0;       ///< age of the newest event read; 0 when caught up
    unsigned cutover_attempts = 0;
    std::uint64_t reconnects = 0;
    std::chrono::milliseconds elapsed{0};
    ThrottleState throttle;
};

struct PhaseChanged {
    Phase phase = Phase::connecting;
};
/// Something the operator should know and that is not a failure.
struct Notice {
    std::string message;
};
/// Rows of a table and its copy differ although they should not.
struct Differences {
    enum class Action {
        none,       ///< the tables are only compared
        repairing,  ///< the rows are copied anew and compared again
        stopping,   ///< they differed again after that: the run ends
    };
    std::string table;              ///< schema.table of the source
    std::vector<std::string> keys;  ///< the first ten, as for people: "(12, 'abc')"
    std::uint64_t count = 0;
    Action action = Action::none;
};
/// "repairing" etc.; stable, part of the JSON interface.
[[nodiscard]] const char* to_string(Differences::Action action);
struct Findings {
    std::vector<Finding> findings;
};
/// The end of a comparison of two tables.
struct Verified {
    std::string first;   ///< schema.table
    std::string second;  ///< schema.table
    std::uint64_t rows = 0;
    std::uint64_t differences = 0;
    bool complete = true;  ///< false: given up after so many differences
};
/// The end of a successful run.
struct Summary {
    std::string method;     ///< "instant", "inplace" or "shadow"
    std::string table;      ///< schema.table
    std::string old_table;  ///< schema.table of what was the source; empty if none was kept
    Progress progress;
    std::chrono::microseconds cutover_locked{
        0};  ///< how long the table was locked in the last attempt
};

using ProgressEvent =
    std::variant<PhaseChanged, Progress, Notice, Differences, Findings, Verified, Summary>;

/// Receives the events of a run. Called on the thread that runs the migration, in order; must not
/// block for long and must not throw.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_event(const ProgressEvent& event) = 0;
};

}  // namespace doppel
