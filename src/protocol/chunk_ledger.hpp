// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key_condition.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

namespace doppel::protocol {

/// A chunk's place along the key: 0 for the first, then upwards without gaps.
using ChunkIndex = std::uint64_t;
/// Counts openings; a chunk that is cancelled and opened again gets a new number.
using Opening = std::uint64_t;

/// Which parts of the table are copied, being copied, and not begun. Chunks are added in the order
/// of the key, each beginning where the one before ends; they may be open at the same time, close
/// in any order, and be cancelled, which makes them as if never begun. Keeps only the chunks beyond
/// the contiguous closed part.
///
///     unopened --open--> open --close--> closed
///         ^---cancel------'
class ChunkLedger final {
public:
    enum class State { unopened, open, closed };
    struct Place {
        State state = State::unopened;
        ChunkIndex chunk = 0;  ///< meaningful when open
    };

    /// Begins with what an earlier run copied: everything up to `low_water`, or the whole table.
    /// Before anything else.
    void resume(std::optional<mysql::Key> low_water, bool whole_table);
    /// Appends the next chunk, ending at `upper`; no upper bound makes it the last one.
    ChunkIndex add(std::optional<mysql::Key> upper);
    Opening open(ChunkIndex chunk);
    void close(ChunkIndex chunk);
    void cancel(ChunkIndex chunk);

    [[nodiscard]] const mysql::KeyRange& range(ChunkIndex chunk) const;
    /// Where an encoded key lies. Only for exactly comparable keys: compares bytes.
    [[nodiscard]] Place locate(std::string_view key_bytes) const;

    /// The latest opening so far; 0 before the first.
    [[nodiscard]] Opening last_opening() const noexcept { return last_opening_; }
    [[nodiscard]] bool any_open() const noexcept { return open_count_ > 0; }
    /// True when no chunk is open whose opening is `opening` or earlier.
    [[nodiscard]] bool all_done_since(Opening opening) const;

    /// Chunks beyond the contiguous closed part.
    [[nodiscard]] std::size_t kept() const noexcept { return chunks_.size(); }
    /// Upper end of the contiguous closed part that has one; nothing before its first chunk closed.
    [[nodiscard]] const std::optional<mysql::Key>& low_water() const noexcept { return low_water_; }
    /// The closed part as ranges in key order, neighbours merged.
    [[nodiscard]] std::vector<mysql::KeyRange> closed_ranges() const;
    /// True when the last chunk was added and all are closed: every key lies in the closed part.
    [[nodiscard]] bool complete() const;

private:
    struct Chunk {
        mysql::KeyRange range;
        State state = State::unopened;
        Opening opening = 0;
    };

    [[nodiscard]] const Chunk& at(ChunkIndex chunk) const;
    [[nodiscard]] Chunk& at(ChunkIndex chunk);
    void drop_closed_prefix();

    std::deque<Chunk> chunks_;  ///< those from first_ on
    ChunkIndex first_ = 0;
    std::optional<mysql::Key> low_water_;  ///< upper bound of the closed prefix, if any was closed
    bool last_added_ = false;
    Opening last_opening_ = 0;
    std::size_t open_count_ = 0;
};

}  // namespace doppel::protocol
