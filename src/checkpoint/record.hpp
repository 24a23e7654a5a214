// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "mysql/binlog_position.hpp"
#include "mysql/gtid_set.hpp"
#include "mysql/key.hpp"
#include "sql/server_identity.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace doppel::checkpoint {

/// Written into every record. Another number is another doppel's: its records are not read.
inline constexpr int kFormat = 3;

/// How far a run had come when its record was written.
enum class Stage {
    preparing,  ///< the shadow may exist or not, and holds no rows
    running,    ///< the shadow is as the record says, and a Point tells what it holds
    swapped,    ///< the change is made; what is left is cleaning up
};

/// What the state table says about the migration: written at each beginning of a run.
struct Record {
    Stage stage = Stage::preparing;
    std::string statement;  ///< as the user wrote it
    std::string source;     ///< names of tables without schema
    std::string shadow;
    std::string old_table;
    /// SHOW CREATE TABLE without the AUTO_INCREMENT value, when the run began.
    std::string source_definition;
    std::string shadow_definition;
    /// The same before its deferred indexes are built; empty: there are none.
    std::string bare_definition;
    std::string index_statement;  ///< builds them
    /// The shadow's columns in order, "name type": how the table looks once it is swapped.
    std::vector<std::string> shadow_columns;
    /// shadow::Shadow::check_names.
    std::vector<std::pair<std::string, std::string>> check_names;
    std::string key_index;  ///< of the source
    /// Of the server, that values of the shadow depend on (migration::SourceGuard::settings).
    std::vector<std::string> settings;
    /// When binlog_order_commits was last set, as the server tells; empty: not since its start.
    std::string order_set_at;
    bool drop_old = false;  ///< the old table is to be dropped after the swap
    /// Of the process that runs it or ran it last.
    std::string run_id;  ///< its sessions hold locks of this name (migration::SessionFactory)
    std::string host;
    std::uint64_t process_id = 0;
    std::string started_at;  ///< UTC, ISO 8601

    bool operator==(const Record&) const = default;
};

/// Where reading the binlog goes on.
using Place = std::variant<mysql::GtidSet, mysql::FileOffset>;

/// From where a run can go on: every row up to `low_water` was copied, and all that was in the
/// binlog before `place` is reconciled as far as it lies in that part.
struct Point {
    sql::ServerIdentity server;  ///< whose binlog `place` is from
    Place place;
    std::optional<mysql::Key> low_water;  ///< nothing: no chunk was copied
    bool copied = false;                  ///< the whole table was copied
    std::uint64_t rows_copied = 0;        ///< by then; to be shown only
};

/// How the run is getting on, for people. Nothing is decided by it.
struct Show {
    std::string phase;
    std::uint64_t rows_copied = 0;
    std::uint64_t rows_estimated = 0;
    std::uint64_t keys_pending = 0;
    double rows_per_second = 0;
    std::optional<double> eta_seconds;
    double feed_lag_seconds = 0;
    std::uint64_t elapsed_ms = 0;  ///< of this process
    double copy_share = 1;         ///< see ThrottleState
    std::string throttle_reason;
};

[[nodiscard]] std::string to_json(const Record& record);
/// `run_id`: Record::run_id of who writes it.
[[nodiscard]] std::string to_json(const Point& point, const Show& show, const std::string& run_id);

/// Fail with a sentence that says what is wrong: another format, no JSON, a field that is missing.
[[nodiscard]] base::Result<Record> parse_record(std::string_view json);
[[nodiscard]] base::Result<Point> parse_point(std::string_view json);
[[nodiscard]] base::Result<Show> parse_show(std::string_view json);

/// The same text after a way through JSON: bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string as_recorded(std::string_view text);

}  // namespace doppel::checkpoint
