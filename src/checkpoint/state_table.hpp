// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checkpoint/record.hpp"
#include "mysql/identifier.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doppel::checkpoint {

/// The rows of a state table that say where its migration stands, as they are.
struct Stored {
    std::string record;                 ///< for parse_record; empty: there is none yet
    std::string point;                  ///< for parse_point; empty: there is none yet
    std::optional<double> age_seconds;  ///< of the point
    std::uint64_t seq_max = 0;          ///< numbers of marks to come must be above it
    bool rows_missing = false;          ///< see `replay_statement`
};

/// The migration's own table, `_t_doppel`, in the schema of the source: one row with the record,
/// one with the point from where a run can go on, and one row for each session that writes fences,
/// so that they never wait for each other.
///
///     id INT PRIMARY KEY, seq BIGINT UNSIGNED, at TIMESTAMP(6), record JSON
///
/// The feed recognises its rows as markers: (id, seq).
class StateTable final {
public:
    static constexpr std::int64_t kRecordId = 0;
    static constexpr std::int64_t kFenceId = 1;    ///< the fencer
    static constexpr std::int64_t kMarkerId = 2;   ///< writes that are waited for in the feed
    static constexpr std::int64_t kCutoverId = 3;  ///< the cut-over's fence under the lock
    static constexpr std::int64_t kPointId = 4;
    static constexpr std::int64_t kHeartbeatId = 8;  ///< what replicas are measured by
    static constexpr std::int64_t kReplayId = 16;    ///< and upwards: one for each replay session
    static constexpr std::int64_t kReplaySessionsMax = 64;

    explicit StateTable(mysql::TableName name) : name_(std::move(name)) {}

    [[nodiscard]] const mysql::TableName& name() const noexcept { return name_; }

    /// Creates the table with `comment`, which marks it as ours, and its rows. `comment` is
    /// printable ASCII without quotes and backslashes.
    void create(sql::Session& session, std::string_view comment, const Record& record) const;
    void drop(sql::Session& session) const;

    /// Replaces the record, and the point with it if there is one: both or none.
    void write(
        sql::Session& session,
        const Record& record,
        const std::optional<Point>& point,
        const Show& show
    ) const;
    [[nodiscard]] Stored read(sql::Session& session) const;
    /// Record::run_id alone; nothing when there is no such table or record. Also works on a table
    /// that this session holds under LOCK TABLES.
    [[nodiscard]] std::optional<std::string> read_run_id(sql::Session& session) const;

    /// Notes in the record that the tables are swapped.
    void write_swapped(sql::Session& session) const;

    /// Replaces the point, if it is one of the run `run_id`: changes no row when another run has
    /// taken over.
    [[nodiscard]] std::string point_statement(
        const Point& point, const Show& show, const std::string& run_id
    ) const;
    /// A write that changes the row each time it is run, so that it always goes to the binlog.
    [[nodiscard]] std::string touch_statement(std::int64_t id) const;
    /// The same with a number that the feed will show.
    [[nodiscard]] std::string mark_statement(std::int64_t id, std::uint64_t seq) const;
    /// The same for the heartbeat, whose row an earlier run's table may lack.
    [[nodiscard]] std::string beat_statement(std::uint64_t seq) const;
    /// Reads the newest heartbeat of the run `run_id`, on a replica. One that is still at an
    /// earlier migration of the table has that one's heartbeats, which say nothing.
    [[nodiscard]] std::string beat_query(const std::string& run_id) const;
    /// The touch of a replay session. `rows_missing`: rows were deleted from the shadow in a
    /// transaction that did not insert them again, and this is to be known for as long as it is so.
    [[nodiscard]] std::string replay_statement(std::int64_t id, bool rows_missing) const;

private:
    mysql::TableName name_;
};

}  // namespace doppel::checkpoint
