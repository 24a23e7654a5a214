// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/application.hpp"
#include "simulation/conductor.hpp"
#include "simulation/copier.hpp"
#include "simulation/feed.hpp"
#include "simulation/fencer.hpp"
#include "simulation/judge.hpp"
#include "simulation/reconciler.hpp"
#include "simulation/starter.hpp"

#include <deque>
#include <string>
#include <vector>

namespace doppel::simulation {

/// One migration from the start of the feed to the RENAME. Every step is chosen at random from what
/// is possible; the seed is the schedule.
class Schedule final {
public:
    Schedule(std::uint64_t seed, Rules rules, Trace trace = {});

    /// Runs to the end; empty when shadow and source were equal at the RENAME, else what is wrong.
    std::string run();
    [[nodiscard]] std::size_t steps() const { return world_.steps; }

private:
    bool step(std::size_t actor);
    bool commit();
    bool crash();
    void end_transactions();
    bool step_anyone();
    bool step_everyone();

    World world_;
    Application application_;
    Feed feed_;
    Starter starter_;
    Fencer fencer_;
    Judge judge_;
    Boundaries boundaries_;
    std::deque<Copier> copiers_;
    std::deque<Reconciler> reconcilers_;
    std::vector<std::size_t> urn_;  ///< actors, quick ones several times
    std::size_t actors_ = 0;
    Conductor conductor_;
    unsigned crashes_left_;
};

}  // namespace doppel::simulation
