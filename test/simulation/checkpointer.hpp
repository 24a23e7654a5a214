// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/safe_points.hpp"
#include "simulation/feed.hpp"
#include "simulation/remnants.hpp"

#include <optional>

namespace doppel::simulation {

/// Writes now and then from where the run could go on, as migration::Checkpointer does, by the same
/// protocol::SafePoints.
class Checkpointer final {
public:
    Checkpointer(World& world, const Feed& feed, const Point& last);
    bool step();
    void on_crash();
    /// Its process dies.
    void leave(Remnants& remnants) const;

private:
    enum class Phase { idle, sent, committing };

    bool look();
    bool write();
    [[nodiscard]] Point now() const;
    [[nodiscard]] int copied_through() const;

    World& world_;
    const Feed& feed_;
    protocol::SafePoints<Point> safe_;
    Point last_;
    Phase phase_ = Phase::idle;
    std::size_t pause_;          ///< steps between looks
    std::size_t next_look_ = 0;  ///< in steps
    std::optional<Place> place_;
};

}  // namespace doppel::simulation
