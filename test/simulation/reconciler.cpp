// SPDX-License-Identifier: Apache-2.0
#include "simulation/reconciler.hpp"

namespace doppel::simulation {
namespace {

/// As in replay::Replayer.
constexpr unsigned kDuplicateTurnsMax = 40;

}  // namespace

bool Reconciler::step() {
    switch (phase_) {
        case Phase::idle:
            return take();
        case Phase::deleting:
        case Phase::inserting:
            return run_statement();
        case Phase::committing:
            return commit();
        case Phase::marking: {
            const auto progress = fence_.step(world_, "reconciler");
            if (progress == PassFence::Progress::done) {
                phase_ = Phase::idle;
            }
            return progress != PassFence::Progress::none;
        }
    }
    return false;
}

bool Reconciler::take() {
    if (world_.replay_paused) {
        return false;
    }
    from_ = &world_.coordinator;
    auto batch = from_->take_batch();
    if (!batch && world_.shortcut) {
        from_ = &*world_.shortcut;
        batch = from_->take_batch();
    }
    if (!batch) {
        return false;
    }
    batch_ = std::move(*batch);
    batch_keys_ = world_.batch_keys(batch_);
    if (from_ != &world_.coordinator && !world_.rules.exactly_comparable) {
        batch_keys_ &= world_.closed_keys;  // these batches are confined all the same
    }
    world_.note("reconciler {}: takes batch {}", session_, batch_.number);
    begin(Turn::whole, batch_keys_);
    return true;
}

void Reconciler::begin(Turn turn, KeyMask keys) {
    turn_ = turn;
    keys_ = keys;
    phase_ = Phase::deleting;
    statement_ = Statement::deletion(keys);
    statement_begun_ = true;
    world_.note("reconciler {}: begins DELETE of keys {:08b}", session_, keys);
}

bool Reconciler::run_statement() {
    const unsigned percent = turn_ == Turn::whole ? 1 : world_.mishap_after_duplicate;
    for (const Failure failure : {Failure::lost, Failure::conflict}) {
        if (world_.mishap(percent)) {
            world_.shadow.rollback(session_);
            fail(failure);
            return true;
        }
    }
    if (!statement_begun_) {
        statement_ = Statement::insertion(world_, keys_);
        statement_begun_ = true;
        world_.note("reconciler {}: begins INSERT .. SELECT of keys {:08b}", session_, keys_);
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
    if (phase_ == Phase::deleting && turn_ != Turn::deletes_only) {
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
        if (lost_ || acknowledged_ || turn_ != Turn::whole || !world_.leaves_out(LeftOut::fence)) {
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
    fence_.on_crash(world_);
    if (phase_ == Phase::idle || phase_ == Phase::marking) {
        return;  // the session is idle; that its connection is lost is as if the next one was
    }
    place_.reset();
    lost_ = false;
    if (std::exchange(acknowledged_, false)) {
        phase_ = Phase::idle;
    } else {
        fail(Failure::lost);
    }
}

void Reconciler::acknowledge() {
    world_.note("reconciler {}: its commit is acknowledged", session_);
    switch (turn_) {
        case Turn::whole:
            if (!std::exchange(acknowledged_, false)) {
                from_->complete(batch_);
            }
            for (const mysql::Key& key : batch_.keys) {
                duplicates_[static_cast<std::size_t>(world_.code.decode(key))] = 0;
            }
            phase_ = Phase::idle;
            return;
        case Turn::deletes_only:
            after_deletes();
            return;
        case Turn::one_by_one:
            next_single(false);
            return;
    }
}

void Reconciler::fail(Failure failure) {
    world_.note(
        "reconciler {}: {}",
        session_,
        failure == Failure::lost       ? "lost the connection"
        : failure == Failure::conflict ? "a deadlock"
                                       : "a duplicate"
    );
    switch (turn_) {
        case Turn::whole:
            if (failure != Failure::duplicate) {
                give_back();
                phase_ = Phase::idle;
                return;
            }
            if (batch_.keys.size() == 1) {
                count_duplicate(world_.code.decode(batch_.keys.front()));
            }
            begin(Turn::deletes_only, batch_keys_);
            return;
        case Turn::deletes_only:
            after_deletes();
            return;
        case Turn::one_by_one:
            if (failure == Failure::duplicate) {
                count_duplicate(world_.code.decode(batch_.keys[single_]));
            }
            next_single(true);
            return;
    }
}

void Reconciler::after_deletes() {
    if (batch_.keys.size() == 1) {
        give_back();
        phase_ = Phase::marking;
        return;
    }
    single_ = 0;
    failed_.clear();
    begin(Turn::one_by_one, batch_keys_ & bit(world_.code.decode(batch_.keys.front())));
}

void Reconciler::next_single(bool failed) {
    if (failed) {
        failed_.push_back(batch_.keys[single_]);
    }
    if (++single_ < batch_.keys.size()) {
        begin(Turn::one_by_one, batch_keys_ & bit(world_.code.decode(batch_.keys[single_])));
        return;
    }
    world_.note("reconciler {}: {} keys of the batch failed", session_, failed_.size());
    from_->complete_except(batch_, failed_);
    if (world_.leaves_out(LeftOut::failed_batch)) {
        from_->acknowledge_fence(batch_.fence);
    }
    phase_ = Phase::marking;
}

void Reconciler::count_duplicate(int key) {
    if (++duplicates_[static_cast<std::size_t>(key)] >= kDuplicateTurnsMax) {
        world_.fail(fmt::format("replay gave up on a duplicate of key {}", key));
    }
}

void Reconciler::give_back() {
    world_.note("reconciler {}: gives batch {} back", session_, batch_.number);
    from_->give_back(batch_);
}

}  // namespace doppel::simulation
