// SPDX-License-Identifier: Apache-2.0
#include "binlog/transaction_reader.hpp"

#include "base/text.hpp"
#include "binlog/transaction_table.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::binlog {
namespace {

constexpr std::size_t kTablesMax = 10'000;
constexpr std::size_t kQueryBytesMax = std::size_t{64} << 20;

bool starts_with(std::string_view text, std::string_view keyword) {
    return base::equals_ignore_case(text.substr(0, keyword.size()), keyword);
}

/// The XID of "XA COMMIT X'61',X'',1 ONE PHASE" in the form of XaPrepareEvent::xid.
std::string xid_of(std::string_view text) {
    constexpr std::string_view kOnePhase = " ONE PHASE";
    text = base::trim(text);
    if (text.size() > kOnePhase.size() &&
        base::equals_ignore_case(text.substr(text.size() - kOnePhase.size()), kOnePhase)) {
        text.remove_suffix(kOnePhase.size());
    }
    return normal_xid(text);
}

/// Statements of the transaction grammar that neither begin nor end anything.
bool is_bookkeeping(std::string_view text) {
    return starts_with(text, "SAVEPOINT ") || starts_with(text, "ROLLBACK TO ") ||
           starts_with(text, "RELEASE SAVEPOINT ") || starts_with(text, "XA END ") ||
           starts_with(text, "XA PREPARE ");
}

}  // namespace

TransactionReader::TransactionReader(EventHandler& handler, StartPosition start)
    : handler_(handler), gtid_mode_(std::holds_alternative<mysql::GtidSet>(start)) {
    if (gtid_mode_) {
        boundary_.gtids = std::get<mysql::GtidSet>(std::move(start));
    } else {
        boundary_.file = std::get<mysql::FileOffset>(std::move(start));
    }
    here_ = boundary_.file;
}

TransactionReader::~TransactionReader() = default;

void TransactionReader::forget_tables() {
    tables_.clear();
}

StartPosition TransactionReader::resume_from() const {
    if (gtid_mode_) {
        return boundary_.gtids;
    }
    return boundary_.file;
}

void TransactionReader::restart() {
    forget_tables();
    checksum_.reset();
    gtid_.reset();
    payload_.reset();
    state_ = State::between;
    failed_ = false;
    here_ = boundary_.file;
    handler_.on_restart(boundary_);
}

TransactionReader::Outcome TransactionReader::feed(std::string_view bytes) {
    if (failed_) {
        return base::Failure{"the binlog reader failed before and was not restarted"};
    }
    if (payload_) {
        return finished(base::Failure{"an event comes before the one in front of it was read"});
    }
    event_bytes_ = bytes.size();
    const auto event = parse_event(bytes, checksum_);
    return finished(event.ok() ? read(*event) : Outcome(event.failure()));
}

TransactionReader::Outcome TransactionReader::feed_more() {
    return payload_ ? finished(read_inside_payload()) : Outcome();
}

TransactionReader::Outcome TransactionReader::finished(Outcome outcome) {
    if (outcome) {
        failed_ = true;
        payload_.reset();
        outcome->message = fmt::format(
            "{} (behind {}, event of {} bytes)", outcome->message, here_.str(), event_bytes_
        );
    }
    return outcome;
}

/// The header has 32 bits of the position behind the event, which is never in front of what we
/// know; so files above 4 GiB and events that the server left out both come out right.
void TransactionReader::advance(const EventHeader& header) {
    if (header.artificial()) {
        return;
    }
    constexpr std::uint64_t kLow = 0xffffffffULL;
    const std::uint64_t least = here_.offset;
    std::uint64_t next = (least & ~kLow) | header.end_log_position;
    if (next < least) {
        if (header.type == EventType::format_description) {
            return;  // that of the file's start, sent ahead of an offset further behind
        }
        next += kLow + 1;
    }
    here_.offset = next;
}

void TransactionReader::begin(const TransactionBegin& begin) {
    if (tables_.size() > kTablesMax) {
        forget_tables();
    }
    gtid_ = begin.gtid;
    thread_id_ = 0;
    began_at_ = {here_.file, event_begin_};
    state_ = State::begun;
    handler_.on_transaction_begin(begin);
}

std::string TransactionReader::place() const {
    if (state_ == State::between) {
        return mysql::FileOffset{here_.file, event_begin_}.str();
    }
    std::string text = began_at_.str();
    if (gtid_) {
        text += ", GTID " + gtid_->str();
    }
    if (thread_id_ != 0) {
        text += fmt::format(", connection {}", thread_id_);
    }
    return text;
}

