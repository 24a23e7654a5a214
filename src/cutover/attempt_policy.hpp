// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace doppel::cutover {

/// How often the cut-over is tried and how long it waits in between. Pure.
class AttemptPolicy final {
public:
    AttemptPolicy(unsigned attempts_max, std::chrono::milliseconds pause_max)
        : attempts_max_(attempts_max), pause_max_(pause_max) {}

    /// The pause after one more failed attempt, doubling from 500 ms; nothing when there were
    /// enough.
    [[nodiscard]] std::optional<std::chrono::milliseconds> failed();
    [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }

private:
    unsigned attempts_max_;
    std::chrono::milliseconds pause_max_;
    unsigned attempts_ = 0;
};

}  // namespace doppel::cutover
