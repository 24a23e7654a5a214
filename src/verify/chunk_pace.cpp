// SPDX-License-Identifier: Apache-2.0
#include "verify/chunk_pace.hpp"

#include <algorithm>

namespace doppel::verify {
namespace {

constexpr std::size_t kRowsInitial = 1'000;
constexpr std::size_t kRowsMin = 10;

}  // namespace

ChunkPace::ChunkPace(std::size_t rows_max, std::chrono::milliseconds time_target)
    : rows_max_(std::max(rows_max, kRowsMin)),
      time_target_(time_target),
      rows_(std::min(kRowsInitial, rows_max_)) {}

void ChunkPace::record(std::size_t rows, std::chrono::microseconds time) {
    const double target = std::chrono::duration<double>(time_target_).count();
    const double taken = std::max(std::chrono::duration<double>(time).count(), 1e-6);
    if (rows == 0 || (rows < rows_ / 2 && taken < target)) {
        return;  // the end of what is copied so far: says little about speed
    }
    const double fitting = static_cast<double>(rows) * target / taken;
    const double bounded = std::min(fitting, 2.0 * static_cast<double>(rows_));
    rows_ = std::clamp(static_cast<std::size_t>(bounded), kRowsMin, rows_max_);
}

void ChunkPace::shrink() {
    rows_ = std::max(rows_ / 4, kRowsMin);
}

}  // namespace doppel::verify
