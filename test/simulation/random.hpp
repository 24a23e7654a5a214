// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace doppel::simulation {

/// SplitMix64: the same numbers on every platform, and a seed costs nothing.
class Random final {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    /// 0 .. count - 1.
    std::size_t pick(std::size_t count) { return (next() >> 32) * count >> 32; }
    int pick_int(int count) { return static_cast<int>(pick(static_cast<std::size_t>(count))); }
    bool chance(unsigned percent) { return pick(100) < percent; }

private:
    std::uint64_t state_;
};

}  // namespace doppel::simulation
