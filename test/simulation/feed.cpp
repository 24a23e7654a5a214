// SPDX-License-Identifier: Apache-2.0
#include "simulation/feed.hpp"

#include <algorithm>
#include <utility>

namespace doppel::simulation {
namespace {

constexpr unsigned kPausePercent = 30;

}  // namespace

bool Feed::step() {
    const auto& binlog = world_.server.binlog();
    const Place end =
        world_.leaves_out(LeftOut::durability) ? binlog.size() : world_.server.synced_to();
    if (world_.delivered_to >= end ||
        (world_.markers_expected == 0 && world_.pending() > world_.pending_max)) {
        return false;
    }
    if (world_.mishap(1)) {
        reconnect();
        return true;
    }
    const Entry& entry = binlog[world_.delivered_to];
    const bool has_rows =
        entry.kind == Entry::Kind::changes || entry.kind == Entry::Kind::xa_prepare;
    while (has_rows && next_change_ < entry.count) {
        read_change(entry);
        if (world_.random.chance(kPausePercent)) {
            return true;
        }
    }
    end_transaction(entry);
    return true;
}

void Feed::read_change(const Entry& entry) {
    const Change& change = entry.changes[next_change_++];
    if (change.moves_away && world_.leaves_out(LeftOut::before_image)) {
        return;
    }
    deliver(change.key);
    if (entry.kind == Entry::Kind::xa_prepare) {
        xa_keys_.push_back(change.key);
    }
}

void Feed::reconnect() {
    if (next_change_ > 0 && world_.leaves_out(LeftOut::boundary)) {
        ++world_.delivered_to;
    }
    world_.note("feed: reconnects, reads on at {}", world_.delivered_to);
    next_change_ = 0;
    xa_keys_.clear();
}

Place Feed::resumable_place() const {
    const bool within = next_change_ > 0 && world_.leaves_out(LeftOut::point_boundary);
    Place place = world_.delivered_to + (within ? 1 : 0);
    if (!world_.leaves_out(LeftOut::point_xa)) {
        for (const auto& [xid, prepared] : prepared_) {
            place = std::min(place, prepared.place);
        }
    }
    return place;
}

void Feed::end_transaction(const Entry& entry) {
    if (entry.kind == Entry::Kind::xa_prepare) {
        prepared_[entry.xid] = {std::exchange(xa_keys_, {}), world_.delivered_to};
    } else if (entry.kind == Entry::Kind::xa_rollback) {
        prepared_.erase(entry.xid);
        ended_.insert(entry.xid);
    } else if (entry.kind == Entry::Kind::xa_commit && !prepared_.contains(entry.xid)) {
        ended_.insert(entry.xid);
        if (!passes_over_unknown_ends_ && !world_.coordinator.pass_over_unknown_change() &&
            !world_.leaves_out(LeftOut::unknown_xa)) {
            world_.fail("an XA transaction ended of which the feed knows nothing");
        }
    } else if (entry.kind == Entry::Kind::xa_commit) {
        ended_.insert(entry.xid);
        if (!world_.leaves_out(LeftOut::second_xa)) {
            for (const int key : prepared_[entry.xid].keys) {
                deliver(key);
            }
        }
        prepared_.erase(entry.xid);
    }
    next_change_ = 0;
    xa_keys_.clear();
    ++world_.delivered_to;
}

void Feed::deliver(int key) {
    const bool in_open_chunk = (world_.open_keys & bit(key)) != 0;
    if (in_open_chunk && world_.leaves_out(LeftOut::discard)) {
        world_.note("feed: discards key {} of an open chunk", key);
        return;
    }
    const unsigned spelling = world_.random.chance(50) ? 1 : 0;
    const mysql::Key encoded = world_.code.encode(key, spelling);
    if (in_open_chunk && world_.shortcut) {
        world_.note("feed: delivers key {} of {} past its chunk", key, world_.delivered_to);
        world_.shortcut->deliver(encoded.bytes);
        return;
    }
    const auto discarded = world_.coordinator.counters().discarded;
    world_.coordinator.deliver(encoded.bytes);
    world_.note(
        "feed: delivers key {} of {}{}",
        key,
        world_.delivered_to,
        world_.coordinator.counters().discarded > discarded ? ", which is discarded" : ""
    );
}

}  // namespace doppel::simulation
