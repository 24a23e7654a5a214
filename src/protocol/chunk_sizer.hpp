// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace doppel::protocol {

/// Chooses how many rows to copy or compare at once, so that the statement takes about
/// `time_target`: long enough to be efficient, short enough not to be felt (its read view holds
/// back the undo log). Grows at most twofold a step, shrinks at once. Pure.
class ChunkSizer final {
public:
    struct Limits {
        std::size_t rows_initial = 1'000;
        std::size_t rows_min = 10;
        std::size_t rows_max = 20'000;
        std::chrono::milliseconds time_target{100};
    };

    explicit ChunkSizer(Limits limits);

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    /// A chunk of `rows` rows took `time`. Chunks of few rows, such as the last one, say little and
    /// are only heeded when they were slow.
    void record(std::size_t rows, std::chrono::microseconds time);
    /// From now on other limits hold; the rows follow at once.
    void aim(std::chrono::milliseconds time_target, std::size_t rows_max);
    /// The rows were too many for another reason: go on with a quarter of them.
    void shrink();

private:
    Limits limits_;
    std::size_t rows_;
};

}  // namespace doppel::protocol
