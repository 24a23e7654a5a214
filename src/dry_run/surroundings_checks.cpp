// SPDX-License-Identifier: Apache-2.0
#include "dry_run/surroundings.hpp"
#include "migration/prepared_xa.hpp"
#include "plan/checks.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using Level = DryRunCheck::Level;
using Checks = std::vector<DryRunCheck>;

constexpr double kLongTransaction = 10;  // seconds
constexpr double kLagTold = 2;           // seconds; the server tells whole ones
constexpr double kLongHistory = 1'000'000;
/// MySQL 9.1; 64 before (MySQL manual, "Online DDL Operations").
constexpr unsigned kRowVersionsMax = 64;
constexpr double kConnectionsOfARun = 20;

void ok(Checks& checks, std::string name, std::string message) {
    std::string id = name;
    checks.push_back({std::move(name), std::move(id), Level::ok, std::move(message), {}});
}

void warn(Checks& checks, std::string name, std::string id, std::string message, std::string hint) {
    checks.push_back(
        {std::move(name), std::move(id), Level::warning, std::move(message), std::move(hint)}
    );
}

std::string problem_of(const DryRunReplica& replica) {
    return fmt::format(
        "{} {}",
        replica.address,
        replica.lag_seconds ? fmt::format("lags by {:.0f} s", *replica.lag_seconds)
                            : "cannot be judged: " + replica.problem
    );
}

/// Of those that are worth a word, one after the other.
std::string problems_of(
    const Surroundings& around, const std::function<bool(const DryRunReplica&)>& is_one
) {
    std::string problems;
    for (const DryRunReplica& replica : around.replicas) {
        if (is_one(replica)) {
            problems += (problems.empty() ? "" : "; ") + problem_of(replica);
        }
    }
    return problems;
}

/// Nobody waits for one that may be away, and is.
bool is_bad(const DryRunReplica& replica) {
    const bool is_left_out =
        replica.watched == "ignored" || (replica.watched == "may vanish" && !replica.lag_seconds);
    return !replica.holds && !is_left_out &&
           (!replica.lag_seconds || *replica.lag_seconds > kLagTold);
}

void tell_replicas(const Surroundings& around, const ThrottleOptions& options, Checks& checks) {
    const auto watched = std::count_if(
        around.replicas.begin(),
        around.replicas.end(),
        [](const DryRunReplica& replica) { return replica.watched != "ignored"; }
    );
    ok(checks,
       "replicas",
       watched > 0
           ? fmt::format("{} replica(s), none lags by more than {:.0f} s", watched, kLagTold)
       : options.find_replicas ? "the server has no replicas that the run would watch"
                               : "replicas are not looked for (--replica=none)");
}

void judge_replicas(const Surroundings& around, const ThrottleOptions& options, Checks& checks) {
    const std::string name = "replicas";
    if (!around.replicas_known) {
        warn(
            checks,
            name,
            "replicas-unknown",
            "the account may not see whether the server has replicas",
            "GRANT REPLICATION SLAVE ON *.* to it, or name them with --replica=HOST:PORT"
        );
    }
    std::string held =
        problems_of(around, [](const DryRunReplica& replica) { return replica.holds; });
    std::string others = problems_of(around, is_bad);
    const bool is_well = held.empty() && others.empty();
    if (!held.empty()) {
        warn(
            checks,
            name,
            "replica-away",
            std::move(held) + "; the run would be held until it answers and replicates",
            "start it, or leave it out: --replica-may-vanish waits for it only while it is there, "
            "--ignore-replica never"
        );
    }
    if (!others.empty()) {
        warn(
            checks,
            name,
            "replica-lag",
            std::move(others),
            "look at them before the run: it adds writes for them to apply; one that is not "
            "reached is named with --replica=HOST:PORT, or left out with --ignore-replica"
        );
    }
    if (around.replicas_known && is_well) {
        tell_replicas(around, options, checks);
    }
}

void judge_transactions(const Surroundings& around, Checks& checks) {
    const auto& held = around.transactions;
    if (!held.empty() && held.front().seconds >= kLongTransaction) {
        warn(
            checks,
            "long-transactions",
            "long-transaction",
            fmt::format(
                "{} session(s) hold the table, the oldest: {}", held.size(), held.front().describe()
            ),
            "the swap waits for such transactions, and the writes behind it with it; end them, or "
            "run when there are none"
        );
    } else {
        ok(checks,
           "long-transactions",
           held.empty() ? "no transaction holds the table now"
                        : fmt::format(
                              "{} transaction(s) hold the table, for {:.1f} s at most",
                              held.size(),
                              held.front().seconds
                          ));
    }
    const double oldest = around.oldest_transaction_seconds.value_or(0);
    if (!around.oldest_transaction_seconds) {
        warn(
            checks,
            "old-read-views",
            "transactions-unseen",
            "the account may not see the transactions of others",
            "GRANT PROCESS ON *.* to it"
        );
    } else if (oldest > 600 || around.history_length.value_or(0) > kLongHistory) {
        warn(
            checks,
            "old-read-views",
            "old-read-view",
            fmt::format(
                "the oldest transaction on the server is {:.0f} s old, and {:.0f} old versions of "
                "rows wait for purge",
                oldest,
                around.history_length.value_or(0)
            ),
            "reads get slower the more old versions there are; end it first"
        );
    } else {
        ok(checks, "old-read-views", fmt::format("the oldest transaction is {:.1f} s old", oldest));
    }
}

