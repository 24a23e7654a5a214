// SPDX-License-Identifier: Apache-2.0
#include "tools/load/pacer.hpp"

namespace doppel::load {

std::optional<Instant> Pacer::next() {
    const std::uint64_t number = handed_out_.fetch_add(1);
    if (rate_ <= 0) {
        return std::nullopt;
    }
    const double seconds = static_cast<double>(number) / rate_;
    return std::chrono::duration_cast<Instant>(std::chrono::duration<double>(seconds));
}

std::uint64_t Pacer::backlog(Instant now) const {
    if (rate_ <= 0 || now.count() < 0) {
        return 0;
    }
    const double seconds = std::chrono::duration<double>(now).count();
    const auto due = static_cast<std::uint64_t>(seconds * rate_) + 1;
    const std::uint64_t handed_out = handed_out_.load();
    return due > handed_out ? due - handed_out : 0;
}

}  // namespace doppel::load
