// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/application.hpp"
#include "simulation/feed.hpp"

#include <vector>

namespace doppel::simulation {

/// Lets the copy begin when the feed knows of all prepared XA transactions, as
/// ShadowRun::await_unknown_xa does.
class Starter final {
public:
    Starter(World& world, const Application& application, Feed& feed)
        : world_(world), application_(application), feed_(feed) {
        feed_.pass_over_unknown_ends(world_.closed_keys != 0);
    }
    bool step();
    void on_crash() { fence_.on_crash(world_); }

private:
    enum class Phase { first_fence, listing, fence, done };

    World& world_;
    const Application& application_;
    Feed& feed_;
    Phase phase_ = Phase::first_fence;
    PassFence fence_{PassFence::Waiting::beside_replay};
    std::vector<unsigned> listed_;  ///< XIDs
};

}  // namespace doppel::simulation
