// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

namespace doppel::simulation {

/// A statement on the shadow: deletes keys, or does something by what a read view of its own shows
/// of them. It goes row by row, so others come between.
class Statement final {
public:
    enum class Progress {
        none,   ///< waits for a lock
        moved,  ///< some rows are done
        done,
        conflict,   ///< the server chose it as the victim of a deadlock, or its wait timed out
        duplicate,  ///< another row has the unique value
        row_there,  ///< a key has a row already, which must not be
    };

    static Statement deletion(KeyMask keys) { return {keys, Kind::erase, {}}; }
    // The read view is opened now.
    static Statement insertion(const World& world, KeyMask keys) {
        return {keys, Kind::insert, world.server.visible()};
    }
    /// Rows that are there take the values.
    static Statement upsert(const World& world, KeyMask keys) {
        return {keys, Kind::put, world.server.visible()};
    }
    /// Of the keys that have no row.
    static Statement deletion_of_gone(const World& world, KeyMask keys) {
        return {keys, Kind::erase_gone, world.server.visible()};
    }
    Statement() = default;

    Progress step(World& world, int session);
    /// All at once, for a session that has the tables for itself.
    Progress run(World& world, int session);

private:
    enum class Kind { erase, insert, put, erase_gone };

    Statement(KeyMask keys, Kind kind, const Table& view) : keys_(keys), kind_(kind), view_(view) {}
    ShadowTable::Outcome next_row(World& world, int session);

    KeyMask keys_ = 0;  ///< yet to be done
    Kind kind_ = Kind::erase;
    Table view_{};
};

}  // namespace doppel::simulation
