// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/coordinator.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace doppel::protocol {

/// A rule of the protocol that the model leaves out, to show that a schedule exists which needs it.
enum class LeftOut {
    nothing,
    fence,  ///< fences are acknowledged without waiting for visibility

    discard_rule,  ///< keys of open chunks are discarded like those beyond the frontier

};

/// A server with one source table of a few keys, in which the binlog is delivered before commits
/// become visible, and copier and reconciler as the coordinator allows them. Every step is chosen
/// at random from what is possible; the seed is the schedule.
class ScheduleModel final {
public:
    ScheduleModel(std::uint64_t seed, bool exactly_comparable, LeftOut left_out);

    /// Runs to the end; empty when shadow and source are equal, else what differs.
    std::string run();

private:
    using Table = std::map<int, int>;  ///< key to value

    /// A transaction in the binlog; one of ours has no change.
    struct Transaction {
        std::vector<std::pair<int, std::optional<int>>> changes;
    };
    struct Chunk {
        ChunkIndex index = 0;
        std::optional<Table> read;  ///< rows its statement saw, once it ran
        int lower = 0;              ///< exclusive
        int upper = 0;              ///< inclusive
    };
    struct Fence {
        FenceClock::Ticket ticket;
        std::size_t place = 0;  ///< in the binlog
    };
    struct Running {
        Batch batch;
        std::optional<std::size_t> committed_at;  ///< place in the binlog once applied
    };

    bool step();
    void write();
    void make_visible();
    void deliver();
    void add_and_open();
    void read_chunk(Chunk& chunk);
    void finish_chunk(std::size_t index);
    void issue_fence();
    void acknowledge_fence();
    void begin_batch();
    void advance_batch();
    [[nodiscard]] bool confined(const Batch& batch, int key) const;
    [[nodiscard]] bool in_open_chunk(int key) const;
    [[nodiscard]] std::string difference() const;
    [[nodiscard]] std::size_t pick(std::size_t count) { return random_() % count; }
    [[nodiscard]] bool chance(unsigned percent) { return random_() % 100 < percent; }

    static mysql::Key encode(int key);
    static int decode(const mysql::Key& key);

    std::mt19937_64 random_;
    bool exact_;
    LeftOut left_out_;
    Coordinator coordinator_;
    Table written_;  ///< what the application sees: all transactions in the binlog
    Table visible_;  ///< what new read views see
    Table shadow_;
    std::deque<Transaction> binlog_;
    std::size_t visible_to_ = 0;
    std::size_t delivered_to_ = 0;
    std::vector<Chunk> open_;
    std::vector<Chunk> cancelled_;
    std::vector<Fence> fences_;
    std::vector<Running> batches_;
    int next_lower_ = -1;
    bool all_added_ = false;
    unsigned writes_left_ = 40;
    int next_value_ = 1;
    std::string broken_;
};

}  // namespace doppel::protocol