void TransactionReader::ensure_begun(const Event& event) {
    if (state_ == State::between) {
        begin({std::nullopt, 0, event.header.timestamp});
    }
}

void TransactionReader::end() {
    if (gtid_mode_ && gtid_) {
        boundary_.gtids.add(*gtid_);
    }
    gtid_.reset();
    boundary_.file = here_;
    state_ = State::between;
    handler_.on_transaction_end(boundary_);
}

TransactionReader::Outcome TransactionReader::read(const Event& event) {
    ++events_read_;
    if (event.header.timestamp != 0) {
        last_timestamp_ = event.header.timestamp;
    }
    const bool heartbeat =
        event.type() == EventType::heartbeat || event.type() == EventType::heartbeat_v2;
    if (!event.inside_payload && !heartbeat && event.type() != EventType::rotate) {
        advance(event.header);
        event_begin_ = here_.offset - std::min<std::uint64_t>(here_.offset, event.header.size);
    }
    switch (event.type()) {
        case EventType::table_map:
            return read_table_map(event);
        case EventType::write_rows:
        case EventType::update_rows:
        case EventType::delete_rows:
        case EventType::partial_update_rows:
        case EventType::write_rows_v1:
        case EventType::update_rows_v1:
        case EventType::delete_rows_v1:
        case EventType::mariadb_write_rows_compressed_v1:
        case EventType::mariadb_update_rows_compressed_v1:
        case EventType::mariadb_delete_rows_compressed_v1:
        case EventType::mariadb_write_rows_compressed:
        case EventType::mariadb_update_rows_compressed:
        case EventType::mariadb_delete_rows_compressed:
            return read_rows(event);
        case EventType::query:
        case EventType::execute_load_query:
        case EventType::mariadb_query_compressed:
            return read_query(event);
        case EventType::gtid:
        case EventType::anonymous_gtid:
        case EventType::gtid_tagged:
        case EventType::mariadb_gtid:
            return read_gtid(event);
        case EventType::xid:
            if (state_ == State::between) {
                return base::Failure{"an XID event outside a transaction"};
            }
            end();
            return std::nullopt;
        case EventType::xa_prepare:
            return read_xa_prepare(event);
        case EventType::transaction_payload:
            return read_payload(event);
        default:
            return read_control(event);
    }
}

TransactionReader::Outcome TransactionReader::read_control(const Event& event) {
    switch (event.type()) {
        case EventType::format_description:
            return read_format_description(event);
        case EventType::rotate:
            return read_rotate(event);
        case EventType::heartbeat:
        case EventType::heartbeat_v2:
            return read_heartbeat(event);
        case EventType::incident:
            return read_incident(event);
        case EventType::intvar:
        case EventType::rand:
        case EventType::user_var:
        case EventType::begin_load_query:
        case EventType::append_block:
        case EventType::delete_file:
            handler_.on_statement_sign(event.type());
            return std::nullopt;
        case EventType::stop:
        case EventType::rows_query:
        case EventType::previous_gtids:
        case EventType::transaction_context:
        case EventType::view_change:
        case EventType::mariadb_annotate_rows:
        case EventType::mariadb_binlog_checkpoint:
        case EventType::mariadb_gtid_list:
        case EventType::mariadb_start_encryption:
            return std::nullopt;
        default:
            handler_.on_unknown(event.type(), event.header.ignorable());
            return std::nullopt;
    }
}

