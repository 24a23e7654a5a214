// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/coordinator.hpp"
#include "simulation/random.hpp"
#include "simulation/rules.hpp"
#include "simulation/server.hpp"
#include "simulation/shadow_table.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace doppel::simulation {

using Trace = std::function<void(const std::string&)>;

/// Keys as bytes. Exactly comparable ones sort as the server sorts them. The others sort otherwise,
/// and each has two spellings that are one key to the server.
class KeyCode final {
public:
    explicit KeyCode(bool exact) : exact_(exact) {}
    [[nodiscard]] mysql::Key encode(int key, unsigned spelling = 0) const;
    [[nodiscard]] int decode(const mysql::Key& key) const;
    /// The keys of a range.
    [[nodiscard]] KeyMask mask(const mysql::KeyRange& range) const;

private:
    bool exact_;
};

/// What the actors of one schedule share.
struct World {
    World(std::uint64_t seed, Rules given_rules, Trace given_trace);

    /// A process of doppel begins, with what the state table says.
    void begin_run(const Point& from);
    /// What those who read the state table now find there.
    [[nodiscard]] Point stored_point() const {
        return server.point_before(server.visible_to()).value_or(first_point);
    }
    /// The tables are swapped: they must be equal now.
    void swap();

    template <class... Args>
    void note(fmt::format_string<Args...> format, Args&&... args) {
        if (trace) {
            trace(fmt::format(format, std::forward<Args>(args)...));
        }
    }
    /// True now and then, but not for ever: something goes wrong.
    bool mishap(unsigned percent);
    void fail(std::string what);
    [[nodiscard]] bool leaves_out(LeftOut rule) const { return rules.left_out == rule; }

    // The coordinator, and where keys go instead that do not wait for open chunks.
    [[nodiscard]] bool fence_wanted() const;
    [[nodiscard]] std::size_t pending() const;
    /// Where keys of a batch from `from` may be touched.
    [[nodiscard]] KeyMask batch_keys(const protocol::Batch& batch) const;

    /// Every step takes a millisecond.
    [[nodiscard]] std::chrono::steady_clock::time_point now() const {
        return std::chrono::steady_clock::time_point(std::chrono::milliseconds(steps));
    }

    std::size_t steps = 0;
    Random random;
    Rules rules;
    Trace trace;
    KeyCode code;
    Server server;
    ShadowTable shadow;
    protocol::Coordinator coordinator;
    std::optional<protocol::Coordinator> shortcut;  ///< only with LeftOut::epoch
    /// Refused batches that the first reconciler is to take, and who gave them out.
    std::vector<std::pair<protocol::Coordinator*, protocol::Batch>> handed_over;
    KeyMask open_keys = 0;        ///< of open chunks
    KeyMask closed_keys = 0;      ///< of closed chunks
    Place delivered_to = 0;       ///< behind what the feed has delivered
    int markers_expected = 0;     ///< how many wait for the feed to pass a marker
    std::size_t pending_max = 0;  ///< the feed pauses above this
    /// Of rows that somebody has deleted, or is about to, in one transaction to insert them in
    /// another.
    KeyMask deleted_alone = 0;
    bool may_copy = false;  ///< no XA transaction is left that the feed knows nothing of
    bool replay_paused = false;
    bool upserts = false;            ///< reconcilers need not delete rows that are still there
    bool helpers_hand_over = false;  ///< else all reconcilers do what the first one does
    bool swapped = false;
    Point first_point;  ///< written before everything
    unsigned run = 0;   ///< which process it is
    unsigned kills_left = 0;
    int last_session = 0;
    unsigned mishaps_left = 0;
    unsigned mishap_percent = 0;          ///< scales all of them
    unsigned mishap_after_duplicate = 1;  ///< for Reconciler
    std::string broken;
};

/// Writes a marker and waits until the feed has passed it.
class PassFence final {
public:
    enum class Progress { none, moved, done };
    /// Whether less will be pending only when it has passed, so that the feed must not pause.
    enum class Waiting { for_replay, beside_replay };
    explicit PassFence(Waiting waiting) : waiting_(waiting) {}
    Progress step(World& world, const char* who);
    /// What was not committed is written again.
    void on_crash(World& world);

private:
    void expect(World& world, int change) const {
        world.markers_expected += waiting_ == Waiting::for_replay ? change : 0;
    }

    Waiting waiting_;
    std::optional<Place> place_;
};

}  // namespace doppel::simulation
