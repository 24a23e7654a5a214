// SPDX-License-Identifier: Apache-2.0
#include "simulation/server.hpp"

namespace doppel::simulation {

void Server::apply(const Entry& entry, Table& table) {
    // A preparation changes nothing that anybody sees; XA COMMIT carries its changes.
    if (entry.kind != Entry::Kind::changes && entry.kind != Entry::Kind::xa_commit) {
        return;
    }
    for (std::size_t i = 0; i < entry.count; ++i) {
        table[idx(entry.changes[i].key)] = entry.changes[i].row;
    }
}

Place Server::append(const Entry& entry) {
    apply(entry, written_);
    binlog_.push_back(entry);
    return binlog_.size() - 1;
}

Place Server::append_ours(int session) {
    Entry entry;
    entry.session = session;
    binlog_.push_back(entry);
    return binlog_.size() - 1;
}

Place Server::append_point(const Point& point) {
    const Place place = append_ours();
    binlog_[place].point = point;
    return place;
}

std::optional<Point> Server::point_before(Place end) const {
    while (end > 0) {
        if (const auto& point = binlog_[--end].point) {
            return point;
        }
    }
    return std::nullopt;
}

const Entry& Server::make_visible() {
    const Entry& entry = binlog_[visible_to_++];
    apply(entry, visible_);
    return entry;
}

void Server::crash(Place survives) {
    binlog_.resize(survives);
    synced_to_ = visible_to_ = survives;
    written_ = first_;
    for (const Entry& entry : binlog_) {
        apply(entry, written_);
    }
    visible_ = written_;
    locked_ = false;
}

}  // namespace doppel::simulation
