// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace doppel::copy {

/// Chooses how many rows a chunk should have, so that its statement takes about `time_target`: long
/// enough to be efficient, short enough not to be felt. Grows at most twofold a step, shrinks at
/// once. Pure.
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

private:
    Limits limits_;
    std::size_t rows_;
};

}  // namespace doppel::copy
