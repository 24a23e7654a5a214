// SPDX-License-Identifier: Apache-2.0
#include "copy/chunk_retries.hpp"

#include <algorithm>

namespace doppel::copy {
namespace {

constexpr std::chrono::milliseconds kPauseMax{1'000};

}  // namespace

bool ChunkRetries::allows(sql::FailureKind kind) {
    switch (kind) {
        case sql::FailureKind::conflict:
            return ++conflicts_ <= kConflictsMax;
        case sql::FailureKind::duplicate:
            return ++duplicates_ <= kDuplicatesMax;
        default:
            return false;
    }
}

std::chrono::milliseconds ChunkRetries::pause() const {
    const unsigned doublings = std::min(std::max(conflicts_ + duplicates_, 1U) - 1, 8U);
    return std::min(std::chrono::milliseconds(5 << doublings), kPauseMax);
}

}  // namespace doppel::copy
