// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/identifier.hpp"
#include "sql/session.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace doppel::checkpoint {

/// What the state table says about the run that owns it.
struct Record {
    std::string statement;
    std::string phase;
    std::string source;  ///< table name without schema
    std::string shadow;
    std::string host;  ///< where doppel runs
    std::uint64_t process_id = 0;
};

/// The migration's own table, `_t_doppel`, in the schema of the source: one row with the record,
/// and one row for each session that writes fences, so that they never wait for each other.
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
    static constexpr std::int64_t kReplayId = 16;  ///< and upwards: one for each replay session
    static constexpr std::int64_t kReplaySessionsMax = 64;

    explicit StateTable(mysql::TableName name) : name_(std::move(name)) {}

    [[nodiscard]] const mysql::TableName& name() const noexcept { return name_; }

    /// Creates the table with `comment`, which marks it as ours, and its rows. `comment` is
    /// printable ASCII without quotes and backslashes.
    void create(sql::Session& session, std::string_view comment, const Record& record) const;
    void drop(sql::Session& session) const;

    /// A write that changes the row each time it is run, so that it always goes to the binlog.
    [[nodiscard]] std::string touch_statement(std::int64_t id) const;
    /// The same with a number that the feed will show.
    [[nodiscard]] std::string mark_statement(std::int64_t id, std::uint64_t seq) const;

private:
    mysql::TableName name_;
};

}  // namespace doppel::checkpoint
