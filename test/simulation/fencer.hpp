// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/world.hpp"

namespace doppel::simulation {

/// Writes fences when one is wanted, as replay::Fencer does.
class Fencer final {
public:
    explicit Fencer(World& world) : world_(world) {}
    bool step();
    void on_crash();

private:
    void finish(bool acknowledged);

    World& world_;
    std::optional<protocol::FenceClock::Ticket> ticket_;  ///< of the fence that was begun
    std::optional<protocol::FenceClock::Ticket> shortcut_ticket_;
    std::optional<Place> place_;  ///< once it is in the binlog
};

}  // namespace doppel::simulation
