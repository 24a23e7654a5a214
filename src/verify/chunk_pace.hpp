// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace doppel::verify {

/// How many rows to compare at a time, so that a comparison takes about as long as it should: a
/// long one keeps a read view open, and with it the undo log. Pure.
class ChunkPace final {
public:
    ChunkPace(std::size_t rows_max, std::chrono::milliseconds time_target);

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    /// `rows` rows took `time`. Grows at most twofold.
    void record(std::size_t rows, std::chrono::microseconds time);
    /// Too much was found at once: go on in smaller steps.
    void shrink();

private:
    std::size_t rows_max_;
    std::chrono::milliseconds time_target_;
    std::size_t rows_;
};

}  // namespace doppel::verify
