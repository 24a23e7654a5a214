// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binlog/event.hpp"
#include "binlog/table_map.hpp"
#include "mysql/binlog_position.hpp"
#include "mysql/gtid_set.hpp"
#include "mysql/key.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doppel::binlog {

enum class RowChange { insert, update, remove };

/// "insert", "update", "delete".
[[nodiscard]] const char* to_string(RowChange change);

/// What the handler wants of a table's row events.
struct TableInterest {
    enum class Kind {
        skip,    ///< nothing: row events cost their header only
        keys,    ///< on_rows with the encoded keys of the changed rows
        marker,  ///< on_marker with two integer columns, see EventHandler::on_marker
    };
    Kind kind = Kind::skip;
    /// The handler's own name for the table, given back with every delivery.
    std::size_t tag = 0;
    /// keys: the key to extract, must outlive the reader; `ordinals` are the 0-based positions of
    /// its columns in the table, in the order of the shape's columns.
    const mysql::KeyShape* shape = nullptr;
    std::vector<std::size_t> ordinals;
    /// keys: counts rows only (RowsView::rows), extracts nothing. `shape` is not used.
    bool count_only = false;
    /// keys: per key column its literal DEFAULT, encoded as the shape encodes that column. With
    /// binlog_row_image=MINIMAL an INSERT leaves such columns out of the row image when the
    /// statement does not name them (not so AUTO_INCREMENT and expressions). Empty: no defaults;
    /// then such a row is a failure.
    std::vector<std::optional<std::string>> defaults;

    static TableInterest skip() { return {}; }
    static TableInterest keys(
        std::size_t tag,
        const mysql::KeyShape& shape,
        std::vector<std::size_t> ordinals,
        std::vector<std::optional<std::string>> defaults = {}
    ) {
        return {Kind::keys, tag, &shape, std::move(ordinals), false, std::move(defaults)};
    }
    static TableInterest count(std::size_t tag) { return {Kind::keys, tag, nullptr, {}, true, {}}; }
    /// `id_ordinal` and `seq_ordinal`: 0-based positions of the two integer columns.
    static TableInterest marker(
        std::size_t tag, std::size_t id_ordinal = 0, std::size_t seq_ordinal = 1
    ) {
        return {Kind::marker, tag, nullptr, {id_ordinal, seq_ordinal}, false, {}};
    }
};

/// Encoded keys (mysql::KeyShape) one behind the other in one buffer that is reused.
class KeyBatch final {
public:
    [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
    [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return buffer_.size(); }
    /// Requires index < size(). Valid until the batch changes.
    [[nodiscard]] std::string_view operator[](std::size_t index) const {
        const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
        return std::string_view(buffer_).substr(begin, ends_[index] - begin);
    }

    /// Where the next key is appended to; `close_key` ends it.
    std::string& buffer() noexcept { return buffer_; }
    void close_key() { ends_.push_back(buffer_.size()); }
    /// Drops what was appended since the last close_key.
    void drop_open_key() { buffer_.resize(ends_.empty() ? 0 : ends_.back()); }
    void clear() noexcept {
        buffer_.clear();
        ends_.clear();
    }

private:
    std::string buffer_;
    std::vector<std::size_t> ends_;
};

/// A part of the rows of one row event. Views are valid during the call only.
struct RowsView {
    std::size_t tag = 0;  ///< TableInterest::tag
    RowChange change = RowChange::insert;
    std::size_t rows = 0;         ///< changed rows; an update of the key is one row with two keys
    const KeyBatch& keys;         ///< the same key may occur more than once
    std::uint32_t timestamp = 0;  ///< of the statement, seconds since 1970
};

/// A statement in the binlog that is not part of the transaction grammar: DDL, statement-format
/// DML, LOAD DATA, SAVEPOINT and the like are left out. Views are valid during the call only.
struct QueryView {
    std::string_view schema;      ///< default schema of the statement
    std::string_view text;        ///< in the client's character set
    std::uint32_t thread_id = 0;  ///< connection id of the session that ran it
    std::uint16_t error_code = 0;
    std::uint32_t timestamp = 0;
    std::uint16_t charset = 0;   ///< id of a collation of the text's character set; 0: not told
    std::uint64_t sql_mode = 0;  ///< of the session, bits as the server numbers them
};

/// What a transaction's GTID event said.
struct TransactionBegin {
    std::optional<mysql::Gtid> gtid;  ///< nothing for anonymous ones and for MariaDB
    /// When the server committed it, in microseconds since 1970; 0: not told.
    std::uint64_t commit_timestamp_us = 0;
    std::uint32_t timestamp = 0;  ///< of the event, seconds since 1970
};

/// A place between two transactions. In GTID mode `gtids` is the start set plus every transaction
/// ended since; in file mode it stays empty.
struct StreamPosition {
    mysql::FileOffset file;  ///< empty file name: not told yet
    mysql::GtidSet gtids;
};

/// Receives what the binlog says, in its order, on the thread that feeds the reader. Calls come as
///     { on_transaction_begin { on_table_map | on_rows | on_marker | on_query | .. }
///       ( on_transaction_end | on_restart ) }
/// with on_heartbeat, on_rotate and on_unknown anywhere. on_query may also come alone between begin
/// and end (DDL). An exception thrown by a handler passes through the reader, which must not be
/// used afterwards.
class EventHandler {
public:
    virtual ~EventHandler() = default;

