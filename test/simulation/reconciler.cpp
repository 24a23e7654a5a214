// SPDX-License-Identifier: Apache-2.0
#include "simulation/reconciler.hpp"

#include <tuple>
#include <utility>

namespace doppel::simulation {

bool Reconciler::step() {
    switch (phase_) {
        case Phase::idle:
            return take();
        case Phase::deleting:
        case Phase::inserting:
            return run_statement();
        case Phase::committing:
            return commit();
    }
    return false;
}

bool Reconciler::take() {
    if (world_.replay_paused) {
        return false;
    }
    if (helps_ && !(judge_.empty() && world_.handed_over.empty())) {
        return false;
    }
    if (!take_batch()) {
        return false;
    }
    world_.note("reconciler {}: takes batch {}", session_, batch_.number);
    const auto is_involved = [this](const mysql::Key& key) { return judge_.is_involved(key); };
    turn_.emplace(batch_.keys, is_involved, 1 + world_.random.pick(4));
    steps_done_ = 0;
    begin_step();
    return true;
}

bool Reconciler::take_batch() {
    if (!world_.handed_over.empty() && !helps_) {
        std::tie(from_, batch_) = world_.handed_over.back();
        world_.handed_over.pop_back();
        return true;
    }
    from_ = &world_.coordinator;
    auto batch = from_->take_batch();
    if (!batch && world_.shortcut) {
        from_ = &*world_.shortcut;
        batch = from_->take_batch();
    }
    if (batch) {
        batch_ = std::move(*batch);
    }
    return batch.has_value();
}

void Reconciler::hand_over() {
    world_.note("reconciler {}: hands batch {} over", session_, batch_.number);
    world_.handed_over.emplace_back(from_, batch_);
    phase_ = Phase::idle;
}

void Reconciler::begin_step() {
    step_ = turn_->next();
    if (!step_) {
        finish();
        return;
    }
    protocol::Batch part = batch_;
    part.keys = step_->keys;
    keys_ = world_.batch_keys(part);
    if (from_ != &world_.coordinator && !world_.rules.exactly_comparable) {
        keys_ &= world_.closed_keys;  // these batches are confined all the same
    }
    if (!step_->inserts) {
        world_.deleted_alone |= keys_;
    }
    phase_ = Phase::deleting;
    statement_begun_ = true;
    if (world_.upserts && step_->inserts) {
        statement_ = Statement::upsert(world_, keys_);
        world_.note("reconciler {}: begins an upsert of keys {:08b}", session_, keys_);
    } else {
        statement_ = Statement::deletion(keys_);
        world_.note("reconciler {}: begins DELETE of keys {:08b}", session_, keys_);
    }
}

bool Reconciler::run_statement() {
    const unsigned percent = steps_done_ == 0 ? 1 : world_.mishap_after_duplicate;
    for (const Failure failure : {Failure::lost, Failure::conflict}) {
        if (world_.mishap(percent)) {
            world_.shadow.rollback(session_);
            fail(failure);
            return true;
        }
    }
    if (!statement_begun_) {
        statement_begun_ = true;
        if (world_.upserts) {
            statement_ = Statement::deletion_of_gone(world_, keys_);
            world_.note("reconciler {}: begins DELETE of those that are gone", session_);
        } else {
            statement_ = Statement::insertion(world_, keys_);
            world_.note("reconciler {}: begins INSERT .. SELECT of keys {:08b}", session_, keys_);
        }
        return true;
    }
    switch (statement_.step(world_, session_)) {
        case Statement::Progress::none:
            return false;
        case Statement::Progress::moved:
            return true;
        case Statement::Progress::done:
            end_statements();
            return true;
        case Statement::Progress::conflict:
            world_.shadow.rollback(session_);
            fail(Failure::conflict);
            return true;
        case Statement::Progress::duplicate:
            world_.shadow.rollback(session_);
            fail(Failure::duplicate);
            return true;
        case Statement::Progress::row_there:
            world_.fail("a batch met a row of a key that it had deleted");
            return true;
    }
    return false;
}

void Reconciler::end_statements() {
    if (phase_ == Phase::deleting && step_->inserts) {
        phase_ = Phase::inserting;
        statement_begun_ = false;
        return;
    }
    phase_ = Phase::committing;
}

bool Reconciler::commit() {
    if (!place_) {
        if (world_.mishap(2)) {  // before the server has got the COMMIT
            world_.shadow.rollback(session_);
            fail(Failure::lost);
            return true;
        }
        place_ = world_.server.append_ours(session_);
        world_.note("reconciler {}: commits at {}", session_, *place_);
        return true;
    }
    if (!lost_ && !acknowledged_ && world_.mishap(2)) {
        world_.note("reconciler {}: loses the connection in the commit", session_);
        lost_ = true;
        return true;
    }
    if (!world_.server.is_visible(*place_)) {
        if (lost_ || acknowledged_ || steps_done_ > 0 || !is_whole() ||
            !world_.leaves_out(LeftOut::fence)) {
            return false;
        }
        from_->complete(batch_);
        acknowledged_ = true;
        return true;
    }
    place_.reset();
    if (std::exchange(lost_, false)) {
        fail(Failure::lost);  // the new connection is there when the server has ended the old one
    } else {
        acknowledge();
    }
    return true;
}

void Reconciler::on_crash() {
    if (phase_ == Phase::idle) {
        return;  // that its connection is lost is as if the next one was
    }
    place_.reset();
    lost_ = false;
    if (std::exchange(acknowledged_, false)) {
        phase_ = Phase::idle;
    } else {
        fail(Failure::lost);
    }
}

void Reconciler::leave(Remnants& remnants) const {
    if (phase_ == Phase::idle) {
        return;
    }
    Remnant rest;
    rest.session = session_;
    rest.place = place_;
    if (phase_ == Phase::committing) {
        rest.commits = place_ || world_.random.chance(70);  // else the COMMIT was not sent
    } else if (statement_begun_) {
        rest.statement = statement_;
    }
    remnants.add(std::move(rest));
}

void Reconciler::acknowledge() {
    world_.note("reconciler {}: its commit is acknowledged", session_);
    if (std::exchange(acknowledged_, false)) {
        phase_ = Phase::idle;  // the batch was completed too early
        return;
    }
    if (step_->inserts) {
        world_.deleted_alone &= ~keys_;
        for (const mysql::Key& key : step_->keys) {
            judge_.settled(key);
        }
    }
    ++steps_done_;
    turn_->committed();
    begin_step();
}

void Reconciler::fail(Failure failure) {
    world_.note(
        "reconciler {}: {}",
        session_,
        failure == Failure::lost       ? "lost the connection"
        : failure == Failure::conflict ? "a deadlock"
                                       : "a duplicate"
    );
    ++steps_done_;
    if (failure == Failure::duplicate && helps_) {
        hand_over();
        return;
    }
    if (failure != Failure::duplicate) {
        turn_->failed();
    } else if (turn_->refused()) {
        judge_.met(step_->keys.front());
    }
    begin_step();
}

void Reconciler::finish() {
    using End = replay::BatchTurn::End;
    phase_ = Phase::idle;
    if (turn_->end() == End::all) {
        from_->complete(batch_);
        return;
    }
    if (turn_->end() == End::none) {
        world_.note("reconciler {}: gives batch {} back", session_, batch_.number);
        from_->give_back(batch_);
        return;
    }
    const auto failed = turn_->failed_keys();
    world_.note("reconciler {}: {} keys of the batch failed", session_, failed.size());
    from_->complete_except(batch_, failed);
    if (world_.leaves_out(LeftOut::failed_batch)) {
        from_->acknowledge_fence(batch_.fence);
    }
}

}  // namespace doppel::simulation
