// SPDX-License-Identifier: Apache-2.0
#include "cutover/attempt_policy.hpp"

#include <algorithm>

namespace doppel::cutover {

std::optional<std::chrono::milliseconds> AttemptPolicy::failed() {
    ++attempts_;
    if (attempts_ >= attempts_max_) {
        return std::nullopt;
    }
    const unsigned doublings = std::min(attempts_ - 1, 16U);
    return std::min(std::chrono::milliseconds(500) * (1U << doublings), pause_max_);
}

}  // namespace doppel::cutover
