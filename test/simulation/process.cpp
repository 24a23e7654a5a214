// SPDX-License-Identifier: Apache-2.0
#include "simulation/process.hpp"

namespace doppel::simulation {
namespace {

constexpr std::size_t kCopiersMax = 3;
constexpr std::size_t kReconcilersMax = 3;
/// Feed, fencer, boundaries, conductor, starter, judge, checkpointer.
constexpr std::size_t kSingleActors = 7;

}  // namespace

Process::Process(World& world, const Application& application, const Point& from)
    : world_(world),
      feed_(world),
      starter_(world, application, feed_),
      fencer_(world),
      judge_(world),
      checkpointer_(world, feed_, from),
      conductor_(world, application, reconcilers_, judge_, ++world.last_session) {
    boundaries_.resume(from);
    add_sessions();
}

void Process::add_sessions() {
    const std::size_t copiers = 1 + world_.random.pick(kCopiersMax);
    for (std::size_t i = 0; i < copiers; ++i) {
        copiers_.emplace_back(world_, boundaries_, ++world_.last_session);
    }
    // What a failed batch seems to prove matters to somebody else.
    const bool batches_fail = world_.mishap_after_duplicate > 1;
    const std::size_t reconcilers =
        batches_fail ? kReconcilersMax : 1 + world_.random.pick(kReconcilersMax);
    for (std::size_t i = 0; i < reconcilers; ++i) {
        reconcilers_.emplace_back(world_, judge_, ++world_.last_session, i == 0);
    }
}

std::size_t Process::actors() const {
    return kSingleActors + copiers_.size() + reconcilers_.size();
}

bool Process::step(std::size_t actor) {
    switch (actor) {
        case 0:
            return feed_.step();
        case 1:
            return fencer_.step();
        case 2:
            return boundaries_.step(world_);
        case 3:
            return conductor_.step();
        case 4:
            return starter_.step();
        case 5:
            return judge_.step();
        case 6:
            return checkpointer_.step();
        default:
            break;
    }
    actor -= kSingleActors;
    if (actor < copiers_.size()) {
        return copiers_[actor].step();
    }
    return reconcilers_[actor - copiers_.size()].step();
}

void Process::on_crash() {
    feed_.on_crash();
    starter_.on_crash();
    fencer_.on_crash();
    judge_.on_crash();
    conductor_.on_crash();
    checkpointer_.on_crash();
    for (Copier& copier : copiers_) {
        copier.on_crash();
    }
    for (Reconciler& reconciler : reconcilers_) {
        reconciler.on_crash();
    }
}

void Process::leave(Remnants& remnants) {
    conductor_.leave(remnants);
    checkpointer_.leave(remnants);
    for (const Copier& copier : copiers_) {
        copier.leave(remnants);
    }
    for (const Reconciler& reconciler : reconcilers_) {
        reconciler.leave(remnants);
    }
}

}  // namespace doppel::simulation
