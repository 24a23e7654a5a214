// SPDX-License-Identifier: Apache-2.0
#include "dry_run/key_spread.hpp"

#include "base/hex.hpp"
#include "mysql/identifier.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

namespace doppel::dry_run {
namespace {

using mysql::KeyKind;
using Places = std::vector<std::string>;

constexpr std::size_t kBytesCompared = 6;

/// The bytes from the first one in which the two differ, as a number in base 256.
std::uint64_t head_of(std::string_view text, std::size_t from) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < kBytesCompared; ++i) {
        const std::size_t at = from + i;
        number = number * 256 + (at < text.size() ? static_cast<unsigned char>(text[at]) : 0U);
    }
    return number;
}

std::string bytes_of(std::uint64_t number) {
    std::string bytes(kBytesCompared, '\0');
    for (std::size_t i = kBytesCompared; i-- > 0;) {
        bytes[i] = static_cast<char>(number % 256);
        number /= 256;
    }
    return bytes;
}

Places spread_strings(
    const std::string& first, const std::string& last, std::size_t pieces, bool text
) {
    std::size_t same = 0;
    while (same < std::min(first.size(), last.size()) && first[same] == last[same]) {
        ++same;
    }
    const std::uint64_t low = head_of(first, same);
    const std::uint64_t high = head_of(last, same);
    Places places;
    for (std::size_t i = 1; i < pieces && high > low; ++i) {
        std::string value = first.substr(0, same) + bytes_of(low + (high - low) / pieces * i);
        if (!text) {
            places.push_back("x'" + base::to_hex(value) + "'");
            continue;
        }
        // A collation has no bytes: printable ASCII comes near enough.
        std::string plain;
        for (const char c : value.substr(0, same + 3)) {
            plain += c >= ' ' && c <= '~' ? c : (static_cast<unsigned char>(c) > '~' ? '~' : ' ');
        }
        places.push_back(mysql::quote_string(plain));
    }
    return places;
}

template <class Number>
Places spread_numbers(Number low, Number high, std::size_t pieces) {
    Places places;
    const auto width =
        (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)) / pieces;
    for (std::size_t i = 1; i < pieces && high > low && width > 0; ++i) {
        places.push_back(
            fmt::format("{}", static_cast<Number>(static_cast<std::uint64_t>(low) + width * i))
        );
    }
    return places;
}

}  // namespace

Places spread(
    const mysql::KeyShape& shape,
    const mysql::Key& first,
    const mysql::Key& last,
    std::size_t pieces
) {
    const std::string low = shape.values(first).front();
    const std::string high = shape.values(last).front();
    switch (shape.columns().front().kind) {
        case KeyKind::signed_integer:
            return spread_numbers<std::int64_t>(
                std::strtoll(low.c_str(), nullptr, 10),
                std::strtoll(high.c_str(), nullptr, 10),
                pieces
            );
        case KeyKind::unsigned_integer:
        case KeyKind::year:
            return spread_numbers<std::uint64_t>(
                std::strtoull(low.c_str(), nullptr, 10),
                std::strtoull(high.c_str(), nullptr, 10),
                pieces
            );
        case KeyKind::binary_string:
            return spread_strings(low, high, pieces, false);
        case KeyKind::text:
            return spread_strings(low, high, pieces, true);
        default:
            return {};
    }
}

}  // namespace doppel::dry_run