void judge_locks(const Surroundings& around, Checks& checks) {
    const unsigned waiting = around.waiting_for_table.value_or(0);
    if (waiting > 0) {
        warn(
            checks,
            "table-locks",
            "table-lock-waits",
            fmt::format("{} session(s) wait for a lock on the table", waiting),
            "find out what holds it: sys.schema_table_lock_waits"
        );
    } else {
        ok(checks,
           "table-locks",
           around.waiting_for_table
               ? "nobody waits for a lock on the table"
               : "whether somebody waits for a lock on the table is not shown");
    }
}

/// What the run would drop.
std::string left_tables(const migration::Remains& remains) {
    const std::string state = remains.sibling(remains.names.state).str();
    return remains.shadow ? remains.shadow->name.str() + ", " + state : state;
}

void judge_control(const Surroundings& around, const MigrationOptions& options, Checks& checks) {
    const std::string name = "running-control";
    if (!around.control_problem) {
        const char* const message = options.control
                                        ? "the run can listen for doppel pause and the like"
                                        : "--control=off: the run listens to nobody";
        ok(checks, name, message);
    } else if (!options.control_socket.empty()) {
        checks.push_back({name, "control-socket", Level::refusal, *around.control_problem, {}});
    } else {
        warn(
            checks,
            name,
            "control-folder",
            "doppel pause and the like cannot reach the run: " + *around.control_problem,
            "the run goes on without; XDG_RUNTIME_DIR or --control-socket give another place"
        );
    }
}

void judge_prepared(const Surroundings& around, Checks& checks) {
    const std::string name = "prepared-xa";
    // A run that goes on reads the binary log from before they were prepared.
    if (around.prepared_xa.empty() || around.earlier.kind == migration::Verdict::Kind::resume) {
        ok(checks, name, "no XA transaction is in the way, as far as the account may see");
        return;
    }
    warn(
        checks,
        name,
        "prepared-xa-left",
        "XA transactions that are prepared may have changed the table, so a run waits 10 s for "
        "their end and is refused then: " +
            migration::xids_told(around.prepared_xa),
        "end them; XA RECOVER CONVERT XID lists them"
    );
}

void judge_binlog_connection(const Surroundings& around, Checks& checks) {
    const std::string name = "binlog-connection";
    if (around.binlog_connection) {
        checks.push_back(
            {name,
             "no-binlog-connection",
             Level::refusal,
             fmt::format(
                 "the connection for the binary log cannot be opened: {}",
                 around.binlog_connection->what()
             ),
             "it has the account and the options of the others, but TLS and authentication of its "
             "own: see --ssl-mode, --ssl-ca, --get-server-public-key, --connect-timeout"}
        );
    } else {
        ok(checks, name, "a connection for the binary log can be opened");
    }
}

void judge_load_variables(const Surroundings& around, Checks& checks) {
    const std::string name = "load-variables";
    if (around.unknown_load) {
        const Finding& why = *around.unknown_load;
        checks.push_back({name, why.id, Level::refusal, why.message, why.hint});
    } else {
        ok(checks, name, "the server has every status variable that has a limit");
    }
}

/// In a word what the run would do about an earlier one that it need not refuse for.
std::pair<std::string, std::string> told_of_earlier(const Surroundings& around) {
    const auto& run = around.earlier.run;
    if (!run) {
        return {
            "the run would begin anew, and first remove what an earlier one left: " +
                left_tables(*around.remains),
            "doppel status tells what that is"};
    }
    if (around.earlier.kind == migration::Verdict::Kind::resume) {
        return {
            fmt::format(
                "the run would go on with the one that began at {} on {}: {} rows were copied",
                run->record.started_at,
                run->record.host,
                run->point.rows_copied
            ),
            "time and sizes are told of the whole; --restart would begin anew"};
    }
    return {
        fmt::format(
            "an earlier run has already swapped the tables ({}); the run would clean up after "
            "it{}",
            run->record.statement,
            around.made_before ? ", which is all there is to do" : " before it begins"
        ),
        "doppel cleanup does that, too"};
}

