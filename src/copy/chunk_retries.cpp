// SPDX-License-Identifier: Apache-2.0
#include "copy/chunk_retries.hpp"

#include <algorithm>

namespace doppel::copy {
namespace {

constexpr std::chrono::milliseconds kPauseMax{1'000};

}  // namespace

std::chrono::milliseconds ChunkRetries::pause() const {
    const unsigned doublings = std::min(std::max(conflicts_, 1U) - 1, 8U);
    return std::min(std::chrono::milliseconds(5 << doublings), kPauseMax);
}

}  // namespace doppel::copy
