// SPDX-License-Identifier: Apache-2.0
#include "simulation/remnants.hpp"

namespace doppel::simulation {
namespace {

/// Per look: the server finds that the connection is gone.
constexpr unsigned kNoticedPercent = 15;
constexpr unsigned kConflictPercent = 10;

}  // namespace

bool Remnants::step() {
    if (remnants_.empty()) {
        return false;
    }
    const std::size_t at = world_.random.pick(remnants_.size());
    const Progress progress = step(remnants_[at]);
    if (progress == Progress::over) {
        remnants_.erase(remnants_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return progress != Progress::none;
}

Remnants::Progress Remnants::step(Remnant& remnant) {
    if (remnant.place) {
        if (!world_.server.is_visible(*remnant.place)) {
            return Progress::none;
        }
        finish(remnant);
        return Progress::over;
    }
    if (remnant.statement) {
        return step_statement(remnant);
    }
    if (!world_.random.chance(kNoticedPercent)) {
        return Progress::none;
    }
    return commit(remnant);
}

Remnants::Progress Remnants::step_statement(Remnant& remnant) {
    const auto progress = world_.random.chance(kConflictPercent)
                              ? Statement::Progress::conflict
                              : remnant.statement->step(world_, remnant.session);
    switch (progress) {
        case Statement::Progress::none:
            return Progress::none;
        case Statement::Progress::moved:
            return Progress::moved;
        case Statement::Progress::done:
            remnant.statement.reset();
            return Progress::moved;
        default:
            roll_back(remnant);
            return Progress::over;
    }
}

Remnants::Progress Remnants::commit(Remnant& remnant) {
    Server& server = world_.server;
    if (!remnant.commits) {
        roll_back(remnant);
        return Progress::over;
    }
    if (remnant.point) {
        const auto written = server.point_before(server.binlog().size());
        if (written && written->run > remnant.point->run) {
            return Progress::over;  // another run has its name there: no row is changed
        }
        remnant.place = server.append_point(*remnant.point);
    } else {
        remnant.place = server.append_ours(remnant.session);
    }
    world_.note(
        "server: commits for session {} of a dead process at {}{}",
        remnant.session,
        *remnant.place,
        remnant.renames ? ", a RENAME" : ""
    );
    return Progress::moved;
}

void Remnants::finish(const Remnant& remnant) {
    if (remnant.renames) {
        world_.swap();
    }
    if (remnant.locks) {
        world_.server.lock(false);
    }
}

void Remnants::roll_back(const Remnant& remnant) {
    world_.note("server: rolls session {} of a dead process back", remnant.session);
    world_.shadow.rollback(remnant.session);
    if (remnant.locks) {
        world_.server.lock(false);
    }
}

void Remnants::on_crash() {
    for (const Remnant& remnant : std::exchange(remnants_, {})) {
        if (remnant.place && world_.server.is_visible(*remnant.place)) {
            finish(remnant);
        }
    }
}

void Remnants::end_all() {
    std::erase_if(remnants_, [this](const Remnant& remnant) {
        if (remnant.place) {
            return false;
        }
        roll_back(remnant);
        return true;
    });
}

}  // namespace doppel::simulation
