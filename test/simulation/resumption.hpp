// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/remnants.hpp"

#include <optional>

namespace doppel::simulation {

/// What a run does before it goes on where a dead one ended, as Migration::take_earlier_sessions,
/// Migration::write_record and ShadowRun::clear_beyond_checkpoint do. It may die in any step.
class Resumption final {
public:
    Resumption(World& world, Remnants& remnants) : world_(world), remnants_(remnants) {}

    /// To be called when the process died: the next one begins some time later.
    void begin() { phase_ = Phase::waiting; }
    bool step();
    /// The server has crashed: the run is over, and another one begins.
    void on_crash();
    /// The process dies.
    void leave();
    /// From where the run goes on, once that is prepared.
    [[nodiscard]] std::optional<Point> take();

private:
    enum class Phase { waiting, ending, reading, claiming, clearing, committing, ready };

    bool end_sessions();
    bool read();
    bool claim();
    void begin_clearing();
    bool clear();
    bool commit();

    World& world_;
    Remnants& remnants_;
    Phase phase_ = Phase::waiting;
    int session_ = 0;
    Point point_;
    std::optional<Place> place_;  ///< of what it committed last
    KeyMask to_clear_ = 0;
    KeyMask part_ = 0;  ///< that the statement clears
    Statement statement_;
};

}  // namespace doppel::simulation
