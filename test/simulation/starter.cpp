// SPDX-License-Identifier: Apache-2.0
#include "simulation/starter.hpp"

#include <algorithm>

namespace doppel::simulation {

bool Starter::step() {
    if (phase_ == Phase::done) {
        return false;
    }
    if (phase_ == Phase::listing) {
        feed_.begin_noting_ends();
        listed_ = application_.listed();
        world_.note("starter: sees {} prepared XA transactions", listed_.size());
        phase_ = Phase::fence;
        return true;
    }
    if (world_.leaves_out(LeftOut::unknown_xa) || world_.leaves_out(LeftOut::first_fence)) {
        world_.may_copy = true;
        phase_ = Phase::done;
        return true;
    }
    const auto progress = fence_.step(world_, "starter");
    if (progress != PassFence::Progress::done) {
        return progress == PassFence::Progress::moved;
    }
    feed_.pass_over_unknown_ends(false);
    world_.may_copy =
        phase_ == Phase::fence && std::all_of(listed_.begin(), listed_.end(), [this](unsigned xid) {
            return feed_.accounts_for(xid);
        });
    phase_ = world_.may_copy ? Phase::done : Phase::listing;
    return true;
}

}  // namespace doppel::simulation
