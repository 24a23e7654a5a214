// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

namespace doppel::simulation {

/// A statement on the shadow: deletes keys, or inserts what a read view of its own shows of them.
/// It goes row by row, so others come between.
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

    static Statement deletion(KeyMask keys) { return {keys, false, {}}; }
    /// The read view is opened now.
    static Statement insertion(const World& world, KeyMask keys) {
        return {keys, true, world.server.visible()};
    }
    Statement() = default;

    Progress step(World& world, int session);
    /// All at once, for a session that has the tables for itself.
    Progress run(World& world, int session);

private:
    Statement(KeyMask keys, bool inserts, const Table& view)
        : keys_(keys), inserts_(inserts), view_(view) {}
    ShadowTable::Outcome next_row(World& world, int session);

    KeyMask keys_ = 0;  ///< yet to be done
    bool inserts_ = false;
    Table view_{};
};

}  // namespace doppel::simulation
