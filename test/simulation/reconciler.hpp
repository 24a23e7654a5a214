// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/statement.hpp"

#include <array>
#include <vector>

namespace doppel::simulation {

/// Reconciles batches, with the reactions of replay::Replayer.
class Reconciler final {
public:
    Reconciler(World& world, int session) : world_(world), session_(session) {}
    bool step();
    void on_crash();
    [[nodiscard]] bool busy() const { return phase_ != Phase::idle; }

private:
    enum class Phase { idle, deleting, inserting, committing, marking };
    enum class Turn {
        whole,         ///< the batch
        deletes_only,  ///< after a duplicate
        one_by_one,    ///< then each key in a transaction of its own
    };
    enum class Failure { lost, conflict, duplicate };

    bool take();
    void begin(Turn turn, KeyMask keys);
    bool run_statement();
    void end_statements();
    bool commit();
    void acknowledge();
    void fail(Failure failure);
    void after_deletes();
    void next_single(bool failed);
    void count_duplicate(int key);
    void give_back();

    World& world_;
    int session_;
    Phase phase_ = Phase::idle;
    Turn turn_ = Turn::whole;
    protocol::Batch batch_;
    protocol::Coordinator* from_ = nullptr;  ///< who gave the batch out
    KeyMask batch_keys_ = 0;                 ///< of the batch, where they may be touched
    KeyMask keys_ = 0;                       ///< of the transaction
    Statement statement_;
    bool statement_begun_ = false;
    std::optional<Place> place_;
    bool lost_ = false;          ///< the answer to the COMMIT will not come
    bool acknowledged_ = false;  ///< too early: with LeftOut::fence only
    std::size_t single_ = 0;
    std::vector<mysql::Key> failed_;
    std::array<unsigned, kKeys> duplicates_{};
    PassFence fence_;
};

}  // namespace doppel::simulation
