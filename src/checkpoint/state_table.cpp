// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/state_table.hpp"

#include "base/fault_point.hpp"
#include "doppel/error.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace doppel::checkpoint {
namespace {

constexpr unsigned kNoSuchTable = 1146;

std::string write_point(const mysql::TableName& table, const std::string& json) {
    return fmt::format(
        "UPDATE {} SET seq = seq + 1, at = CURRENT_TIMESTAMP(6), record = {} WHERE id = {}",
        table.quoted(),
        mysql::quote_string(json),
        StateTable::kPointId
    );
}

std::uint64_t number_of(const sql::Value& value) {
    return value ? std::strtoull(value->c_str(), nullptr, 10) : 0;
}

}  // namespace

void StateTable::create(sql::Session& session, std::string_view comment, const Record& record)
    const {
    session.execute(fmt::format(
        "CREATE TABLE {} (id INT NOT NULL PRIMARY KEY, seq BIGINT UNSIGNED NOT NULL, "
        "at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), record JSON) "
        "ENGINE=InnoDB COMMENT={}",
        name_.quoted(),
        "'" + std::string(comment) + "'"
    ));
    base::fault_point("prepare.state_empty");
    std::string rows = fmt::format(
        "({}, 0), ({}, 0), ({}, 0), ({}, 0), ({}, 0)",
        kFenceId,
        kMarkerId,
        kCutoverId,
        kPointId,
        kHeartbeatId
    );
    for (std::int64_t id = kReplayId; id < kReplayId + kReplaySessionsMax; ++id) {
        rows += fmt::format(", ({}, 0)", id);
    }
    session.execute(fmt::format("INSERT INTO {} (id, seq) VALUES {}", name_.quoted(), rows));
    session.execute(fmt::format(
        "INSERT INTO {} (id, seq, record) VALUES ({}, 0, {})",
        name_.quoted(),
        kRecordId,
        mysql::quote_string(to_json(record))
    ));
}

void StateTable::drop(sql::Session& session) const {
    session.execute("DROP TABLE IF EXISTS " + name_.quoted());
}

void StateTable::write(
    sql::Session& session, const Record& record, const std::optional<Point>& point, const Show& show
) const {
    session.execute("BEGIN");
    try {
        session.execute(fmt::format(
            "UPDATE {} SET seq = seq + 1, at = CURRENT_TIMESTAMP(6), record = {} WHERE id = {}",
            name_.quoted(),
            mysql::quote_string(to_json(record)),
            kRecordId
        ));
        if (point) {
            session.execute(write_point(name_, to_json(*point, show, record.run_id)));
        }
        session.execute("COMMIT");
    } catch (const Error& error) {
        if (error.code() != Errc::interrupted) {
            session.execute("ROLLBACK");
        }
        throw;
    }
}

Stored StateTable::read(sql::Session& session) const {
    const sql::Rows rows = session.query(fmt::format(
        "SELECT id, seq, record, TIMESTAMPDIFF(MICROSECOND, at, CURRENT_TIMESTAMP(6)) / 1e6 FROM "
        "{} WHERE id < {}",
        name_.quoted(),
        kReplayId + kReplaySessionsMax
    ));
    Stored stored;
    for (const sql::Row& row : rows.rows) {
        const auto id = static_cast<std::int64_t>(number_of(row.at(0)));
        if (id == kRecordId) {
            stored.record = row.at(2).value_or("");
        } else if (id == kPointId) {
            stored.point = row.at(2).value_or("");
            stored.age_seconds = std::strtod(row.at(3).value_or("0").c_str(), nullptr);
        } else if (id >= kReplayId) {
            stored.rows_missing = stored.rows_missing || row.at(2).has_value();
        }
        stored.seq_max = std::max(stored.seq_max, number_of(row.at(1)));
    }
    return stored;
}

std::optional<std::string> StateTable::read_run_id(sql::Session& session) const {
    try {
        return session
            .query(fmt::format(
                "SELECT JSON_UNQUOTE(JSON_EXTRACT(record, '$.run_id')) FROM {} WHERE id = {}",
                name_.quoted(),
                kRecordId
            ))
            .scalar();
    } catch (const Error& error) {
        if (error.server_errno() == kNoSuchTable) {
            return std::nullopt;
        }
        throw;
    }
}

void StateTable::write_swapped(sql::Session& session) const {
    session.execute(fmt::format(
        "UPDATE {} SET seq = seq + 1, record = JSON_SET(record, '$.stage', 'swapped') WHERE id = "
        "{}",
        name_.quoted(),
        kRecordId
    ));
}

std::string StateTable::point_statement(
    const Point& point, const Show& show, const std::string& run_id
) const {
    return write_point(name_, to_json(point, show, run_id)) +
           " AND JSON_UNQUOTE(JSON_EXTRACT(record, '$.run_id')) = " + mysql::quote_string(run_id);
}

std::string StateTable::touch_statement(std::int64_t id) const {
    return fmt::format(
        "UPDATE {} SET seq = seq + 1, at = CURRENT_TIMESTAMP(6) WHERE id = {}", name_.quoted(), id
    );
}

std::string StateTable::mark_statement(std::int64_t id, std::uint64_t seq) const {
    return fmt::format(
        "UPDATE {} SET seq = {}, at = CURRENT_TIMESTAMP(6) WHERE id = {}", name_.quoted(), seq, id
    );
}

std::string StateTable::beat_statement(std::uint64_t seq) const {
    return fmt::format(
        "INSERT INTO {} (id, seq) VALUES ({}, {}) ON DUPLICATE KEY UPDATE seq = {}, at = "
        "CURRENT_TIMESTAMP(6)",
        name_.quoted(),
        kHeartbeatId,
        seq,
        seq
    );
}

std::string StateTable::beat_query(const std::string& run_id) const {
    return fmt::format(
        "SELECT beat.seq FROM {0} AS run JOIN {0} AS beat ON beat.id = {1} WHERE run.id = {2} AND "
        "JSON_UNQUOTE(JSON_EXTRACT(run.record, '$.run_id')) = {3}",
        name_.quoted(),
        kHeartbeatId,
        kRecordId,
        mysql::quote_string(run_id)
    );
}

std::string StateTable::replay_statement(std::int64_t id, bool rows_missing) const {
    return fmt::format(
        "UPDATE {} SET seq = seq + 1, at = CURRENT_TIMESTAMP(6), record = {} WHERE id = {}",
        name_.quoted(),
        rows_missing ? "'{\"rows_missing\": true}'" : "NULL",
        id
    );
}

}  // namespace doppel::checkpoint
