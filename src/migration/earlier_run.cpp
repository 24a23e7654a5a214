// SPDX-License-Identifier: Apache-2.0
#include "migration/earlier_run.hpp"

#include "doppel/error.hpp"
#include "migration/sessions.hpp"
#include "schema/reader.hpp"

#include <thread>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Kind = Verdict::Kind;

constexpr std::chrono::seconds kSessionsEnd{30};
constexpr std::chrono::milliseconds kLook{100};
constexpr unsigned kNoSuchThread = 1094;

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

Verdict finish(const checkpoint::Record& record) {
    Verdict verdict;
    verdict.kind = Kind::finish;
    verdict.run = EarlierRun{record, {}, {}, 0};
    return verdict;
}

Verdict judge_preparing(const Leftovers& leftovers, const checkpoint::Record& record) {
    if (leftovers.shadow_has_rows) {
        return refuse(
            "earlier-run",
            fmt::format(
                "an earlier run ended before it had made {}, but there is such a table and it has "
                "rows, so it is somebody else's",
                record.shadow
            ),
            "rename or drop it"
        );
    }
    return begin_anew();
}

Verdict judge_without_shadow(
    const Leftovers& leftovers,
    const schema::TableDefinition& source,
    const checkpoint::Record& record,
    bool restart
) {
    // The RENAME does all or nothing, and the old table's name was free when the run began.
    if (leftovers.old_table_exists && describe_columns(source) == record.shadow_columns) {
        return finish(record);
    }
    if (restart) {
        return begin_anew();
    }
    return refuse(
        "earlier-run",
        fmt::format(
            "{}, which an earlier run was filling, is gone, and the tables were not swapped",
            record.shadow
        ),
        kRestart
    );
}

/// What is not as it was when the earlier run began.
std::optional<Verdict> find_mismatch(
    const Leftovers& leftovers,
    const schema::TableDefinition& source,
    const checkpoint::Record& record,
    const std::string& statement
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
    if (checkpoint::as_recorded(schema::without_auto_increment(source.create_text)) !=
        record.source_definition) {
        return refuse(
            "earlier-run",
            fmt::format(
                "{} is not defined any more as it was when an earlier run began to copy it",
                source.name.str()
            ),
            kRestart
        );
    }
    if (checkpoint::as_recorded(schema::without_auto_increment(leftovers.shadow->create_text)) !=
        record.shadow_definition) {
        return refuse(
            "earlier-run",
            fmt::format(
                "{} is not defined any more as the earlier run made it",
                leftovers.shadow->name.str()
            ),
            kRestart
        );
    }
    return std::nullopt;
}

Verdict unreadable(const char* what, const base::Failure& failure) {
    return refuse(
        "earlier-run",
        fmt::format(
            "an earlier run has not ended, and its {} cannot be read: {}", what, failure.message
        ),
        std::string("finish it with the version of doppel that began it, or ") + kRestart
    );
}

bool exists(sql::Session& session, const mysql::TableName& table) {
    return !session
                .query(fmt::format(
                    "SELECT 1 FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = {} AND "
                    "TABLE_NAME = {}",
                    mysql::quote_string(table.schema),
                    mysql::quote_string(table.table)
                ))
                .empty();
}

bool is_our_state(sql::Session& session, const mysql::TableName& table) {
    const auto comment = session
                             .query(fmt::format(
                                 "SELECT TABLE_COMMENT FROM INFORMATION_SCHEMA.TABLES WHERE "
                                 "TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                 mysql::quote_string(table.schema),
                                 mysql::quote_string(table.table)
                             ))
                             .scalar();
    return comment && comment->rfind(shadow::kStateCommentPrefix, 0) == 0;
}

std::vector<std::string> used_locks(sql::Session& session, const std::string& run_id) {
    std::string list;
    for (unsigned number = 1; number <= kSessionsOfARunMax; ++number) {
        list += list.empty() ? "" : ", ";
        list += "IS_USED_LOCK(" + mysql::quote_string(session_lock_name(run_id, number)) + ")";
    }
    std::vector<std::string> holders;
    const sql::Rows rows = session.query("SELECT " + list);
    for (const sql::Value& holder : rows.rows.at(0)) {
        if (holder) {
            holders.push_back(*holder);
        }
    }
    return holders;
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

std::vector<std::string> describe_columns(const schema::TableDefinition& table) {
    std::vector<std::string> columns;
    columns.reserve(table.columns.size());
    for (const schema::Column& column : table.columns) {
        columns.push_back(checkpoint::as_recorded(column.name + " " + column.type));
    }
    return columns;
}

Leftovers read_leftovers(
    sql::Session& session, const mysql::TableName& source, const mysql::ServerVersion& version
) {
    const shadow::DerivedNames names = shadow::derive_names(source.table);
    const mysql::TableName state{source.schema, names.state};
    const mysql::TableName shadow{source.schema, names.shadow};
    Leftovers leftovers;
    if (!is_our_state(session, state)) {
        return leftovers;
    }
    leftovers.stored = checkpoint::StateTable(state).read(session);
    leftovers.shadow = schema::read_table(session, shadow, version);
    leftovers.shadow_has_rows = leftovers.shadow && schema::has_rows(session, shadow);
    leftovers.old_table_exists = exists(session, {source.schema, names.old_table});
    return leftovers;
}

Verdict judge_earlier_run(
    const Leftovers& leftovers,
    const schema::TableDefinition& source,
    const std::string& statement,
    bool restart
) {
    if (!leftovers.stored) {
        return {};
    }
    if (leftovers.stored->record.empty()) {
        // It ended before its first row, so before it made a shadow.
        return leftovers.shadow ? judge_preparing({{}, {}, true, false}, {}) : begin_anew();
    }
    const auto record = checkpoint::parse_record(leftovers.stored->record);
    if (!record) {
        return restart ? begin_anew() : unreadable("record", record.failure());
    }
    if (record->stage == checkpoint::Stage::preparing) {
        return judge_preparing(leftovers, *record);
    }
    if (record->stage == checkpoint::Stage::swapped) {
        return finish(*record);
    }
    if (!leftovers.shadow) {
        return judge_without_shadow(leftovers, source, *record, restart);
    }
    if (restart) {
        return begin_anew();
    }
    if (auto mismatch = find_mismatch(leftovers, source, *record, statement)) {
        return *std::move(mismatch);
    }
    const auto point = checkpoint::parse_point(leftovers.stored->point);
    if (!point) {
        return unreadable("checkpoint", point.failure());
    }
    const auto show = checkpoint::parse_show(leftovers.stored->point);
    Verdict verdict;
    verdict.kind = Kind::resume;
    verdict.run =
        EarlierRun{*record, *point, show ? *show : checkpoint::Show{}, leftovers.stored->seq_max};
    return verdict;
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

void end_sessions_of(sql::Session& session, const std::string& run_id) {
    const auto deadline = std::chrono::steady_clock::now() + kSessionsEnd;
    while (true) {
        const std::vector<std::string> holders = used_locks(session, run_id);
        if (holders.empty()) {
            return;
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(
                Errc::refused,
                fmt::format(
                    "connection {} of an earlier run that is gone is still busy on the server; "
                    "run again when it has ended",
                    holders.front()
                )
            );
        }
        for (const std::string& holder : holders) {
            try {
                session.execute("KILL " + holder);
            } catch (const Error& error) {
                if (error.server_errno() != kNoSuchThread) {
                    throw;
                }
            }
        }
        std::this_thread::sleep_for(kLook);
    }
}

}  // namespace doppel::migration
