// SPDX-License-Identifier: Apache-2.0
#include "simulation/judge.hpp"

#include <bit>
#include <limits>

namespace doppel::simulation {
namespace {

using misfit::Contest;
using misfit::Offence;

/// Few looks and no waiting: what counts is that nothing changes between them.
constexpr unsigned kLooks = 3;

Contest::Limits limits() {
    constexpr std::chrono::milliseconds kNone{0};
    constexpr std::chrono::hours kNever{1'000};
    Contest::Limits limits;
    limits.duplicate = {kNone, kLooks, kNever, 1'000'000};
    limits.look_pause = kNone;
    return limits;
}

std::vector<int> keys_in(KeyMask mask) {
    std::vector<int> keys;
    for (; mask != 0; mask &= mask - 1) {
        keys.push_back(std::countr_zero(mask));
    }
    return keys;
}

}  // namespace

Judge::Judge(World& world) : world_(world), contest_(limits()) {}

bool Judge::step() {
    if (convicting_) {
        const auto progress = fence_.step(world_, "judge");
        if (progress == PassFence::Progress::done) {
            convicting_ = false;
            convict();
        }
        return progress != PassFence::Progress::none;
    }
    if (world_.replay_paused || !contest_.look_due(world_.now())) {
        return false;
    }
    look();
    if (!contest_.ripe().empty()) {
        convicting_ = !world_.leaves_out(LeftOut::conviction_fence);
        if (!convicting_) {
            convict();
        }
    }
    return true;
}

void Judge::on_crash() {
    fence_.on_crash(world_);
    on_visible();
}

void Judge::on_visible() {
    std::erase_if(lasting_, [this](const auto& item) {
        return !collide(item.first.first, item.first.second);
    });
}

void Judge::met(const mysql::Key& key) {
    contest_.met(plain(key), Error(Errc::failed, "", ServerError{1062, ""}), world_.now());
}

bool Judge::is_involved(const mysql::Key& key) const {
    return contest_.contains(plain(key)) || in_the_way_.contains(plain(key));
}

bool Judge::collide(int one, int other) const {
    const Row& first = world_.server.visible()[static_cast<std::size_t>(one)];
    const Row& second = world_.server.visible()[static_cast<std::size_t>(other)];
    return first.present && second.present && first.unique != kNull &&
           first.unique == second.unique;
}

KeyMask Judge::in_the_way_of(KeyMask suspects) const {
    KeyMask found = 0;
    for (const int suspect : keys_in(suspects)) {
        const Row& row = world_.server.visible()[static_cast<std::size_t>(suspect)];
        for (int key = 0; key < kKeys; ++key) {
            const Row& other = world_.shadow.rows()[static_cast<std::size_t>(key)];
            if (row.present && row.unique != kNull && other.present && other.unique == row.unique) {
                found |= bit(key);
            }
        }
    }
    return found & ~suspects;
}

std::vector<Judge::Pair> Judge::collisions(KeyMask keys) const {
    std::vector<Pair> pairs;
    for (const int one : keys_in(keys)) {
        for (const int other : keys_in(keys & ~(bit(one + 1) - 1))) {
            if (collide(one, other)) {
                pairs.emplace_back(one, other);
            }
        }
    }
    return pairs;
}

void Judge::look() {
    const Contest::Suspects suspects = contest_.suspects();
    KeyMask looked_at = 0;
    for (const mysql::Key& key : suspects.duplicates) {
        looked_at |= bit(world_.code.decode(key));
    }
    const KeyMask in_the_way = in_the_way_of(looked_at);
    const std::vector<Pair> pairs = collisions(looked_at | in_the_way);
    KeyMask colliding = 0;
    for (const auto& [one, other] : pairs) {
        colliding |= bit(one) | bit(other);
    }
    world_.note(
        "judge: looks at keys {:08b}; {:08b} collide, {:08b} are in the way",
        looked_at,
        colliding,
        in_the_way
    );
    request_stale(in_the_way & ~colliding);
    weigh(suspects, pairs);
}

void Judge::request_stale(KeyMask stale) {
    in_the_way_.clear();
    for (const int key : keys_in(stale)) {
        const unsigned spelling = world_.random.chance(50) ? 1 : 0;
        world_.coordinator.request(world_.code.encode(key, spelling).bytes);
        in_the_way_.insert(world_.code.encode(key));
    }
}

void Judge::weigh(const Contest::Suspects& suspects, const std::vector<Pair>& collisions) {
    std::vector<Offence> offences;
    std::vector<std::uint64_t> counts;
    constexpr auto kAll = std::numeric_limits<protocol::Sequence>::max();
    const auto visible =
        world_.leaves_out(LeftOut::conviction_fence) ? kAll : world_.coordinator.visible_through();
    for (const Pair& pair : collisions) {
        offences.push_back(
            {{world_.code.encode(pair.first), world_.code.encode(pair.second)}, {}, std::nullopt}
        );
        counts.push_back(changes(pair, visible));
        ++lasting_[pair];
    }
    lasting_at_look_ = lasting_;
    contest_.looked(world_.now(), suspects, offences, counts);
    std::set<mysql::Key> watched;
    for (const Offence& offence : contest_.offences()) {
        const auto [one, other] = pair_of(offence);
        for (const unsigned spelling : {0U, 1U}) {
            watched.insert(world_.code.encode(one, spelling));
            watched.insert(world_.code.encode(other, spelling));
        }
    }
    world_.coordinator.watch().retain(watched);
}

/// However a key was spelled when it was delivered.
std::uint64_t Judge::changes(Pair pair, protocol::Sequence visible) {
    std::set<mysql::Key> keys;
    for (const unsigned spelling : {0U, 1U}) {
        keys.insert(world_.code.encode(pair.first, spelling));
        keys.insert(world_.code.encode(pair.second, spelling));
    }
    std::uint64_t count = 0;
    for (const mysql::Key& key : keys) {
        count += world_.coordinator.changes(key, visible);
    }
    return count;
}

Judge::Pair Judge::pair_of(const Offence& offence) const {
    return {world_.code.decode(offence.keys.at(0)), world_.code.decode(offence.keys.at(1))};
}

void Judge::convict() {
    constexpr auto kAll = std::numeric_limits<protocol::Sequence>::max();
    for (const Offence& offence : contest_.ripe()) {
        const Pair pair = pair_of(offence);
        if (!contest_.stands(offence, changes(pair, kAll))) {
            continue;
        }
        world_.note("judge: the rows of keys {} and {} are duplicates", pair.first, pair.second);
        if (lasting_at_look_[pair] < kLooks) {
            world_.fail(fmt::format(
                "the rows of keys {} and {} were taken for duplicates that stay, but one of them "
                "had changed in between",
                pair.first,
                pair.second
            ));
        }
        for (const mysql::Key& key : offence.keys) {
            contest_.settled(key);
        }
    }
}

}  // namespace doppel::simulation
