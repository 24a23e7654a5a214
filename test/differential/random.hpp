// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace doppel::differential {

/// The same numbers for the same seed on every platform: the distributions of the standard library
/// are not that.
class Random final {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    [[nodiscard]] std::uint64_t next() { return engine_(); }
    /// 0 .. bound - 1
    [[nodiscard]] unsigned below(unsigned bound) { return static_cast<unsigned>(next() % bound); }
    [[nodiscard]] std::size_t index(std::size_t bound) { return next() % bound; }
    [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
    template <class T>
    [[nodiscard]] const T& pick(const std::vector<T>& of) {
        return of[index(of.size())];
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace doppel::differential