void judge_earlier(const Surroundings& around, Checks& checks) {
    const std::string name = "other-migrations";
    const migration::Verdict& earlier = around.earlier;
    if (earlier.kind == migration::Verdict::Kind::none) {
        ok(checks, name, "no migration of the table is running or left");
    } else if (earlier.kind == migration::Verdict::Kind::refuse) {
        const Finding& why = *earlier.finding;
        checks.push_back({name, why.id, Level::refusal, why.message, why.hint});
    } else {
        auto [message, hint] = told_of_earlier(around);
        warn(checks, name, "migration-left", std::move(message), std::move(hint));
    }
}

void judge_remains(const Surroundings& around, const plan::Facts& facts, Checks& checks) {
    const std::string name = "other-migrations";
    if (!around.remains) {
        const bool refused =
            around.remains_problem && around.remains_problem->code() == Errc::refused;
        checks.push_back(
            {name,
             "migrations-unseen",
             refused ? Level::refusal : Level::warning,
             fmt::format(
                 "whether a migration of the table is there cannot be seen: {}",
                 around.remains_problem ? around.remains_problem->what() : "it was not looked"
             ),
             "GRANT SELECT on its schema"}
        );
        return;
    }
    if (around.remains->lock_holder) {
        const Finding running = plan::migration_running(facts.table, around.remains->lock_holder);
        checks.push_back({name, running.id, Level::refusal, running.message, running.hint});
        return;
    }
    judge_earlier(around, checks);
}

void judge_versions(const Surroundings& around, Checks& checks) {
    const unsigned versions = around.row_versions.value_or(0);
    if (versions + 1 >= kRowVersionsMax) {
        warn(
            checks,
            "row-versions",
            "row-versions-used-up",
            fmt::format("the table has had {} INSTANT changes of its columns", versions),
            "one more may not be possible: the server then takes a copy, after which the count "
            "begins anew"
        );
    } else {
        ok(checks,
           "row-versions",
           around.row_versions
               ? fmt::format("the table has had {} INSTANT changes of its columns", versions)
               : "how many INSTANT changes the table has had is not shown");
    }
}

void judge_settings(const Surroundings& around, const MigrationOptions& options, Checks& checks) {
    const double connected = number(around.status, "threads_connected");
    const double allowed = number(around.variables, "max_connections", 151);
    if (connected + kConnectionsOfARun > allowed) {
        warn(
            checks,
            "max-connections",
            "few-connections",
            fmt::format("{:.0f} of {:.0f} connections are in use", connected, allowed),
            "raise max_connections; a run takes up to 20"
        );
    } else {
        ok(checks,
           "max-connections",
           fmt::format("{:.0f} of {:.0f} connections are in use", connected, allowed));
    }
    const bool durable = number(around.variables, "innodb_flush_log_at_trx_commit", 1) == 1 &&
                         number(around.variables, "sync_binlog", 1) == 1;
    if (durable) {
        ok(checks, "durable-commits", "commits are durable");
    } else {
        warn(
            checks,
            "durable-commits",
            "commits-not-durable",
            "commits are not durable (innodb_flush_log_at_trx_commit, sync_binlog)",
            "a crash of the server during the run then ends it for good, with the table untouched"
        );
    }
    const double lock = std::chrono::duration<double>(options.lock_wait_timeout).count();
    ok(checks,
       "timeouts",
       fmt::format(
           "the swap waits {:.0f} s for the table lock, up to {} times; sessions of the "
           "application wait as long as their lock_wait_timeout ({:.0f} s by default here)",
           lock,
           options.cutover_attempts,
           number(around.variables, "lock_wait_timeout", 31'536'000)
       ));
}

void judge_order(const std::string& what, const std::string& held, Checks& checks) {
    if (held.empty()) {
        ok(checks, what + "-orders", fmt::format("no option keeps the {} waiting now", what));
        return;
    }
    warn(
        checks,
        what + "-orders",
        what + "-held",
        held,
        "the run would wait for that; the time that is told here does not count it"
    );
}

void judge_load(const Surroundings& around, Checks& checks) {
    const std::string rate =
        fmt::format("{:.0f} statements/s of others", around.statements_per_second);
    ok(checks,
       "server-load",
       around.gentle ? "others use the server (" + rate + "): one session copies, in small chunks"
                     : "nobody else uses the server (" + rate + "): several sessions copy");
}

}  // namespace

std::vector<DryRunCheck> judge_surroundings(
    const Surroundings& around, const plan::Facts& facts, const MigrationOptions& options
) {
    Checks checks;
    judge_replicas(around, options.throttle, checks);
    judge_transactions(around, checks);
    judge_locks(around, checks);
    judge_remains(around, facts, checks);
    judge_versions(around, checks);
    judge_settings(around, options, checks);
    judge_load(around, checks);
    judge_order("copy", around.copy_held, checks);
    judge_order("swap", around.swap_held, checks);
    judge_prepared(around, checks);
    judge_load_variables(around, checks);
    judge_binlog_connection(around, checks);
    judge_control(around, options, checks);
    return checks;
}

}  // namespace doppel::dry_run
