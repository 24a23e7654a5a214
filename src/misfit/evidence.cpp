// SPDX-License-Identifier: Apache-2.0
#include "misfit/evidence.hpp"

namespace doppel::misfit {

void Evidence::seen(Clock::time_point now, std::uint64_t changes) {
    if (looks_ == 0) {
        first_ = now;
    }
    if (quiet_looks_ == 0 || changes != quiet_changes_) {
        quiet_since_ = now;
        quiet_looks_ = 0;
        quiet_changes_ = changes;
    }
    ++looks_;
    ++quiet_looks_;
    last_ = now;
}

bool Evidence::quiet_enough() const {
    return quiet_looks_ >= limits_.quiet_looks && last_ - quiet_since_ >= limits_.quiet_time;
}

bool Evidence::busy_enough() const {
    return looks_ >= limits_.busy_looks && last_ - first_ >= limits_.busy_time;
}

bool Evidence::stands(std::uint64_t changes) const {
    return busy_enough() || (quiet_enough() && changes == quiet_changes_);
}

}  // namespace doppel::misfit
