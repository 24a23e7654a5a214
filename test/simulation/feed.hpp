// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

#include <set>
#include <unordered_map>
#include <vector>

namespace doppel::simulation {

/// Delivers the binlog key by key, as FeedHandler does: XA keys again at XA COMMIT; after a lost
/// connection from the last transaction's end on.
class Feed final {
public:
    explicit Feed(World& world) : world_(world) {}
    bool step();
    void on_crash() { reconnect(); }
    // As FeedHandler
    void pass_over_unknown_ends(bool on) { passes_over_unknown_ends_ = on; }
    void begin_noting_ends() { ended_.clear(); }
    /// From where reading may go on (FeedHandler::before_prepared, feed::BinlogStream::position).
    [[nodiscard]] Place resumable_place() const;
    [[nodiscard]] bool accounts_for(unsigned xid) const {
        return prepared_.contains(xid) || ended_.contains(xid);
    }

private:
    void reconnect();
    void read_change(const Entry& entry);
    void deliver(int key);
    void end_transaction(const Entry& entry);

    World& world_;
    std::size_t next_change_ = 0;  ///< of the transaction that is being read
    std::vector<int> xa_keys_;     ///< of the XA transaction that is being read
    struct Prepared {
        std::vector<int> keys;
        Place place = 0;
    };
    std::unordered_map<unsigned, Prepared> prepared_;  ///< by XID
    bool passes_over_unknown_ends_ = false;
    std::set<unsigned> ended_;  ///< XIDs whose end it has delivered since it was asked to note them
};

}  // namespace doppel::simulation
