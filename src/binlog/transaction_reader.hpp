// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "binlog/event.hpp"
#include "binlog/event_handler.hpp"
#include "binlog/events.hpp"
#include "binlog/key_extractor.hpp"
#include "binlog/payload.hpp"
#include "binlog/row_image.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace doppel::binlog {

/// Where to read from: a GTID set (what has been seen already) or a place in a file.
using StartPosition = std::variant<mysql::GtidSet, mysql::FileOffset>;

/// Gives events their meaning: feeds a handler with transactions and keys and knows the position
/// behind the last whole transaction. No I/O; used on one thread.
class TransactionReader final {
public:
    /// `handler` must outlive the reader.
    TransactionReader(EventHandler& handler, StartPosition start);
    ~TransactionReader();
    TransactionReader(const TransactionReader&) = delete;
    TransactionReader& operator=(const TransactionReader&) = delete;

    /// One event as a dump thread sends it (without the status byte before it) or as it lies in a
    /// file. Nothing on success; otherwise what is wrong, and the reader accepts nothing more until
    /// restart().
    ///
    /// Of a compressed transaction it reads only as long as the handler is not full; then
    /// `has_more()`, `event` must stay valid, and feed_more() goes on with it.
    [[nodiscard]] std::optional<base::Failure> feed(std::string_view event);
    [[nodiscard]] bool has_more() const noexcept { return payload_.has_value(); }
    [[nodiscard]] std::optional<base::Failure> feed_more();

    /// Tells the reader that events now start again at `resume_from()`: forgets tables and a partly
    /// read transaction, and calls on_restart.
    void restart();

    /// Behind the last whole transaction; at first the start.
    [[nodiscard]] const StreamPosition& position() const noexcept { return boundary_; }
    /// What to ask the server for after a lost connection.
    [[nodiscard]] StartPosition resume_from() const;
    [[nodiscard]] bool in_transaction() const noexcept { return state_ != State::between; }
    /// Where the event stands that is being read, for messages: "binlog.000002:1564, GTID u:17,
    /// connection 9" is the transaction that begins there.
    [[nodiscard]] std::string place() const;
    /// Events read, those inside payloads included.
    [[nodiscard]] std::uint64_t events_read() const noexcept { return events_read_; }
    /// Timestamp of the newest event that has one, seconds since 1970; 0: none yet.
    [[nodiscard]] std::uint32_t last_timestamp() const noexcept { return last_timestamp_; }

private:
    // Grammar of a binlog as a dump thread sends it. Events of a file begin with ROTATE
    // (artificial, names the file), FORMAT_DESCRIPTION, and end with ROTATE or STOP. Between them:
    //
    //   group   = gtid body | body                    (MariaDB without GTIDS, and MySQL 5.5)
    //   gtid    = GTID | ANONYMOUS_GTID | GTID_TAGGED | MARIADB_GTID
    //   body    = begin { row | sign | query } end
    //           | query                               (DDL: a transaction of its own)
    //           | XA COMMIT | XA ROLLBACK             (as QUERY)
    //           | INCIDENT
    //           | TRANSACTION_PAYLOAD                 (its inner events are a body)
    //   begin   = QUERY "BEGIN" | QUERY "XA START .." | MARIADB_GTID that is not standalone
    //   row     = TABLE_MAP | WRITE/UPDATE/DELETE_ROWS | ROWS_QUERY | ANNOTATE_ROWS
    //   sign    = INTVAR | RAND | USER_VAR | BEGIN_LOAD_QUERY | APPEND_BLOCK | DELETE_FILE
    //   query   = QUERY | EXECUTE_LOAD_QUERY
    //   end     = XID | QUERY "COMMIT" | QUERY "ROLLBACK" | XA_PREPARE
    //
    // A body that is cut off by FORMAT_DESCRIPTION was never committed. (Compare
    // libs/mysql/binlog/event/trx_boundary_parser.cpp.)
    enum class State {
        between,  ///< before a group
        begun,    ///< after gtid, before the first event of the body
        open,     ///< after begin
    };

    struct Table;
    using Outcome = std::optional<base::Failure>;

    Outcome read(const Event& event);
    Outcome read_control(const Event& event);
    Outcome read_gtid(const Event& event);
    Outcome read_query(const Event& event);
    Outcome read_statement(const Event& event, const QueryEvent& query);
    Outcome read_table_map(const Event& event);
    Outcome read_rows(const Event& event);
    Outcome read_xa_prepare(const Event& event);
    Outcome read_payload(const Event& event);
    Outcome read_inside_payload();
    Outcome finished(Outcome outcome);
    Outcome read_format_description(const Event& event);
    Outcome read_rotate(const Event& event);
    Outcome read_heartbeat(const Event& event);
    Outcome read_incident(const Event& event);
    Outcome prepare(const TableMap& map, Table& table);
    Outcome extract_keys(const Event& event, const Table& table, const RowsHeader& rows);
    Outcome extract_markers(const Table& table, const RowsHeader& rows);
    bool next_row(const Table& table, const RowsHeader& rows, std::string_view& rest);

    void advance(const EventHeader& header);
    void ensure_begun(const Event& event);
    void begin(const TransactionBegin& begin);
    void end();
    void forget_tables();

    EventHandler& handler_;
    bool gtid_mode_ = false;
    StreamPosition boundary_;
    mysql::FileOffset here_;         ///< behind the event that is read
    std::uint64_t event_begin_ = 0;  ///< its first byte in the file
    mysql::FileOffset began_at_;     ///< of the transaction's first event
    std::uint32_t thread_id_ = 0;    ///< of the session that wrote the transaction; 0: not told
    std::optional<mysql::Gtid> gtid_;
    std::optional<Checksum> checksum_;
    State state_ = State::between;
    bool failed_ = false;
    std::size_t event_bytes_ = 0;  ///< of the event that is read
    std::uint64_t events_read_ = 0;
    std::uint32_t last_timestamp_ = 0;
    std::unordered_map<std::uint64_t, std::unique_ptr<Table>> tables_;
    KeyBatch keys_;
    std::vector<PickedValue> before_;
    std::vector<PickedValue> after_;
    std::string inflated_;
    std::optional<PayloadReader> payload_;  ///< the compressed transaction that is being read
};

}  // namespace doppel::binlog