    virtual void on_transaction_begin(const TransactionBegin& begin) { (void)begin; }

    /// Asked once per table id and definition, before its rows. The answer holds until the
    /// definition changes or a new binlog file begins.
    virtual TableInterest on_table_map(const TableMap& table) = 0;
    virtual void on_rows(const RowsView& rows) = 0;
    /// A row of a marker table was inserted or updated: its first two chosen integer columns as
    /// they are after the change. `seq` is given as its 64 bits, `id` sign-extended.
    virtual void on_marker(std::size_t tag, std::int64_t id, std::uint64_t seq) {
        (void)tag;
        (void)id;
        (void)seq;
    }
    virtual void on_query(const QueryView& query) = 0;

    /// The rows that follow belong to an XA transaction. It may end as an ordinary one (ONE PHASE).
    virtual void on_xa_start() {}
    /// The transaction's rows are prepared under this XID and not visible before on_xa_commit.
    /// `xid` is the text that XA COMMIT uses: X'..',X'..',1 (upper-case hexadecimal).
    virtual void on_xa_prepare(std::string_view xid) { (void)xid; }
    /// A transaction of its own; the rows came with the on_xa_prepare of the same text.
    virtual void on_xa_commit(std::string_view xid) { (void)xid; }
    virtual void on_xa_rollback(std::string_view xid) { (void)xid; }

    /// A transaction ended (committed, rolled back or prepared). `position` is right behind it and
    /// belongs to the reader; copy what is kept.
    virtual void on_transaction_end(const StreamPosition& position) = 0;

    /// Everything up to a transaction that was begun and not ended is void: it either comes again
    /// from `position` on (after a reconnect) or never (the server crashed while writing it).
    virtual void on_restart(const StreamPosition& position) { (void)position; }

    /// The server had nothing to send. All before `position` was delivered.
    virtual void on_heartbeat(const mysql::FileOffset& position) { (void)position; }
    virtual void on_rotate(const mysql::FileOffset& next) { (void)next; }
    /// The server says that its binlog may lack changes (sql/log_event.h: Incident_log_event).
    virtual void on_incident(std::string_view message) { (void)message; }
    /// INTVAR, RAND, USER_VAR, BEGIN_LOAD_QUERY ..: the statement that follows is logged as text.
    virtual void on_statement_sign(EventType type) { (void)type; }
    /// An event of a type that this code does not know. Not `ignorable` means that a replica would
    /// stop here.
    virtual void on_unknown(EventType type, bool ignorable) = 0;

    /// Asked between events by the driver of the stream: true makes it stop reading until its
    /// resume() is called.
    virtual bool is_full() { return false; }
};

}  // namespace doppel::binlog
