// SPDX-License-Identifier: Apache-2.0
#include "simulation/world.hpp"

namespace doppel::simulation {
namespace {

/// How much goes wrong in a schedule.
struct Weather {
    unsigned mishaps_max;
    unsigned mishap_percent;       ///< scales the chance of all of them
    unsigned after_duplicate = 1;  ///< the chance in what a reconciler tries then
};
constexpr Weather kCalm{0, 100};
constexpr Weather kUsual{10, 100};
constexpr Weather kRough{10, 400};
constexpr Weather kStorm{60, 2'500};
/// Nothing of a batch that met a duplicate is committed.
constexpr Weather kBatchesFail{120, 100, 80};

constexpr unsigned kRunsWithKillsPercent = 35;

Weather pick_weather(Random& random, LeftOut left_out) {
    if (left_out == LeftOut::failed_batch) {
        return kBatchesFail;  // nothing else needs the rule
    }
    constexpr std::array kWeathers{
        kCalm, kCalm, kCalm, kUsual, kUsual, kUsual, kRough, kRough, kStorm, kBatchesFail};
    return kWeathers[random.pick(kWeathers.size())];
}

protocol::Coordinator::Limits pick_limits(Random& random) {
    return {2 + random.pick(2), 1'000};
}

}  // namespace

mysql::Key KeyCode::encode(int key, unsigned spelling) const {
    // 5 * 5 = 25 = 1 modulo 8, so the scramble is undone by the same factor.
    const unsigned at = static_cast<unsigned>(key);
    const unsigned code = exact_ ? at + 1 : ((at * 5 + 3) % kKeys) * 2 + spelling + 1;
    return mysql::Key{std::string(1, static_cast<char>(code))};
}

int KeyCode::decode(const mysql::Key& key) const {
    const unsigned code = static_cast<unsigned char>(key.bytes.front()) - 1U;
    return static_cast<int>(exact_ ? code : ((code / 2 + kKeys - 3) * 5) % kKeys);
}

KeyMask KeyCode::mask(const mysql::KeyRange& range) const {
    return keys_between(
        range.lower ? decode(*range.lower) : -1, range.upper ? decode(*range.upper) : kKeys - 1
    );
}

World::World(std::uint64_t seed, Rules given_rules, Trace given_trace)
    : random(seed),
      rules(given_rules),
      trace(std::move(given_trace)),
      code(given_rules.exactly_comparable),
      coordinator(given_rules.exactly_comparable, pick_limits(random)),
      pending_max(random.chance(30) ? 3 : 1'000) {
    const Weather weather = pick_weather(random, given_rules.left_out);
    mishaps_left = weather.mishaps_max;
    mishap_percent = weather.mishap_percent;
    mishap_after_duplicate = weather.after_duplicate;
    if (is_about_resuming(given_rules.left_out)) {
        kills_left = 12;
    } else if (given_rules.left_out == LeftOut::nothing && random.chance(kRunsWithKillsPercent)) {
        kills_left = 1 + static_cast<unsigned>(random.pick(random.chance(20) ? 12 : 3));
    }
}

void World::begin_run(const Point& from) {
    ++run;
    coordinator = protocol::Coordinator(rules.exactly_comparable, pick_limits(random));
    coordinator.resume(
        from.low_water < 0 ? std::nullopt : std::optional(code.encode(from.low_water)), from.copied
    );
    open_keys = 0;
    closed_keys = keys_between(-1, from.copied ? kKeys - 1 : from.low_water);
    delivered_to = from.place;
    markers_expected = 0;
    may_copy = false;
    replay_paused = false;
    handed_over.clear();
    helpers_hand_over = random.chance(50);
    upserts = random.chance(50);
    shortcut.reset();
    if (leaves_out(LeftOut::epoch)) {
        shortcut.emplace(true, pick_limits(random));
        const auto all = shortcut->add_chunk(std::nullopt);
        shortcut->open_chunk(all);
        shortcut->close_chunk(all);
    }
    if (leaves_out(LeftOut::first_fence)) {
        coordinator.acknowledge_fence(coordinator.issue_fence());
    }
}

void World::swap() {
    for (int key = 0; key < kKeys; ++key) {
        const Row& source_row = server.written()[static_cast<std::size_t>(key)];
        const Row& shadow_row = shadow.rows()[static_cast<std::size_t>(key)];
        if (source_row != shadow_row) {
            fail(fmt::format(
                "key {}: the source has {}, the shadow {}", key, source_row.str(), shadow_row.str()
            ));
        }
    }
    note("cut-over: the tables are swapped");
    swapped = true;
}

bool World::mishap(unsigned percent) {
    if (mishaps_left == 0 || random.pick(10'000) >= percent * mishap_percent) {
        return false;
    }
    --mishaps_left;
    return true;
}

void World::fail(std::string what) {
    note("FAILED: {}", what);
    if (broken.empty()) {
        broken = std::move(what);
    }
}

bool World::fence_wanted() const {
    return coordinator.fence_wanted() || (shortcut && shortcut->fence_wanted());
}

std::size_t World::pending() const {
    return coordinator.pending() + (shortcut ? shortcut->pending() : 0);
}

KeyMask World::batch_keys(const protocol::Batch& batch) const {
    KeyMask keys = 0;
    for (const mysql::Key& key : batch.keys) {
        keys |= bit(code.decode(key));
    }
    if (!batch.confined_to || leaves_out(LeftOut::confinement)) {
        return keys;
    }
    KeyMask allowed = 0;
    for (const mysql::KeyRange& range : *batch.confined_to) {
        allowed |= code.mask(range);
    }
    return keys & allowed;
}

void PassFence::on_crash(World& world) {
    if (place_ && !world.server.is_visible(*place_)) {
        place_.reset();
        expect(world, -1);
    }
}

PassFence::Progress PassFence::step(World& world, const char* who) {
    if (!place_) {
        if (world.server.locked()) {
            return Progress::none;
        }
        place_ = world.server.append_ours();
        expect(world, 1);
        world.note("{}: writes a marker at {}", who, *place_);
        return Progress::moved;
    }
    if (!world.server.is_visible(*place_) || world.delivered_to <= *place_) {
        return Progress::none;
    }
    world.note("{}: the feed has passed the marker at {}", who, *place_);
    place_.reset();
    expect(world, -1);
    return Progress::done;
}

}  // namespace doppel::simulation
