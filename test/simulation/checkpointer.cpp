// SPDX-License-Identifier: Apache-2.0
#include "simulation/checkpointer.hpp"

#include <array>
#include <bit>

namespace doppel::simulation {
namespace {

constexpr std::array<std::size_t, 4> kPauses{4, 12, 30, 80};

}  // namespace

Checkpointer::Checkpointer(World& world, const Feed& feed, const Point& last)
    : world_(world), feed_(feed), last_(last), pause_(kPauses[world.random.pick(kPauses.size())]) {
    last_.run = world.run;
}

bool Checkpointer::step() {
    switch (phase_) {
        case Phase::idle:
            return look();
        case Phase::sent:
            return write();
        case Phase::committing:
            // A session that lost the answer is there again only when the commit has ended.
            if (!world_.server.is_visible(*place_)) {
                return false;
            }
            place_.reset();
            phase_ = Phase::idle;
            return true;
    }
    return false;
}

bool Checkpointer::look() {
    // When nobody will kill the process any more, nobody reads a point.
    if (world_.kills_left == 0 || world_.steps < next_look_) {
        return false;
    }
    next_look_ = world_.steps + pause_;
    safe_.note(world_.coordinator, now());
    auto safe = world_.leaves_out(LeftOut::safe_point) ? std::optional(now())
                                                       : safe_.settle(world_.coordinator);
    if (!safe) {
        return true;
    }
    last_ = *safe;
    if (world_.leaves_out(LeftOut::point_moment)) {
        last_.place = feed_.resumable_place();
    }
    phase_ = Phase::sent;
    return true;
}

Point Checkpointer::now() const {
    Point point;
    point.low_water = copied_through();
    point.copied = world_.coordinator.copied();
    point.place = feed_.resumable_place();
    point.run = world_.run;
    return point;
}

int Checkpointer::copied_through() const {
    if (world_.leaves_out(LeftOut::low_water)) {
        return static_cast<int>(std::bit_width(world_.open_keys | world_.closed_keys)) - 1;
    }
    const auto& mark = world_.coordinator.closed_through();
    return mark ? world_.code.decode(*mark) : -1;
}

bool Checkpointer::write() {
    if (world_.server.locked()) {
        return false;
    }
    place_ = world_.server.append_point(last_);
    phase_ = Phase::committing;
    world_.note(
        "checkpointer: writes at {}: copied up to {}{}, reads on at {}",
        *place_,
        last_.low_water,
        last_.copied ? " and all" : "",
        last_.place
    );
    return true;
}

void Checkpointer::on_crash() {
    place_.reset();
    phase_ = Phase::idle;
}

void Checkpointer::leave(Remnants& remnants) const {
    if (phase_ == Phase::idle) {
        return;
    }
    Remnant rest;
    rest.commits = true;
    rest.point = last_;
    rest.place = place_;
    remnants.add(std::move(rest));
}

}  // namespace doppel::simulation
