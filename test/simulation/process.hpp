// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/application.hpp"
#include "simulation/checkpointer.hpp"
#include "simulation/conductor.hpp"
#include "simulation/copier.hpp"
#include "simulation/feed.hpp"
#include "simulation/fencer.hpp"
#include "simulation/judge.hpp"
#include "simulation/reconciler.hpp"
#include "simulation/starter.hpp"

#include <cstddef>
#include <deque>

namespace doppel::simulation {

/// One process of doppel, from its first look at the binlog to the RENAME or to its death.
class Process final {
public:
    Process(World& world, const Application& application, const Point& from);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] std::size_t actors() const;
    /// Lets one of them do something, if it can.
    bool step(std::size_t actor);
    void on_visible() { judge_.on_visible(); }
    /// The server has crashed and recovered.
    void on_crash();
    /// It dies: its sessions are left to the server.
    void leave(Remnants& remnants);

private:
    void add_sessions();

    World& world_;
    Feed feed_;
    Starter starter_;
    Fencer fencer_;
    Judge judge_;
    Boundaries boundaries_;
    Checkpointer checkpointer_;
    std::deque<Copier> copiers_;
    std::deque<Reconciler> reconcilers_;
    Conductor conductor_;
};

}  // namespace doppel::simulation