TransactionReader::Outcome TransactionReader::read_gtid(const Event& event) {
    if (state_ != State::between) {
        return base::Failure{"a transaction begins within another"};
    }
    if (event.type() == EventType::mariadb_gtid) {
        const auto gtid = MariadbGtidEvent::parse(event.body);
        if (!gtid) {
            return gtid.failure();
        }
        begin({std::nullopt, 0, event.header.timestamp});
        state_ = gtid->standalone ? State::begun : State::open;
        return std::nullopt;
    }
    auto gtid = GtidEvent::parse(event.type(), event.body);
    if (!gtid) {
        return gtid.failure();
    }
    begin({std::move(gtid->gtid), gtid->commit_timestamp_us, event.header.timestamp});
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_query(const Event& event) {
    auto query = QueryEvent::parse(event.type(), event.body);
    if (!query) {
        return query.failure();
    }
    if (event.type() == EventType::mariadb_query_compressed) {
        if (auto failure = inflate_mariadb(query->text, kQueryBytesMax, inflated_)) {
            return failure;
        }
        query->text = inflated_;
    }
    ensure_begun(event);
    thread_id_ = query->thread_id;
    const auto text = query->text;
    if (event.type() != EventType::execute_load_query) {
        if (text == "BEGIN" || starts_with(text, "XA START ")) {
            state_ = State::open;
            if (text != "BEGIN") {
                handler_.on_xa_start();
            }
            return std::nullopt;
        }
        if (text == "COMMIT" || text == "ROLLBACK") {
            end();
            return std::nullopt;
        }
        constexpr std::string_view kXaCommit = "XA COMMIT ";
        constexpr std::string_view kXaRollback = "XA ROLLBACK ";
        if (starts_with(text, kXaCommit)) {
            handler_.on_xa_commit(xid_of(text.substr(kXaCommit.size())));
            end();
            return std::nullopt;
        }
        if (starts_with(text, kXaRollback)) {
            handler_.on_xa_rollback(xid_of(text.substr(kXaRollback.size())));
            end();
            return std::nullopt;
        }
    }
    return read_statement(event, *query);
}

TransactionReader::Outcome TransactionReader::read_statement(
    const Event& event, const QueryEvent& query
) {
    if (!is_bookkeeping(query.text)) {
        handler_.on_query(
            {query.schema,
             query.text,
             query.thread_id,
             query.error_code,
             event.header.timestamp,
             query.charset,
             query.sql_mode}
        );
    }
    if (state_ == State::begun) {
        end();
    }
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_xa_prepare(const Event& event) {
    const auto prepare = XaPrepareEvent::parse(event.body);
    if (!prepare) {
        return prepare.failure();
    }
    if (state_ == State::between) {
        return base::Failure{"an XA_PREPARE event outside a transaction"};
    }
    if (!prepare->one_phase) {
        handler_.on_xa_prepare(prepare->xid);
    }
    end();
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_payload(const Event& event) {
    if (event.inside_payload) {
        return base::Failure{"a TRANSACTION_PAYLOAD within another"};
    }
    auto payload = PayloadReader::open(event.body);
    if (!payload) {
        return payload.failure();
    }
    ensure_begun(event);
    payload_ = std::move(*payload);
    return read_inside_payload();
}

TransactionReader::Outcome TransactionReader::read_inside_payload() {
    while (!handler_.is_full()) {
        const auto inner = payload_->next();
        if (!inner) {
            return inner.failure();
        }
        if (!inner->has_value()) {
            payload_.reset();
            return state_ == State::between
                       ? Outcome()
                       : base::Failure{"a TRANSACTION_PAYLOAD does not end its transaction"};
        }
        if (state_ == State::between) {
            return base::Failure{"a TRANSACTION_PAYLOAD goes on behind the end of its transaction"};
        }
        if (auto failure = read(**inner)) {
            return failure;
        }
    }
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_format_description(const Event& event) {
    const auto description = FormatDescription::parse(event.body);
    if (!description) {
        return description.failure();
    }
    if (event.inside_payload) {
        return base::Failure{"a FORMAT_DESCRIPTION inside a transaction"};
    }
    checksum_ = description->checksum;
    forget_tables();
    if (state_ != State::between) {
        state_ = State::between;
        gtid_.reset();
        handler_.on_restart(boundary_);
    }
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_rotate(const Event& event) {
    const auto rotate = RotateEvent::parse(event.body);
    if (!rotate) {
        return rotate.failure();
    }
    mysql::FileOffset next{std::string(rotate->file), rotate->offset};
    const bool other_file = next.file != here_.file;
    here_ = std::move(next);
    if (state_ == State::between) {
        boundary_.file = here_;
    }
    if (other_file) {
        forget_tables();
        handler_.on_rotate(here_);
    }
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_heartbeat(const Event& event) {
    const auto heartbeat = HeartbeatEvent::parse(event);
    if (!heartbeat) {
        return heartbeat.failure();
    }
    // A heartbeat of another file is older than the ROTATE we have seen.
    if (state_ == State::between && heartbeat->file == here_.file) {
        if (heartbeat->offset) {
            here_.offset = std::max(here_.offset, *heartbeat->offset);
        } else {
            advance(event.header);
        }
        boundary_.file = here_;
    }
    handler_.on_heartbeat(here_);
    return std::nullopt;
}

TransactionReader::Outcome TransactionReader::read_incident(const Event& event) {
    const auto incident = IncidentEvent::parse(event.body);
    if (!incident) {
        return incident.failure();
    }
    handler_.on_incident(incident->message);
    if (state_ == State::begun) {
        end();
    }
    return std::nullopt;
}

}  // namespace doppel::binlog
