// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/application.hpp"
#include "simulation/reconciler.hpp"
#include "simulation/remnants.hpp"

#include <deque>

namespace doppel::simulation {

/// Cuts over once all is copied, as cutover::Cutover and its hooks do, and compares at the instant
/// of the RENAME. An attempt that fails leaves everything as it was.
class Conductor final {
public:
    Conductor(
        World& world,
        const Application& application,
        std::deque<Reconciler>& reconcilers,
        Judge& judge,
        int session
    )
        : world_(world),
          application_(application),
          reconcilers_(reconcilers),
          judge_(judge),
          session_(session),
          verified_(world.run <= 1 || world.leaves_out(LeftOut::verify_anew)) {}
    bool step();
    void on_crash();
    /// Its process dies.
    void leave(Remnants& remnants);
    [[nodiscard]] unsigned attempts() const { return attempts_; }

private:
    enum class Phase {
        copying,
        draining,
        pausing,
        locking,
        marking,
        taking,
        reconciling,
        renaming,
        done
    };

    struct Taken {
        protocol::Coordinator* from = nullptr;  ///< who gave the batch out
        std::optional<protocol::Batch> batch;
    };

    bool drain();
    bool verify();
    bool pause();
    bool lock();
    bool pass_marker();
    bool take();
    bool reconcile();
    void end_statement();
    void give_batches_back();
    void begin_rename();
    bool rename();
    void finish();
    void give_up(const char* why);

    World& world_;
    const Application& application_;
    std::deque<Reconciler>& reconcilers_;
    Judge& judge_;
    int session_;
    Phase phase_ = Phase::copying;
    PassFence fence_{PassFence::Waiting::beside_replay};
    std::optional<Place> marker_;
    Taken taken_;
    std::vector<Taken> waiting_;
    std::vector<Taken> refused_;
    bool some_done_ = false;  ///< since the refused ones were tried last
    protocol::Sequence copied_at_ = 0;
    bool deleted_ = false;        ///< the batch's deletes were committed
    std::optional<Place> place_;  ///< of a statement whose commit is not acknowledged
    unsigned attempts_ = 0;
    bool verified_;
};

}  // namespace doppel::simulation
