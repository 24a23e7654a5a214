// SPDX-License-Identifier: Apache-2.0
#include "dry_run/surroundings.hpp"

#include "checkpoint/record.hpp"
#include "control/location.hpp"
#include "copy/pace.hpp"
#include "doppel/error.hpp"
#include "dry_run/replicas.hpp"
#include "feed/connection_problem.hpp"
#include "migration/index_choice.hpp"
#include "migration/prepared_xa.hpp"
#include "mysql/identifier.hpp"
#include "sql/server_role.hpp"
#include "throttle/daily_window.hpp"
#include "throttle/orders.hpp"
#include "throttle/server_signals.hpp"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using mysql::quote_string;

constexpr int kLooks = 14;
constexpr std::chrono::milliseconds kLook{90};
constexpr std::chrono::seconds kApplyPatience{2};
constexpr std::chrono::milliseconds kApplyPoll{200};

std::optional<double> written_rows(sql::Session& session, const mysql::TableName& table) {
    const auto rows = query_if_told(
        session,
        fmt::format(
            "SELECT COUNT_WRITE FROM performance_schema.table_io_waits_summary_by_table WHERE "
            "OBJECT_SCHEMA = {} AND OBJECT_NAME = {}",
            quote_string(table.schema),
            quote_string(table.table)
        )
    );
    return rows && !rows->empty() ? std::optional(number(rows->scalar())) : std::nullopt;
}

copy::ServerLoad read_load(sql::Session& session, const sql::Activity& ours) {
    const std::uint64_t sent = ours.statements;
    const Names status = read_names(
        session.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Threads_running')")
    );
    copy::ServerLoad load;
    load.statements = static_cast<std::uint64_t>(
        std::max(0.0, number(status, "questions") - static_cast<double>(sent))
    );
    load.running = static_cast<unsigned>(std::max(0.0, number(status, "threads_running", 1) - 1));
    return load;
}

