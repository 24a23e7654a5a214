// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace doppel::simulation {

constexpr int kKeys = 8;
/// Of the column with the UNIQUE index; there is NULL beside them.
constexpr int kValues = 7;
constexpr int kNull = -1;

/// A set of keys.
using KeyMask = std::uint32_t;
constexpr KeyMask bit(int key) {
    return KeyMask{1} << static_cast<unsigned>(key);
}
/// Keys above `lower` up to `upper`.
constexpr KeyMask keys_between(int lower, int upper) {
    return (bit(upper + 1) - 1) & ~(bit(lower + 1) - 1);
}

struct Row {
    bool present = false;
    std::int8_t unique = kNull;
    std::uint16_t version = 0;  ///< of another column: each write makes a new one
    bool operator==(const Row&) const = default;

    [[nodiscard]] std::string str() const {
        if (!present) {
            return "no row";
        }
        return fmt::format(
            "(u={}, v={})", unique == kNull ? "NULL" : fmt::to_string(unique), version
        );
    }
};

using Table = std::array<Row, kKeys>;

}  // namespace doppel::simulation
