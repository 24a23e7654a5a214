// SPDX-License-Identifier: Apache-2.0
#include "protocol/chunk_sizer.hpp"

#include <algorithm>

namespace doppel::protocol {

ChunkSizer::ChunkSizer(Limits limits)
    : limits_(limits), rows_(std::clamp(limits.rows_initial, limits.rows_min, limits.rows_max)) {}

void ChunkSizer::record(std::size_t rows, std::chrono::microseconds time) {
    if (rows == 0) {
        return;
    }
    const double target = std::chrono::duration<double>(limits_.time_target).count();
    const double taken = std::max(std::chrono::duration<double>(time).count(), 1e-6);
    if (rows < rows_ / 2 && taken < target) {
        return;
    }
    const double fitting = static_cast<double>(rows) * target / taken;
    const double bounded = std::min(fitting, 2.0 * static_cast<double>(rows_));
    rows_ = std::clamp(static_cast<std::size_t>(bounded), limits_.rows_min, limits_.rows_max);
}

void ChunkSizer::aim(std::chrono::milliseconds time_target, std::size_t rows_max) {
    const double scale = std::chrono::duration<double>(time_target).count() /
                         std::chrono::duration<double>(limits_.time_target).count();
    limits_.time_target = time_target;
    limits_.rows_max = std::max(rows_max, limits_.rows_min);
    rows_ = std::clamp(
        static_cast<std::size_t>(static_cast<double>(rows_) * scale),
        limits_.rows_min,
        limits_.rows_max
    );
}

void ChunkSizer::shrink() {
    rows_ = std::max(rows_ / 4, limits_.rows_min);
}

}  // namespace doppel::protocol
