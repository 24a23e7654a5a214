// SPDX-License-Identifier: Apache-2.0
#include "base/quantity.hpp"

#include "base/text.hpp"

#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace doppel::base {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 4> kDurationUnits{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
constexpr std::array<Unit, 4> kCountUnits{
    {{"", 1}, {"k", 1'000}, {"m", 1'000'000}, {"g", 1'000'000'000}}};
constexpr std::array<Unit, 4> kByteUnits{
    {{"", 1}, {"k", 1'024}, {"m", 1'048'576}, {"g", 1'073'741'824}}};
// Keeps the product of number and factor far from overflow.
constexpr std::uint64_t kNumberMax = 1'000'000'000'000;

struct Quantity {
    std::uint64_t number = 0;
    std::string unit;
};

std::optional<Quantity> split_quantity(std::string_view text) {
    Quantity quantity;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, quantity.number);
    if (error != std::errc{} || quantity.number > kNumberMax) {
        return std::nullopt;
    }
    quantity.unit = std::string(rest, end);
    return quantity;
}

template <std::size_t kSize>
std::optional<std::uint64_t> scaled(
    const Quantity& quantity, const std::array<Unit, kSize>& units
) {
    for (const Unit& unit : units) {
        if (unit.name == quantity.unit) {
            return quantity.number * unit.factor;
        }
    }
    return std::nullopt;
}

template <std::size_t kSize>
Result<std::uint64_t> parse_scaled(
    std::string_view text, const std::array<Unit, kSize>& units, std::string_view expected
) {
    std::optional<Quantity> quantity = split_quantity(text);
    if (quantity) {
        quantity->unit = to_lower_ascii(quantity->unit);
        if (const auto value = scaled(*quantity, units)) {
            return *value;
        }
    }
    return Failure{fmt::format("'{}' is not {}", text, expected)};
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const std::optional<Quantity> quantity = split_quantity(text);
    if (quantity && quantity->unit.empty()) {
        return Failure{fmt::format(
            "'{0}' has no unit; write {0}ms, {0}s, {0}m or {0}h (milliseconds, seconds, minutes, "
            "hours)",
            text
        )};
    }
    if (quantity) {
        if (const auto value = scaled(*quantity, kDurationUnits)) {
            return std::chrono::milliseconds(*value);
        }
    }
    return Failure{fmt::format(
        "'{}' is not a duration; write a whole number and a unit, such as 500ms, 2s, 5m or 1h", text
    )};
}

Result<std::uint64_t> parse_count(std::string_view text) {
    return parse_scaled(text, kCountUnits, "a number; write 5000, 20k or 2M");
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
    return parse_scaled(text, kByteUnits, "a size; write bytes as 65536, 256k or 2M");
}

std::optional<bool> parse_switch(std::string_view text) {
    const std::string value = to_lower_ascii(text);
    if (value == "1" || value == "on" || value == "true") {
        return true;
    }
    if (value == "0" || value == "off" || value == "false") {
        return false;
    }
    return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    if (count >= 3'600'000 && count % 3'600'000 == 0) {
        return fmt::format("{}h", count / 3'600'000);
    }
    if (count >= 120'000 && count % 60'000 == 0) {
        return fmt::format("{}m", count / 60'000);
    }
    if (count >= 1'000 && count % 1'000 == 0) {
        return fmt::format("{}s", count / 1'000);
    }
    return fmt::format("{}ms", count);
}

}  // namespace doppel::base