/// By the same rules as the copy does.
void look_at_load(
    sql::Session& session,
    const plan::Facts& facts,
    const sql::Activity& activity,
    const std::function<void()>& require_running,
    Surroundings& around
) {
    using Clock = copy::Pace::Clock;
    copy::Pace::Limits limits;
    limits.workers_max = 2;
    copy::Pace pace(limits);
    const auto began = Clock::now();
    const auto written = written_rows(session, facts.table);
    const copy::ServerLoad first = read_load(session, activity);
    copy::ServerLoad last = first;
    bool gentle_since = false;
    pace.see(began, first);
    for (int i = 0; i < kLooks; ++i) {
        require_running();
        std::this_thread::sleep_for(kLook);
        last = read_load(session, activity);
        pace.see(Clock::now(), last);
        gentle_since = pace.gentle();
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    around.gentle = gentle_since;
    around.statements_per_second =
        static_cast<double>(std::max(last.statements, first.statements) - first.statements) /
        seconds;
    const auto written_since = written_rows(session, facts.table);
    if (written && written_since) {
        around.table_writes_per_second = std::max(0.0, *written_since - *written) / seconds;
    }
}

void look_at_transactions(
    sql::Session& session, const mysql::TableName& table, Surroundings& around
) {
    around.transactions = cutover::find_blockers(session, table, 0.0);
    const auto oldest = query_if_told(
        session,
        "SELECT MAX(TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6)) / 1e6) FROM "
        "information_schema.innodb_trx WHERE trx_mysql_thread_id <> CONNECTION_ID()"
    );
    if (oldest) {
        around.oldest_transaction_seconds = number(oldest->scalar());
    }
    const auto waiting = query_if_told(
        session,
        fmt::format(
            "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'TABLE' "
            "AND OBJECT_SCHEMA = {} AND OBJECT_NAME = {} AND LOCK_STATUS = 'PENDING'",
            quote_string(table.schema),
            quote_string(table.table)
        )
    );
    if (waiting) {
        around.waiting_for_table = static_cast<unsigned>(number(waiting->scalar()));
    }
    const auto history = query_if_told(
        session,
        "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = "
        "'trx_rseg_history_len'"
    );
    if (history && !history->empty()) {
        around.history_length = number(history->scalar());
    }
}

/// "; the window opens at 22:00 Europe/Berlin", when it is closed.
std::string opening_of(
    const std::optional<DailyWindow>& window, std::chrono::system_clock::time_point now
) {
    if (!window || throttle::is_open(*window, now)) {
        return {};
    }
    return "; the window opens at " + throttle::opening_text(*window);
}

void note_hold(const throttle::Pressure& pressure, Surroundings& around) {
    around.copy_held += (around.copy_held.empty() ? "" : "; ") + pressure.reason;
}

/// What the run's own rules say of --window, --throttle-flag-file, --postpone-cutover and the like.
void look_at_orders(const ThrottleOptions& options, Surroundings& around) {
    const auto now = std::chrono::system_clock::now();
    const throttle::Orders orders{options, {}, false, {}};
    std::vector<throttle::Pressure> pressures;
    throttle::LocalSignals(orders).report(throttle::Clock::now(), pressures);
    for (const throttle::Pressure& pressure : pressures) {
        note_hold(pressure, around);
    }
    around.copy_held += opening_of(options.window, now);
    const bool file_exists =
        !options.postpone_file.empty() && throttle::file_exists(options.postpone_file);
    const auto hindrance = throttle::hinders_cutover(orders, std::nullopt, file_exists, now);
    if (hindrance) {
        around.swap_held = hindrance->reason + opening_of(options.cutover_window, now);
    }
}

/// What they say of --max-load, --critical-load and the like, of numbers as they are now.
void look_at_limits(sql::Session& session, const ThrottleOptions& options, Surroundings& around) {
    throttle::LoadSignal load(options);
    throttle::HistorySignal history(options);
    for (throttle::ServerSignal* const signal :
         std::initializer_list<throttle::ServerSignal*>{&load, &history}) {
        const std::string statement = signal->statement();
        const auto rows = statement.empty() ? std::nullopt : query_if_told(session, statement);
        if (!rows) {
            continue;
        }
        const auto now = throttle::Clock::now();
        signal->read(now, statement, *rows);
        signal->read(now, statement, *rows);  // a hard limit counts when it is met twice
        std::vector<throttle::Pressure> pressures;
        signal->report(now, pressures);
        for (const throttle::Pressure& pressure : pressures) {
            if (pressure.level >= 1 || pressure.critical) {
                note_hold(pressure, around);
            }
        }
    }
}

/// As Migration::make_control, but that no folder is made.
std::optional<std::string> control_problem(
    const MigrationOptions& options, const std::string& server_uuid, const mysql::TableName& table
) {
    const auto told = [](const std::string& path) -> std::optional<std::string> {
        if (const auto problem = control::placement_problem(path)) {
            return control::cannot_listen(path, *problem).what();
        }
        return std::nullopt;
    };
    if (!options.control) {
        return std::nullopt;
    }
    if (!options.control_socket.empty()) {
        return told(options.control_socket);
    }
    try {
        const std::string folder = control::runtime_directory();
        return told(
            control::directory_exists(folder) ? control::socket_path(server_uuid, table) : folder
        );
    } catch (const Error& error) {
        return error.what();
    }
}

void look_at_source(sql::Session& session, Surroundings& around) {
    try {
        around.received = migration::read_received(session);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted || error.code() == Errc::stopped) {
            throw;
        }
        around.received.is_known = false;
    }
    if (around.received.source) {
        DryRunReplica own;
        fill_lag(session, own);
        around.own_lag_seconds = own.lag_seconds;
    }
}

/// Until the server has applied what it has received, as a run waits for it, but not for as long. A
/// read-only server is not where the run would begin.
void await_received(
    sql::Session& session,
    const plan::Facts& facts,
    const std::function<void()>& require_running,
    migration::Received& received
) {
    if (facts.server.read_only) {
        return;
    }
    const auto deadline = std::chrono::steady_clock::now() + kApplyPatience;
    while (!received.unapplied.empty() && std::chrono::steady_clock::now() < deadline) {
        if (sql::has_applied(session, received.unapplied)) {
            received.unapplied.clear();
            return;
        }
        require_running();
        std::this_thread::sleep_for(kApplyPoll);
    }
}

/// As a run deals with it, Migration::deal_with_earlier_run.
migration::Verdict judge_earlier(
    sql::Session& session,
    const migration::Remains& remains,
    const plan::Facts& facts,
    const MigrationOptions& options,
    const std::string& statement
) {
    using Kind = migration::Verdict::Kind;
    migration::Verdict verdict = migration::judge_earlier_run(remains, statement, options.restart);
    if (verdict.kind != Kind::resume) {
        return verdict;
    }
    verdict.finding = migration::comparison_problem(
        *verdict.run, remains.sibling(remains.names.shadow), options.verify
    );
    // A read-only server is not where the run will look for its place.
    if (!verdict.finding && !facts.server.read_only) {
        verdict.finding = migration::place_problem(session, facts.table, verdict.run->point);
    }
    verdict.kind = verdict.finding ? Kind::refuse : Kind::resume;
    return verdict;
}

