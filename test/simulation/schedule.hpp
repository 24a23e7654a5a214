// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/application.hpp"
#include "simulation/process.hpp"
#include "simulation/remnants.hpp"
#include "simulation/resumption.hpp"

#include <optional>
#include <string>
#include <vector>

namespace doppel::simulation {

/// One migration from the start of the feed to the RENAME, by one process or, where processes die,
/// several. Every step is chosen at random from what is possible; the seed is the schedule.
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
    bool kill();
    bool resume();
    void start(const Point& from);
    void end_transactions();
    bool step_anyone();
    bool step_everyone();

    World world_;
    Application application_;
    Remnants remnants_;
    Resumption resumption_;
    std::optional<Process> process_;  ///< nothing: it is dead, or goes on and is not that far yet
    std::vector<std::size_t> urn_;    ///< actors, quick ones several times
    std::size_t actors_ = 0;
    unsigned crashes_left_;
};

}  // namespace doppel::simulation
