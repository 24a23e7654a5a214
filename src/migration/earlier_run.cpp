// SPDX-License-Identifier: Apache-2.0
#include "migration/earlier_run.hpp"

#include "doppel/error.hpp"
#include "migration/sessions.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Kind = Verdict::Kind;

constexpr std::chrono::seconds kSessionsEnd{30};
constexpr std::chrono::milliseconds kLook{100};
constexpr unsigned kNoSuchThread = 1094;
constexpr std::size_t kLockNameMax = 64;

Verdict refuse(std::string id, std::string message, std::string hint) {
    Verdict verdict;
    verdict.kind = Kind::refuse;
    verdict.finding =
        Finding{std::move(id), Finding::Level::refusal, std::move(message), std::move(hint)};
    return verdict;
}

const char* const kRestart =
    "run with --restart to remove what the earlier run left and to begin anew";

Verdict begin_anew() {
    Verdict verdict;
    verdict.kind = Kind::begin_anew;
    return verdict;
}

Verdict finish(const Remains& remains, const checkpoint::Record& record) {
    const bool old_table_is_source =
        remains.old_table && is_recorded_source(*remains.old_table, record);
    Verdict verdict;
    verdict.kind = Kind::finish;
    verdict.run = EarlierRun{record, {}, {}, 0, false, old_table_is_source};
    return verdict;
}

/// Of a run that had not made its shadow, or had just made it.
Verdict judge_preparing(const Remains& remains, bool may_have_shadow) {
    if (remains.shadow && (!may_have_shadow || remains.shadow_has_rows)) {
        return refuse(
            "earlier-run",
            fmt::format(
                "an earlier run ended before it had filled {}, but there is such a table{}, so it "
                "is somebody else's",
                remains.sibling(remains.names.shadow).str(),
                remains.shadow_has_rows ? " with rows" : ""
            ),
            "rename or drop it"
        );
    }
    return begin_anew();
}

Verdict judge_swapped(const Remains& remains, const Standing& standing) {
    if (standing.surely_swapped) {
        return finish(remains, *standing.record);
    }
    return refuse(
        "earlier-run",
        fmt::format(
            "{}, which an earlier run was filling, is gone and there is {}; whether the run has "
            "swapped the tables cannot be told from their definitions",
            remains.sibling(remains.names.shadow).str(),
            remains.sibling(remains.names.old_table).str()
        ),
        "look at both tables; doppel cleanup removes the record of the run and keeps them"
    );
}

/// What is not as it was when the earlier run began.
std::optional<Verdict> find_mismatch(
    const Remains& remains, const checkpoint::Record& record, const std::string& statement
) {
    if (checkpoint::as_recorded(statement) != record.statement) {
        return refuse(
            "earlier-run",
            fmt::format(
                "an earlier run with another statement has not ended: {}", record.statement
            ),
            std::string("give that statement to go on with it, or ") + kRestart
        );
    }
    if (!is_recorded_source(*remains.source, record)) {
        return refuse(
            "earlier-run",
            fmt::format(
                "{} is not defined any more as it was when an earlier run began to copy it",
                remains.table.str()
            ),
            kRestart
        );
    }
    if (!is_recorded_shadow(*remains.shadow, record)) {
        return refuse(
            "earlier-run",
            fmt::format(
                "{} is not defined any more as the earlier run made it", remains.shadow->name.str()
            ),
            kRestart
        );
    }
    return std::nullopt;
}

Verdict unreadable(const std::string& problem) {
    return refuse(
        "earlier-run",
        "an earlier run has not ended, and " + problem,
        std::string("finish it with the version of doppel that began it, or ") + kRestart
    );
}

Verdict judge_running(
    const Remains& remains, const Standing& standing, const std::string& statement, bool restart
) {
    if (restart) {
        return begin_anew();
    }
    const checkpoint::Record& record = *standing.record;
    if (!remains.shadow) {
        return refuse(
            "earlier-run",
            fmt::format(
                "{}, which an earlier run was filling, is gone, and the tables were not swapped",
                record.shadow
            ),
            kRestart
        );
    }
    if (auto mismatch = find_mismatch(remains, record, statement)) {
        return *std::move(mismatch);
    }
    const auto point = checkpoint::parse_point(remains.stored->point);
    if (!point) {
        return unreadable("its checkpoint cannot be read: " + point.failure().message);
    }
    Verdict verdict;
    verdict.kind = Kind::resume;
    verdict.run = EarlierRun{
        record,
        *point,
        standing.show,
        remains.stored->seq_max,
        remains.stored->rows_missing,
        false};
    return verdict;
}

/// One row: whether this session has got each of the names.
std::string take_names_statement(const std::string& run_id) {
    std::string list;
    for (unsigned number = 1; number <= kSessionsOfARunMax; ++number) {
        list += list.empty() ? "" : ", ";
        list += "GET_LOCK(" + mysql::quote_string(session_lock_name(run_id, number)) + ", 0)";
    }
    return "SELECT " + list;
}

/// Ends the connection that holds the name, if there is one.
std::string end_holder(sql::Session& session, const std::string& name) {
    const auto holder =
        session.query("SELECT IS_USED_LOCK(" + mysql::quote_string(name) + ")").scalar();
    if (!holder) {
        return "";
    }
    try {
        session.execute("KILL " + *holder);
    } catch (const Error& error) {
        if (error.server_errno() != kNoSuchThread) {
            throw;
        }
    }
    return *holder;
}