void look_at_migrations(
    sql::Session& session,
    const plan::Facts& facts,
    const MigrationOptions& options,
    const std::string& statement,
    const std::function<void()>& require_running,
    Surroundings& around
) {
    try {
        await_received(session, facts, require_running, around.received);
        around.remains = migration::read_remains(session, facts.table);
        const migration::Remains& remains = *around.remains;
        if (remains.lock_holder || !remains.source || remains.source->is_view) {
            return;
        }
        auto problem = migration::received_problem(
            around.received,
            remains.state && migration::is_marked(*remains.state),
            migration::ran_elsewhere(remains)
        );
        if (problem && !facts.server.read_only) {
            around.earlier.kind = migration::Verdict::Kind::refuse;
            around.earlier.finding = std::move(problem);
            return;
        }
        around.earlier = judge_earlier(session, remains, facts, options, statement);
        around.made_before =
            around.earlier.kind == migration::Verdict::Kind::finish &&
            around.earlier.run->record.statement == checkpoint::as_recorded(statement);
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted || error.code() == Errc::stopped) {
            throw;
        }
        around.remains.reset();
        around.remains_problem = error;
    }
}

void look_at_table(sql::Session& session, const mysql::TableName& table, Surroundings& around) {
    const auto versions = query_if_told(
        session,
        fmt::format(
            "SELECT MAX(TOTAL_ROW_VERSIONS) FROM information_schema.INNODB_TABLES WHERE NAME = "
            "CONCAT({}, '/', {})",
            quote_string(table.schema),
            quote_string(table.table)
        )
    );
    if (versions && versions->scalar()) {
        around.row_versions = static_cast<unsigned>(number(versions->scalar()));
    }
}

void look_at_binlogs(sql::Session& session, Surroundings& around) {
    const auto logs = query_if_told(session, "SHOW BINARY LOGS");
    if (logs) {
        double bytes = 0;
        for (const sql::Row& row : logs->rows) {
            bytes += number(row.at(1));
        }
        around.binlog_bytes_now = bytes;
    }
}

std::vector<std::string> still_prepared(sql::Session& session, std::vector<std::string> before) {
    if (before.empty()) {
        return {};
    }
    const auto now = migration::prepared_xids(session);
    std::erase_if(before, [&now](const std::string& xid) {
        return std::find(now.begin(), now.end(), xid) == now.end();
    });
    return before;
}

}  // namespace

Surroundings look_around(
    sql::Session& session,
    const ConnectionOptions& connection,
    const plan::Facts& facts,
    const MigrationOptions& options,
    const std::string& statement,
    const sql::Activity& activity,
    const std::function<void()>& require_running
) {
    Surroundings around;
    look_at_orders(options.throttle, around);
    around.binlog_connection = feed::connection_problem(connection);
    require_running();
    const auto uuid = query_if_told(session, "SELECT @@server_uuid");
    around.control_problem =
        control_problem(options, uuid ? uuid->scalar().value_or("") : std::string(), facts.table);
    look_at_limits(session, options.throttle, around);
    around.unknown_load = throttle::unknown_load(session, options.throttle);
    // Another server's are not the run's.
    const auto prepared =
        facts.server.read_only ? std::vector<std::string>() : migration::prepared_xids(session);
    look_at_load(session, facts, activity, require_running, around);
    around.variables = read_names(session.query(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('binlog_row_event_max_size', "
        "'binlog_transaction_compression', 'binlog_expire_logs_seconds', 'binlog_row_image', "
        "'binlog_rows_query_log_events', 'innodb_flush_log_at_trx_commit', 'sync_binlog', "
        "'innodb_buffer_pool_size', 'innodb_redo_log_capacity', "
        "'innodb_online_alter_log_max_size', "
        "'lock_wait_timeout', 'innodb_lock_wait_timeout', 'wait_timeout', 'max_execution_time', "
        "'max_connections', 'max_binlog_cache_size', 'innodb_file_per_table', "
        "'performance_schema')"
    ));
    around.status = read_names(
        session.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Uptime')")
    );
    require_running();
    look_at_transactions(session, facts.table, around);
    look_at_source(session, around);
    require_running();
    around.has_replicas = migration::has_replicas(session);
    ReplicasSeen seen = look_at_replicas(session, connection, options.throttle, require_running);
    around.replicas_known = seen.known;
    around.replicas = std::move(seen.replicas);
    require_running();
    look_at_migrations(session, facts, options, statement, require_running, around);
    look_at_table(session, facts.table, around);
    look_at_binlogs(session, around);
    around.prepared_xa = still_prepared(session, prepared);
    return around;
}

}  // namespace doppel::dry_run
