// SPDX-License-Identifier: Apache-2.0
#include "simulation/conductor.hpp"

#include <algorithm>

namespace doppel::simulation {
namespace {

/// Of the waits for the lock and for the feed, per look.
constexpr unsigned kTimeoutPercent = 1;
/// Replay is close enough behind the feed to try.
constexpr std::size_t kPendingForCutover = 3;

}  // namespace

bool Conductor::step() {
    switch (phase_) {
        case Phase::copying:
            if (!world_.coordinator.copied()) {
                return false;
            }
            world_.note("cut-over: all is copied");
            phase_ = Phase::draining;
            return true;
        case Phase::draining:
            return drain();
        case Phase::pausing:
            return pause();
        case Phase::locking:
            return lock();
        case Phase::marking:
            return pass_marker();
        case Phase::taking:
            return take();
        case Phase::reconciling:
            return reconcile();
        case Phase::done:
            return false;
    }
    return false;
}

bool Conductor::drain() {
    const auto progress = fence_.step(world_, "cut-over");
    if (progress == PassFence::Progress::done && world_.pending() <= kPendingForCutover) {
        ++attempts_;
        world_.replay_paused = true;
        phase_ = Phase::pausing;
    }
    return progress != PassFence::Progress::none;
}

bool Conductor::pause() {
    if (std::any_of(reconcilers_.begin(), reconcilers_.end(), [](const Reconciler& reconciler) {
            return reconciler.busy();
        })) {
        return false;
    }
    world_.note("cut-over: asks for the lock");
    world_.server.lock(true);
    phase_ = Phase::locking;
    return true;
}

bool Conductor::lock() {
    if (!world_.server.all_visible() || application_.any_prepared() ||
        world_.shadow.any_transaction()) {
        if (world_.random.chance(kTimeoutPercent)) {
            give_up("the lock was not granted in time");
            return true;
        }
        return false;
    }
    if (world_.mishap(5)) {
        give_up("the connection was lost");
        return true;
    }
    marker_ = world_.server.append_ours();
    phase_ = Phase::marking;
    world_.note("cut-over: has the lock, writes a marker at {}", *marker_);
    return true;
}

bool Conductor::pass_marker() {
    if (!world_.leaves_out(LeftOut::cutover_fence) &&
        (!world_.server.is_visible(*marker_) || world_.delivered_to <= *marker_)) {
        if (world_.random.chance(kTimeoutPercent)) {
            give_up("the feed did not pass the marker in time");
            return true;
        }
        return false;
    }
    world_.coordinator.acknowledge_fence(world_.coordinator.issue_fence());
    if (world_.shortcut) {
        world_.shortcut->acknowledge_fence(world_.shortcut->issue_fence());
    }
    world_.note("cut-over: everything is delivered and visible, {} keys pending", world_.pending());
    phase_ = Phase::taking;
    return true;
}

bool Conductor::take() {
    from_ = &world_.coordinator;
    auto batch = from_->take_batch();
    if (!batch && world_.shortcut) {
        from_ = &*world_.shortcut;
        batch = from_->take_batch();
    }
    if (!batch) {
        swap();
        return true;
    }
    batch_ = std::move(*batch);
    deleted_ = false;
    phase_ = Phase::reconciling;
    return true;
}

bool Conductor::reconcile() {
    const KeyMask keys = world_.batch_keys(batch_);
    if (world_.mishap(5)) {
        from_->give_back(batch_);
        give_up("the connection was lost");
        return true;
    }
    // Under LOCK TABLES each statement is a transaction.
    auto statement = deleted_ ? Statement::insertion(world_, keys) : Statement::deletion(keys);
    const auto progress = statement.run(world_, session_);
    if (progress != Statement::Progress::done) {
        world_.shadow.rollback(session_);
        from_->give_back(batch_);
        give_up("a duplicate");
        return true;
    }
    world_.shadow.commit(session_);
    world_.server.append_ours();
    if (!deleted_) {
        deleted_ = true;
        return true;
    }
    world_.note("cut-over: reconciled keys {:08b}", keys);
    from_->abandon_fence(batch_.fence);
    batch_.fence = {};
    from_->complete(batch_);
    phase_ = Phase::taking;
    return true;
}

void Conductor::swap() {
    if (world_.pending() > 0) {
        give_up("keys are left");
        return;
    }
    if (world_.mishap(5)) {
        give_up("the connection was lost before the RENAME");
        return;
    }
    compare();
    phase_ = Phase::done;
}

void Conductor::give_up(const char* why) {
    world_.note("cut-over: attempt {} failed: {}", attempts_, why);
    world_.server.lock(false);
    world_.replay_paused = false;
    phase_ = Phase::draining;
}

void Conductor::compare() {
    for (int key = 0; key < kKeys; ++key) {
        const Row& source = world_.server.written()[static_cast<std::size_t>(key)];
        const Row& shadow = world_.shadow.rows()[static_cast<std::size_t>(key)];
        if (source != shadow) {
            world_.fail(fmt::format(
                "key {}: the source has {}, the shadow {}", key, source.str(), shadow.str()
            ));
        }
    }
    world_.note("cut-over: the tables are swapped");
}

}  // namespace doppel::simulation
