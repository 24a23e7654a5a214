// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace doppel::load {

/// Counts durations in microseconds in buckets that widen with the value, so that quantiles are
/// right to 1 % from a microsecond to days. The maximum is exact. Not thread-safe.
class Histogram final {
public:
    Histogram();

    void add(std::uint64_t microseconds);
    void clear();

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
    /// The smallest bucket limit that at least the share `q` (0..1) of the values does not exceed;
    /// never above max(). 0 without values.
    [[nodiscard]] std::uint64_t quantile(double q) const;

private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace doppel::load
