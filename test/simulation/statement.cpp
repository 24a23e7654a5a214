// SPDX-License-Identifier: Apache-2.0
#include "simulation/statement.hpp"

#include <bit>

namespace doppel::simulation {
namespace {

constexpr unsigned kPausePercent = 35;
constexpr unsigned kWaitEndsPercent = 12;

}  // namespace

ShadowTable::Outcome Statement::next_row(World& world, int session) {
    const int key = std::countr_zero(keys_);
    const Row& row = view_[static_cast<std::size_t>(key)];
    auto outcome = ShadowTable::Outcome::done;
    switch (kind_) {
        case Kind::erase:
            outcome = world.shadow.erase(session, key);
            break;
        case Kind::insert:
            if (row.present) {
                outcome = world.shadow.insert(session, key, row);
            }
            break;
        case Kind::put:
            if (row.present) {
                outcome = world.shadow.put(session, key, row);
            }
            break;
        case Kind::erase_gone:
            if (!row.present) {
                outcome = world.shadow.erase(session, key);
            }
            break;
    }
    if (outcome == ShadowTable::Outcome::done) {
        keys_ &= keys_ - 1;
    }
    return outcome;
}

Statement::Progress Statement::step(World& world, int session) {
    while (keys_ != 0) {
        switch (next_row(world, session)) {
            case ShadowTable::Outcome::done:
                break;
            case ShadowTable::Outcome::wait:
                return world.random.chance(kWaitEndsPercent) ? Progress::conflict : Progress::none;
            case ShadowTable::Outcome::duplicate:
                return Progress::duplicate;
            case ShadowTable::Outcome::row_there:
                return Progress::row_there;
        }
        if (keys_ != 0 && world.random.chance(kPausePercent)) {
            return Progress::moved;
        }
    }
    return Progress::done;
}

Statement::Progress Statement::run(World& world, int session) {
    while (true) {
        const Progress progress = step(world, session);
        if (progress != Progress::moved) {
            return progress;
        }
    }
}

}  // namespace doppel::simulation
