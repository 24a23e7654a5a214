// SPDX-License-Identifier: Apache-2.0
#include "simulation/fencer.hpp"

namespace doppel::simulation {

bool Fencer::step() {
    if (!ticket_) {
        if (!world_.fence_wanted()) {
            return false;
        }
        ticket_ = world_.coordinator.issue_fence();
        if (world_.shortcut) {
            shortcut_ticket_ = world_.shortcut->issue_fence();
        }
        world_.note("fencer: begins a fence over deliveries up to {}", ticket_->issued_at);
        return true;
    }
    if (world_.mishap(1)) {
        world_.note("fencer: does not learn whether its fence was committed");
        finish(false);
        return true;
    }
    if (!place_) {
        if (world_.server.locked()) {
            return false;
        }
        place_ = world_.server.append_ours();
        world_.note("fencer: its fence is at {}", *place_);
        return true;
    }
    if (!world_.server.is_visible(*place_) && !world_.leaves_out(LeftOut::fence)) {
        return false;
    }
    world_.note("fencer: the fence at {} is acknowledged", *place_);
    finish(true);
    return true;
}

void Fencer::on_crash() {
    if (ticket_) {
        finish(false);
    }
}

void Fencer::finish(bool acknowledged) {
    if (acknowledged || world_.leaves_out(LeftOut::unknown_fence)) {
        world_.coordinator.acknowledge_fence(*ticket_);
        if (world_.shortcut) {
            world_.shortcut->acknowledge_fence(*shortcut_ticket_);
        }
    } else {
        world_.coordinator.abandon_fence(*ticket_);
        if (world_.shortcut) {
            world_.shortcut->abandon_fence(*shortcut_ticket_);
        }
    }
    ticket_.reset();
    place_.reset();
}

}  // namespace doppel::simulation