std::optional<Finding> gtid_problem(
    sql::Session& session, const mysql::TableName& source, const mysql::GtidSet& wanted
) {
    const sql::Row row = session
                             .query(fmt::format(
                                 "SELECT GTID_SUBTRACT({0}, @@GLOBAL.gtid_executed), "
                                 "GTID_SUBTRACT(@@GLOBAL.gtid_purged, {0})",
                                 mysql::quote_string(wanted.str())
                             ))
                             .rows.at(0);
    if (const std::string lacking = row.at(0).value_or(""); !lacking.empty()) {
        return Finding{
            "earlier-run",
            Finding::Level::refusal,
            fmt::format(
                "this server lacks transactions that the earlier run has already seen ({}): its "
                "history is another one, and what was copied of {} may be wrong here",
                lacking,
                source.str()
            ),
            kRestart};
    }
    if (const std::string purged = row.at(1).value_or(""); !purged.empty()) {
        return Finding{
            "earlier-run",
            Finding::Level::refusal,
            fmt::format(
                "the server has purged binlogs that the earlier run had not read yet ({})", purged
            ),
            kRestart};
    }
    return std::nullopt;
}

std::optional<Finding> file_problem(sql::Session& session, const mysql::FileOffset& wanted) {
    const sql::Rows logs = session.query("SHOW BINARY LOGS");
    for (const sql::Row& row : logs.rows) {
        if (row.at(0).value_or("") != wanted.file) {
            continue;
        }
        if (std::stoull(row.at(1).value_or("0")) >= wanted.offset) {
            return std::nullopt;
        }
        break;
    }
    return Finding{
        "earlier-run",
        Finding::Level::refusal,
        fmt::format(
            "the server no longer has {}, where the earlier run stopped reading its binlog",
            wanted.str()
        ),
        kRestart};
}

}  // namespace

Verdict judge_earlier_run(const Remains& remains, const std::string& statement, bool restart) {
    const Standing standing = judge_standing(remains);
    switch (standing.stage) {
        case Standing::Stage::none:
            return {};
        case Standing::Stage::unreadable:
            return restart ? begin_anew() : unreadable(standing.problem);
        case Standing::Stage::begun:
            return judge_preparing(remains, false);
        case Standing::Stage::preparing:
            return judge_preparing(remains, true);
        case Standing::Stage::running:
            return judge_running(remains, standing, statement, restart);
        case Standing::Stage::swapped:
            return judge_swapped(remains, standing);
    }
    return {};
}

std::optional<Finding> place_problem(
    sql::Session& session, const mysql::TableName& source, const checkpoint::Point& point
) {
    const sql::ServerIdentity now = sql::read_identity(session);
    const auto* gtids = std::get_if<mysql::GtidSet>(&point.place);
    if (now.uuid == point.server.uuid || gtids == nullptr) {
        try {
            sql::require_same_history(point.server, now);
        } catch (const Error& error) {
            return Finding{
                "earlier-run",
                Finding::Level::refusal,
                fmt::format("the earlier run cannot go on here: {}", error.what()),
                gtids == nullptr && now.uuid != point.server.uuid
                    ? "go on at the server where it began (without GTIDs there is no way to find "
                      "its place in another one's binlog), or " +
                          std::string(kRestart)
                    : kRestart};
        }
    }
    return gtids != nullptr ? gtid_problem(session, source, *gtids)
                            : file_problem(session, std::get<mysql::FileOffset>(point.place));
}

std::optional<Finding> comparison_problem(
    const EarlierRun& run, const mysql::TableName& shadow, bool verify
) {
    if (!run.rows_missing || verify) {
        return std::nullopt;
    }
    return Finding{
        "earlier-run",
        Finding::Level::refusal,
        fmt::format(
            "the earlier run ended while it was exchanging rows of {} that stood in each other's "
            "way, so some may be missing there",
            shadow.str()
        ),
        "go on with --verify=on, which finds them and puts them back"};
}

std::optional<Finding> settings_problem(
    const EarlierRun& run, const checkpoint::Record& now, const sql::ServerIdentity& server
) {
    const checkpoint::Record& before = run.record;
    // The time of a setting is lost when the server is started again, and transactions that were
    // under way then with it.
    const bool same_start = sql::is_same_start(run.point.server, server);
    if (now.key_index == before.key_index && now.settings == before.settings &&
        (!same_start || now.order_set_at == before.order_set_at)) {
        return std::nullopt;
    }
    return Finding{
        "earlier-run",
        Finding::Level::refusal,
        "the server's settings (sql_mode, time_zone, binlog_order_commits) or its choice of a key "
        "are not what they were when the earlier run began to copy",
        "restore them, or run with --restart to begin anew"};
}

void take_sessions_of(sql::Session& session, const std::string& run_id) {
    if (session_lock_name(run_id, kSessionsOfARunMax).size() > kLockNameMax) {
        return;  // no run wrote that
    }
    const auto deadline = std::chrono::steady_clock::now() + kSessionsEnd;
    const std::string take = take_names_statement(run_id);
    while (true) {
        const sql::Rows taken = session.query(take);
        std::string busy;
        for (unsigned number = 1; number <= kSessionsOfARunMax; ++number) {
            if (taken.rows.at(0).at(number - 1).value_or("0") != "1") {
                busy = end_holder(session, session_lock_name(run_id, number));
            }
        }
        if (busy.empty()) {
            const sql::Row& row = taken.rows.at(0);
            if (std::all_of(row.begin(), row.end(), [](const sql::Value& got) {
                    return got.value_or("0") == "1";
                })) {
                return;
            }
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(
                Errc::refused,
                fmt::format(
                    "connection {} of an earlier run that is gone is still busy on the server; "
                    "run again when it has ended",
                    busy
                )
            );
        }
        std::this_thread::sleep_for(kLook);
    }
}

}  // namespace doppel::migration
