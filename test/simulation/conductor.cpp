// SPDX-License-Identifier: Apache-2.0
#include "simulation/conductor.hpp"

#include <algorithm>
#include <utility>

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
            if (!world_.coordinator.copied() || !world_.may_copy) {
                return false;
            }
            copied_at_ = world_.coordinator.delivered();
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
        case Phase::renaming:
            return rename();
        case Phase::done:
            return false;
    }
    return false;
}

bool Conductor::drain() {
    const auto progress = fence_.step(world_, "cut-over");
    if (progress == PassFence::Progress::done && world_.pending() <= kPendingForCutover &&
        judge_.empty() && world_.coordinator.reconciled_through(copied_at_) && verify()) {
        ++attempts_;
        world_.replay_paused = true;
        phase_ = Phase::pausing;
    }
    return progress != PassFence::Progress::none;
}

/// Of what verify::Verifier does, the only thing that a run needs that goes on: of a row that the
/// dead process had deleted, to insert it again in another transaction, and whose key it had only
/// been asked for, the feed tells nothing. False: something must be reconciled.
bool Conductor::verify() {
    if (std::exchange(verified_, true)) {
        return true;
    }
    copied_at_ = world_.coordinator.delivered();
    for (int key = 0; key < kKeys; ++key) {
        const auto at = static_cast<std::size_t>(key);
        if ((world_.deleted_alone & bit(key)) != 0 &&
            world_.server.visible()[at] != world_.shadow.rows()[at]) {
            world_.note("verifier: key {} differs", key);
            world_.coordinator.request(world_.code.encode(key).bytes);
            copied_at_ = world_.coordinator.delivered();
        }
    }
    return false;
}

bool Conductor::pause() {
    if (judge_.busy() ||
        std::any_of(reconcilers_.begin(), reconcilers_.end(), [](const Reconciler& reconciler) {
            return reconciler.busy();
        })) {
        return false;
    }
    for (const auto& [from, batch] : world_.handed_over) {
        from->give_back(batch);
    }
    world_.handed_over.clear();
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

/// As Replayer::drain_locked: as long as anything moves, what was refused is tried again.
bool Conductor::take() {
    if (waiting_.empty()) {
        taken_ = Taken{&world_.coordinator, world_.coordinator.take_batch()};
        if (!taken_.batch && world_.shortcut) {
            taken_ = Taken{&*world_.shortcut, world_.shortcut->take_batch()};
        }
    } else {
        taken_ = waiting_.back();
        waiting_.pop_back();
    }
    if (taken_.batch) {
        deleted_ = false;
        phase_ = Phase::reconciling;
    } else if (some_done_ && !refused_.empty()) {
        waiting_.swap(refused_);
        some_done_ = false;
    } else {
        give_batches_back();
        begin_rename();
    }
    return true;
}

void Conductor::give_batches_back() {
    for (const auto* batches : {&waiting_, &refused_}) {
        for (const Taken& each : *batches) {
            each.from->give_back(*each.batch);
        }
    }
    waiting_.clear();
    refused_.clear();
    some_done_ = false;
    if (taken_.batch) {
        taken_.from->give_back(*taken_.batch);
        taken_.batch.reset();
    }
}

bool Conductor::reconcile() {
    if (place_) {
        if (!world_.server.is_visible(*place_)) {
            return false;
        }
        end_statement();
        return true;
    }
    if (world_.mishap(5)) {
        give_up("the connection was lost");
        return true;
    }
    const KeyMask keys = world_.batch_keys(*taken_.batch);
    // Under LOCK TABLES each statement is a transaction.
    world_.deleted_alone |= keys;
    auto statement = deleted_ ? Statement::insertion(world_, keys) : Statement::deletion(keys);
    const auto progress = statement.run(world_, session_);
    if (progress != Statement::Progress::done) {
        world_.shadow.rollback(session_);
        world_.note("cut-over: a duplicate");
        refused_.push_back(taken_);
        taken_.batch.reset();
        phase_ = Phase::taking;
        return true;
    }
    if (world_.shadow.in_transaction(session_)) {
        place_ = world_.server.append_ours(session_);
    } else {
        end_statement();  // it changed nothing
    }
    return true;
}

void Conductor::end_statement() {
    place_.reset();
    if (!std::exchange(deleted_, true)) {
        return;
    }
    protocol::Batch batch = *std::exchange(taken_.batch, std::nullopt);
    world_.deleted_alone &= ~world_.batch_keys(batch);
    world_.note("cut-over: reconciled {} keys", batch.keys.size());
    taken_.from->abandon_fence(batch.fence);
    batch.fence = {};
    taken_.from->complete(batch);
    for (const mysql::Key& key : batch.keys) {
        judge_.settled(key);
    }
    some_done_ = true;
    phase_ = Phase::taking;
}

void Conductor::begin_rename() {
    if (world_.pending() > 0) {
        give_up("keys are left");
        return;
    }
    if (world_.mishap(5)) {
        give_up("the connection was lost before the RENAME");
        return;
    }
    phase_ = Phase::renaming;
}

/// The locks are held until it has taken effect. Whether the answer arrives makes no difference: if
/// it does not, the cut-over looks which tables there are.
bool Conductor::rename() {
    if (!place_) {
        place_ = world_.server.append_ours();
        world_.note("cut-over: the RENAME is at {}", *place_);
        return true;
    }
    if (!world_.server.is_visible(*place_)) {
        return false;
    }
    finish();
    return true;
}

void Conductor::finish() {
    world_.swap();
    phase_ = Phase::done;
}

void Conductor::on_crash() {
    switch (phase_) {
        case Phase::locking:
        case Phase::marking:
        case Phase::taking:
        case Phase::reconciling:
            give_up("the server crashed");
            return;
        case Phase::renaming:
            if (place_ && world_.server.is_visible(*place_)) {
                finish();
            } else {
                give_up("the server crashed, and the RENAME was lost with it");
            }
            return;
        default:
            fence_.on_crash(world_);
    }
}

void Conductor::leave(Remnants& remnants) {
    Remnant rest;
    rest.session = session_;
    rest.locks = true;
    rest.place = place_;
    switch (phase_) {
        case Phase::locking:
        case Phase::marking:
        case Phase::taking:
            break;
        case Phase::reconciling:
            if (!place_ && world_.random.chance(50)) {  // sent, but not begun
                const KeyMask keys = world_.batch_keys(*taken_.batch);
                world_.deleted_alone |= keys;
                rest.statement =
                    deleted_ ? Statement::insertion(world_, keys) : Statement::deletion(keys);
                rest.commits = true;
            }
            break;
        case Phase::renaming:
            rest.renames = place_ || world_.random.chance(70);
            rest.commits = rest.renames;
            break;
        default:
            return;
    }
    remnants.add(std::move(rest));
}

void Conductor::give_up(const char* why) {
    world_.note("cut-over: attempt {} failed: {}", attempts_, why);
    give_batches_back();
    place_.reset();
    world_.server.lock(false);
    world_.replay_paused = false;
    phase_ = Phase::draining;
}

}  // namespace doppel::simulation
