// SPDX-License-Identifier: Apache-2.0
#include "simulation/schedule.hpp"

#include "doppel/error.hpp"

namespace doppel::simulation {
namespace {

constexpr std::size_t kStepsMax = 20'000;
/// Draws in vain before everybody is asked in turn.
constexpr unsigned kDrawsMax = 10;
/// Rounds in which nobody could do anything; a wait may time out in any of them, which is how most
/// of them end that are for nothing.
constexpr unsigned kRoundsMax = 5'000;
constexpr std::size_t kCopiersMax = 3;
constexpr std::size_t kReconcilersMax = 3;
constexpr int kConductorSession = 0;
/// Application, engine, feed, fencer, boundaries, conductor, the end of the server, starter, judge.
constexpr std::size_t kSingleActors = 9;
constexpr std::size_t kEngine = 1;
constexpr unsigned kCrashPercent = 2;
constexpr unsigned kSchedulesWithCrashesPercent = 40;

}  // namespace

Schedule::Schedule(std::uint64_t seed, Rules rules, Trace trace)
    : world_(seed, rules, std::move(trace)),
      application_(world_),
      feed_(world_),
      starter_(world_, application_, feed_),
      fencer_(world_),
      judge_(world_),
      conductor_(world_, application_, reconcilers_, judge_, kConductorSession),
      crashes_left_(world_.random.chance(kSchedulesWithCrashesPercent) ? 2 : 0) {
    int session = kConductorSession;
    const std::size_t copiers = 1 + world_.random.pick(kCopiersMax);
    for (std::size_t i = 0; i < copiers; ++i) {
        copiers_.emplace_back(world_, boundaries_, ++session);
    }
    // What a failed batch seems to prove matters to somebody else.
    const bool batches_fail = world_.mishap_after_duplicate > 1;
    const std::size_t reconcilers =
        batches_fail ? kReconcilersMax : 1 + world_.random.pick(kReconcilersMax);
    for (std::size_t i = 0; i < reconcilers; ++i) {
        reconcilers_.emplace_back(world_, judge_, ++session);
    }
    // In some schedules the engine is far slower than the rest, or the feed, or a copier ..
    actors_ = kSingleActors + copiers + reconcilers;
    constexpr std::array<std::size_t, 4> kSpeeds{1, 4, 8, 16};
    for (std::size_t actor = 0; actor < actors_; ++actor) {
        const std::size_t speed = kSpeeds[world_.random.pick(kSpeeds.size())];
        urn_.insert(urn_.end(), speed, actor);
    }
    application_.begin();
}

std::string Schedule::run() {
    try {
        while (!conductor_.done()) {
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
        case kEngine:
            return commit();
        case 2:
            return feed_.step();
        case 3:
            return fencer_.step();
        case 4:
            return boundaries_.step(world_);
        case 5:
            return conductor_.step();
        case 6:
            return crash();
        case 7:
            return starter_.step();
        case 8:
            return judge_.step();
        default:
            break;
    }
    actor -= kSingleActors;
    if (actor < copiers_.size()) {
        return copiers_[actor].step();
    }
    return reconcilers_[actor - copiers_.size()].step();
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
    judge_.on_visible();
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
    feed_.on_crash();
    starter_.on_crash();
    fencer_.on_crash();
    judge_.on_crash();
    conductor_.on_crash();
    for (Copier& copier : copiers_) {
        copier.on_crash();
    }
    for (Reconciler& reconciler : reconcilers_) {
        reconciler.on_crash();
    }
    return true;
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
    const int sessions = static_cast<int>(1 + copiers_.size() + reconcilers_.size());
    for (int session = 0; session < sessions; ++session) {
        world_.shadow.rollback(session);
    }
    server.crash(survives);
    world_.note("server: crashes; all before {} survives", survives);
}

}  // namespace doppel::simulation
