// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "misfit/contest.hpp"
#include "simulation/world.hpp"

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace doppel::simulation {

/// Looks at refused keys with the reactions of replay::Judge: requests stale rows that are in the
/// way, and decides when rows of the source are duplicates that stay. Being right about that it
/// ends no schedule: the application takes every duplicate back in the end.
class Judge final {
public:
    explicit Judge(World& world);
    /// A look, if keys are refused.
    bool step();
    void on_crash();
    /// Something became visible.
    void on_visible();

    void met(const mysql::Key& key);
    void settled(const mysql::Key& key) { contest_.settled(plain(key)); }
    [[nodiscard]] bool is_involved(const mysql::Key& key) const;
    /// No key is refused at present.
    [[nodiscard]] bool empty() const { return contest_.empty(); }
    [[nodiscard]] bool busy() const { return convicting_; }

private:
    using Pair = std::pair<int, int>;

    /// One spelling for all that are the same key.
    [[nodiscard]] mysql::Key plain(const mysql::Key& key) const {
        return world_.code.encode(world_.code.decode(key));
    }
    [[nodiscard]] bool collide(int one, int other) const;
    [[nodiscard]] KeyMask in_the_way_of(KeyMask suspects) const;
    [[nodiscard]] std::vector<Pair> collisions(KeyMask keys) const;
    void look();
    void request_stale(KeyMask stale);
    void weigh(const misfit::Contest::Suspects& suspects, const std::vector<Pair>& collisions);
    void convict();
    [[nodiscard]] std::uint64_t changes(Pair pair, protocol::Sequence visible);
    [[nodiscard]] Pair pair_of(const misfit::Offence& offence) const;

    World& world_;
    misfit::Contest contest_;
    std::set<mysql::Key> in_the_way_;
    bool convicting_ = false;
    PassFence fence_{PassFence::Waiting::for_replay};
    /// How many looks have seen rows collide that have collided at every moment since.
    std::map<Pair, unsigned> lasting_;
    std::map<Pair, unsigned> lasting_at_look_;  ///< as of the last look
};

}  // namespace doppel::simulation
