// SPDX-License-Identifier: Apache-2.0
#include "simulation/schedule.hpp"

#include "doppel/error.hpp"

#include <array>

namespace doppel::simulation {
namespace {

constexpr std::size_t kStepsMax = 20'000;
/// Draws in vain before everybody is asked in turn.
constexpr unsigned kDrawsMax = 10;
/// Rounds in which nobody could do anything; a wait may time out in any of them, which is how most
/// of them end that are for nothing.
constexpr unsigned kRoundsMax = 5'000;
/// Application, engine, the end of the server, the end of the process, what it leaves, its
/// successor.
constexpr std::size_t kOutsideActors = 6;
constexpr unsigned kCrashPercent = 2;
constexpr unsigned kKillPercent = 3;
constexpr unsigned kSchedulesWithCrashesPercent = 40;

}  // namespace

Schedule::Schedule(std::uint64_t seed, Rules rules, Trace trace)
    : world_(seed, rules, std::move(trace)),
      application_(world_),
      remnants_(world_),
      resumption_(world_, remnants_),
      crashes_left_(world_.random.chance(kSchedulesWithCrashesPercent) ? 2 : 0) {
    application_.begin();
    world_.first_point.place = world_.delivered_to;
    start(world_.first_point);
}

void Schedule::start(const Point& from) {
    world_.begin_run(from);
    process_.emplace(world_, application_, from);
    // In some schedules the engine is far slower than the rest, or the feed, or a copier ..
    actors_ = kOutsideActors + process_->actors();
    constexpr std::array<std::size_t, 4> kSpeeds{1, 4, 8, 16};
    urn_.clear();
    for (std::size_t actor = 0; actor < actors_; ++actor) {
        const std::size_t speed = kSpeeds[world_.random.pick(kSpeeds.size())];
        urn_.insert(urn_.end(), speed, actor);
    }
}

std::string Schedule::run() {
    try {
        while (!world_.swapped) {
            if (++world_.steps > kStepsMax) {
                world_.fail("the schedule did not end");
            } else if (!step_anyone() && !step_everyone()) {
                world_.fail("the schedule did not end: nobody can do anything");
            }
            if (!world_.broken.empty()) {
                break;
            }
        }
    } catch (const Error& error) {
        world_.fail(error.what());
    }
    return world_.broken;
}

bool Schedule::step_anyone() {
    for (unsigned i = 0; i < kDrawsMax; ++i) {
        if (step(urn_[world_.random.pick(urn_.size())])) {
            return true;
        }
    }
    return false;
}

bool Schedule::step_everyone() {
    for (unsigned round = 0; round < kRoundsMax; ++round) {
        const std::size_t first = world_.random.pick(actors_);
        for (std::size_t i = 0; i < actors_; ++i) {
            if (step((first + i) % actors_)) {
                return true;
            }
        }
    }
    return false;
}

bool Schedule::step(std::size_t actor) {
    switch (actor) {
        case 0:
            return application_.step();
        case 1:
            return commit();
        case 2:
            return crash();
        case 3:
            return kill();
        case 4:
            return remnants_.step();
        case 5:
            return resume();
        default:
            return process_ && process_->step(actor - kOutsideActors);
    }
}

bool Schedule::commit() {
    Server& server = world_.server;
    if (!server.all_synced() && (server.all_synced_visible() || world_.random.chance(50))) {
        server.sync();
        world_.note("engine: all before {} is synced", server.synced_to());
        return true;
    }
    if (server.all_synced_visible()) {
        return false;
    }
    const Entry& entry = world_.server.make_visible();
    if (entry.session >= 0) {
        world_.shadow.commit(entry.session);
    }
    if (process_) {
        process_->on_visible();
    }
    world_.note("engine: all before {} is visible", server.visible_to());
    return true;
}

bool Schedule::crash() {
    if (crashes_left_ == 0 || !world_.random.chance(kCrashPercent)) {
        return false;
    }
    --crashes_left_;
    end_transactions();
    application_.on_crash();
    remnants_.on_crash();
    if (process_) {
        process_->on_crash();
    } else {
        resumption_.on_crash();
    }
    return true;
}

/// kill -9 of doppel.
bool Schedule::kill() {
    if (world_.kills_left == 0 || !world_.random.chance(kKillPercent)) {
        return false;
    }
    --world_.kills_left;
    world_.note("doppel: dies");
    if (process_) {
        process_->leave(remnants_);
        process_.reset();
        resumption_.begin();
    } else {
        resumption_.leave();
    }
    return true;
}

bool Schedule::resume() {
    if (process_) {
        return false;
    }
    if (const auto from = resumption_.take()) {
        start(*from);
        return true;
    }
    return resumption_.step();
}

/// Recovery commits what is in the binlog and rolls everything else back.
void Schedule::end_transactions() {
    Server& server = world_.server;
    const Place synced = server.synced_to();
    const Place survives = synced + world_.random.pick(server.binlog().size() - synced + 1);
    for (Place at = server.visible_to(); at < survives; ++at) {
        if (const int session = server.binlog()[at].session; session >= 0) {
            world_.shadow.commit(session);
        }
    }
    for (int session = 0; session <= world_.last_session; ++session) {
        world_.shadow.rollback(session);
    }
    server.crash(survives);
    world_.note("server: crashes; all before {} survives", survives);
}

}  // namespace doppel::simulation
