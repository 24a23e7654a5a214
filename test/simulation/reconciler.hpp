// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replay/batch_turn.hpp"
#include "simulation/judge.hpp"
#include "simulation/remnants.hpp"
#include "simulation/statement.hpp"

#include <optional>

namespace doppel::simulation {

/// Reconciles batches as replay::Replayer does, by the same replay::BatchTurn. In half of the runs
/// all but the first are like replay::Helper; in the others each is like the first, which allows
/// more.
class Reconciler final {
public:
    Reconciler(World& world, Judge& judge, int session, bool first)
        : world_(world),
          judge_(judge),
          session_(session),
          helps_(!first && world.helpers_hand_over) {}
    bool step();
    void on_crash();
    /// Its process dies.
    void leave(Remnants& remnants) const;
    [[nodiscard]] bool busy() const { return phase_ != Phase::idle; }

private:
    enum class Phase { idle, deleting, inserting, committing };
    enum class Failure { lost, conflict, duplicate };

    bool take();
    bool take_batch();
    void hand_over();
    void begin_step();
    bool run_statement();
    void end_statements();
    bool commit();
    void acknowledge();
    void fail(Failure failure);
    void finish();
    [[nodiscard]] bool is_whole() const { return step_->keys.size() == batch_.keys.size(); }

    World& world_;
    Judge& judge_;
    int session_;
    bool helps_;
    Phase phase_ = Phase::idle;
    protocol::Batch batch_;
    protocol::Coordinator* from_ = nullptr;  ///< who gave the batch out
    std::optional<replay::BatchTurn> turn_;
    std::optional<replay::BatchTurn::Step> step_;
    unsigned steps_done_ = 0;
    KeyMask keys_ = 0;  ///< of the step, where they may be touched
    Statement statement_;
    bool statement_begun_ = false;
    std::optional<Place> place_;
    bool lost_ = false;          ///< the answer to the COMMIT will not come
    bool acknowledged_ = false;  ///< too early: with LeftOut::fence only
};

}  // namespace doppel::simulation
