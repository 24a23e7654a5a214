// SPDX-License-Identifier: Apache-2.0
#include "simulation/resumption.hpp"

#include <utility>

namespace doppel::simulation {
namespace {

/// Per look: the command is given again.
constexpr unsigned kBeginPercent = 10;

}  // namespace

bool Resumption::step() {
    switch (phase_) {
        case Phase::waiting:
            if (!world_.random.chance(kBeginPercent)) {
                return false;
            }
            session_ = ++world_.last_session;
            phase_ = Phase::ending;
            return true;
        case Phase::ending:
            return end_sessions();
        case Phase::reading:
            return read();
        case Phase::claiming:
            return claim();
        case Phase::clearing:
            return clear();
        case Phase::committing:
            return commit();
        case Phase::ready:
            return false;
    }
    return false;
}

bool Resumption::end_sessions() {
    if (!world_.leaves_out(LeftOut::old_sessions)) {
        remnants_.end_all();
        if (!remnants_.empty()) {
            return false;  // a commit that has begun
        }
    }
    phase_ = Phase::reading;
    return true;
}

bool Resumption::read() {
    if (world_.server.locked()) {
        return false;
    }
    point_ = world_.stored_point();
    point_.run = world_.run + 1;
    place_ = world_.server.append_point(point_);
    phase_ = Phase::claiming;
    world_.note(
        "doppel: goes on: copied up to {}{}, reads on at {}",
        point_.low_water,
        point_.copied ? " and all" : "",
        point_.place
    );
    return true;
}

bool Resumption::claim() {
    if (!world_.server.is_visible(*place_)) {
        return false;
    }
    place_.reset();
    to_clear_ = 0;
    if (!point_.copied && !world_.leaves_out(LeftOut::resume_clearing)) {
        to_clear_ = keys_between(point_.low_water, kKeys - 1);
    }
    begin_clearing();
    return true;
}

/// Some rows at a time, each a transaction.
void Resumption::begin_clearing() {
    if (to_clear_ == 0) {
        phase_ = Phase::ready;
        return;
    }
    part_ = to_clear_ & keys_between(-1, world_.random.pick_int(kKeys));
    part_ = part_ == 0 ? to_clear_ : part_;
    statement_ = Statement::deletion(part_);
    phase_ = Phase::clearing;
}

bool Resumption::clear() {
    const auto progress = statement_.step(world_, session_);
    if (progress == Statement::Progress::none || progress == Statement::Progress::moved) {
        return progress == Statement::Progress::moved;
    }
    if (progress != Statement::Progress::done) {
        world_.shadow.rollback(session_);
        begin_clearing();
        return true;
    }
    world_.note("doppel: has removed keys {:08b} from the shadow", part_);
    if (world_.shadow.in_transaction(session_)) {
        place_ = world_.server.append_ours(session_);
    }
    phase_ = Phase::committing;
    return true;
}

bool Resumption::commit() {
    if (place_ && !world_.server.is_visible(*place_)) {
        return false;
    }
    place_.reset();
    to_clear_ &= ~part_;
    begin_clearing();
    return true;
}

void Resumption::on_crash() {
    place_.reset();
    phase_ = Phase::waiting;
}

void Resumption::leave() {
    Remnant rest;
    rest.session = session_;
    rest.place = std::exchange(place_, std::nullopt);
    rest.commits = true;
    if (phase_ == Phase::clearing) {
        rest.statement = statement_;
    }
    if (rest.place || rest.statement) {
        remnants_.add(std::move(rest));
    }
    phase_ = Phase::waiting;
}

std::optional<Point> Resumption::take() {
    return phase_ == Phase::ready ? std::optional(point_) : std::nullopt;
}

}  // namespace doppel::simulation
