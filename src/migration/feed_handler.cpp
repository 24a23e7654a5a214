// SPDX-License-Identifier: Apache-2.0
#include "migration/feed_handler.hpp"

#include "base/text.hpp"
#include "doppel/error.hpp"
#include "migration/row_layout.hpp"
#include "migration/source_watch.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

constexpr std::size_t kSourceTag = 0;
constexpr std::size_t kStateTag = 1;
/// They are noted for a moment only. One that is not noted is taken for unknown, which costs
/// another look.
constexpr std::size_t kEndsNotedMax = 100'000;

bool same_table(const binlog::TableMap& map, const mysql::TableName& name) {
    return map.table == name.table && map.schema == name.schema;
}

}  // namespace

FeedHandler::FeedHandler(
    FeedInterest interest, protocol::Coordinator& coordinator, async::Event& changed
)
    : interest_(std::move(interest)), coordinator_(coordinator), changed_(changed) {}

binlog::TableInterest FeedHandler::on_table_map(const binlog::TableMap& table) {
    if (same_table(table, interest_.tables.state)) {
        return binlog::TableInterest::marker(kStateTag);
    }
    if (!same_table(table, interest_.tables.source)) {
        return binlog::TableInterest::skip();
    }
    require_same_layout(table);
    return binlog::TableInterest::keys(
        kSourceTag, interest_.tables.shape, interest_.key_ordinals, interest_.key_defaults
    );
}

/// A statement that was not logged may have changed the table: then its rows tell.
void FeedHandler::require_same_layout(const binlog::TableMap& table) {
    auto difference = layout_difference(interest_.columns, table.columns);
    if (!difference && !layout_.empty() && layout_ != table.columns) {
        difference = "the definition of its rows is not what it was before";
    }
    if (difference) {
        throw Error(
            Errc::failed,
            fmt::format(
                "{} was changed while it was copied, by a statement that is not in the binlog: {}",
                interest_.tables.source.str(),
                *difference
            )
        );
    }
    layout_ = table.columns;
}

void FeedHandler::on_rows(const binlog::RowsView& rows) {
    rows_seen_ += rows.rows;
    for (std::size_t i = 0; i < rows.keys.size(); ++i) {
        coordinator_.deliver(rows.keys[i]);
        if (in_xa_) {
            xa_keys_.buffer() += rows.keys[i];
            xa_keys_.close_key();
        }
    }
    if (prepared_bytes_ + xa_keys_.bytes() > interest_.prepared_bytes_max) {
        throw Error(
            Errc::failed,
            fmt::format(
                "the rows that prepared XA transactions changed have more than {} bytes of keys; "
                "run again when those transactions have ended (XA RECOVER lists them)",
                interest_.prepared_bytes_max
            )
        );
    }
}

void FeedHandler::on_marker(std::size_t /*tag*/, std::int64_t id, std::uint64_t seq) {
    markers_[id] = std::max(markers_[id], seq);
}

std::uint64_t FeedHandler::marker(std::int64_t id) const {
    const auto found = markers_.find(id);
    return found == markers_.end() ? 0 : found->second;
}

void FeedHandler::on_query(const binlog::QueryView& query) {
    if (!interest_.own_statement.empty() && query.text == interest_.own_statement) {
        return;
    }
    if (const auto reason = concern(interest_.tables.source, query)) {
        throw Error(Errc::failed, *reason);
    }
    if (const auto reason = shadow_concern(interest_.tables.shadow, query)) {
        throw Error(Errc::failed, *reason);
    }
}

void FeedHandler::on_xa_start() {
    in_xa_ = true;
    if (place_) {
        xa_begin_ = place_();
    }
}

const binlog::StreamPosition* FeedHandler::before_prepared() const {
    const auto first =
        std::min_element(prepared_.begin(), prepared_.end(), [](const auto& a, const auto& b) {
            return a.second.number < b.second.number;
        });
    return first == prepared_.end() ? nullptr : &first->second.before;
}

void FeedHandler::on_xa_prepare(std::string_view xid) {
    prepared_bytes_ += xa_keys_.bytes();
    prepared_[std::string(xid)] =
        Prepared{std::exchange(xa_keys_, {}), std::move(xa_begin_), ++prepared_so_far_};
}

void FeedHandler::begin_noting_ends() {
    ended_.clear();
    noting_ends_ = true;
}

void FeedHandler::stop_noting_ends() {
    ended_.clear();
    noting_ends_ = false;
}

void FeedHandler::note_end(std::string_view xid) {
    if (noting_ends_ && ended_.size() < kEndsNotedMax) {
        ended_.emplace(xid);
    }
}

bool FeedHandler::accounts_for(const std::string& xid) const {
    return prepared_.contains(xid) || ended_.contains(xid);
}

void FeedHandler::on_xa_commit(std::string_view xid) {
    note_end(xid);
    const auto found = prepared_.find(std::string(xid));
    if (found == prepared_.end()) {
        if (passes_over_earlier_ends_ ||
            (interest_.xa_in_order && coordinator_.pass_over_unknown_change())) {
            return;
        }
        throw Error(
            Errc::failed,
            fmt::format(
                "the XA transaction {} was prepared before this run began reading the binlog, so "
                "what it changed is unknown; run again",
                xid
            )
        );
    }
    const binlog::KeyBatch& keys = found->second.keys;
    if (!keys.empty() && !interest_.xa_in_order) {
        throw Error(
            Errc::failed,
            fmt::format(
                "the XA transaction {} changed {}, and this server, being older than 8.0.30, does "
                "not tell when that can be seen; run again while no XA transaction writes to it",
                xid,
                interest_.tables.source.str()
            )
        );
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        coordinator_.deliver(keys[i]);
    }
    prepared_bytes_ -= keys.bytes();
    prepared_.erase(found);
}

void FeedHandler::on_xa_rollback(std::string_view xid) {
    note_end(xid);
    const auto found = prepared_.find(std::string(xid));
    if (found != prepared_.end()) {
        prepared_bytes_ -= found->second.keys.bytes();
        prepared_.erase(found);
    }
}

void FeedHandler::on_transaction_end(const binlog::StreamPosition& /*position*/) {
    xa_keys_.clear();
    in_xa_ = false;
    changed_.notify();
}

void FeedHandler::on_restart(const binlog::StreamPosition& /*position*/) {
    // Keys of the broken transaction that were delivered are reconciled for nothing, which is
    // harmless.
    xa_keys_.clear();
    in_xa_ = false;
}

void FeedHandler::on_incident(std::string_view message) {
    throw Error(
        Errc::failed, fmt::format("the server says that its binlog lacks changes: {}", message)
    );
}

void FeedHandler::on_unknown(binlog::EventType type, bool ignorable) {
    if (!ignorable) {
        throw Error(
            Errc::failed,
            fmt::format(
                "the binlog holds an event of unknown type {}, which may be a change",
                static_cast<unsigned>(type)
            )
        );
    }
}

bool FeedHandler::is_full() {
    return held_ || (markers_expected_ == 0 && coordinator_.pending() > interest_.pending_max);
}

}  // namespace doppel::migration
