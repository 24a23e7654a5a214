// SPDX-License-Identifier: Apache-2.0
//
// Values that survive the change of a column's type. What is wide in both types stays wide, so that
// a change that loses a bit is seen.
#include "differential/type.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

unsigned shorter(unsigned one, unsigned other) {
    if (one == 0 || other == 0) {
        return std::max(one, other);
    }
    return std::min(one, other);
}

unsigned width(std::string_view integer) {
    constexpr std::string_view kNarrowToWide[] = {
        "tinyint", "smallint", "mediumint", "int", "bigint"};
    unsigned at = 0;
    for (const auto& name : kNarrowToWide) {
        if (name == integer) {
            break;
        }
        ++at;
    }
    return at;
}

std::string integer_in_both(const Type& from, const Type& to, Random& random) {
    Type narrow = width(from.name) <= width(to.name) ? from : to;
    const std::string text = random_literal(narrow, {}, random);
    if (from.is_unsigned == to.is_unsigned) {
        return text;
    }
    // The common part of the signed and the unsigned range.
    Type other = narrow;
    other.is_unsigned = false;
    std::string positive = random_literal(other, {}, random);
    while (positive.starts_with('-')) {
        positive = random_literal(other, {}, random);
    }
    return positive;
}

std::string small_number(const Type& from, const Type& to, Random& random) {
    const auto bound = [](const Type& type) -> unsigned {
        if (type.kind == Kind::decimal) {
            const unsigned whole = type.length - type.scale;
            return whole == 0 ? 1 : whole == 1 ? 10 : 100;
        }
        return type.kind == Kind::bit && type.length < 7 ? 1U << type.length : 100;
    };
    return std::to_string(random.below(std::min(bound(from), bound(to))));
}

std::string decimal_in_both(const Type& from, const Type& to, Random& random) {
    Type narrow = from;
    const unsigned whole = std::min(from.length - from.scale, to.length - to.scale);
    narrow.scale = std::min(from.scale, to.scale);
    narrow.length = whole + narrow.scale;
    narrow.is_unsigned = from.is_unsigned || to.is_unsigned;
    return narrow.length == 0 ? "0" : random_literal(narrow, {}, random);
}

std::string number_in_both(const Type& from, const Type& to, Random& random) {
    if (from.kind == Kind::integer && to.kind == Kind::integer) {
        return integer_in_both(from, to, random);
    }
    if (from.kind == Kind::decimal && to.kind == Kind::decimal) {
        return decimal_in_both(from, to, random);
    }
    if (from.kind == Kind::bit && to.kind == Kind::bit) {
        return random_literal(from.length < to.length ? from : to, {}, random);
    }
    if (from.kind == Kind::approximate && to.kind == Kind::approximate) {
        return random_literal(from.name == "float" ? from : to, {}, random);
    }
    return small_number(from, to, random);
}

std::string common_element(const Type& from, const Type& to, Random& random) {
    std::vector<std::string> both;
    for (const std::string& element : from.elements) {
        if (std::find(to.elements.begin(), to.elements.end(), element) != to.elements.end()) {
            both.push_back(element);
        }
    }
    if (both.empty()) {
        return random_literal(from, {}, random);
    }
    Type common = from;
    common.elements = both;
    return random_literal(common, {}, random);
}

// A text that reads as a value of the other type.
std::string text_for(const Type& from, const Type& to, Random& random) {
    Type tame = to;
    tame.tame = true;
    switch (to.kind) {
        case Kind::enumeration:
            return "'" + random.pick(to.elements) + "'";
        case Kind::set:
            return "'" + to.elements.front() + "'";
        case Kind::date:
        case Kind::datetime:
        case Kind::time:
            return random_literal(tame, {}, random);
        case Kind::json:
            return random.chance(50) ? "'[1]'" : fmt::format("'{}'", random.below(1000));
        case Kind::decimal:
        case Kind::integer:
        case Kind::approximate:
            return "'" + small_number(to, to, random) + "'";
        case Kind::year:
            return "'2001'";
        default:
            return text_literal({}, shorter(from.length, to.length) / 4 + 1, true, random);
    }
}

std::string fitting_day(const Type& from, const Type& to, const ValueRules& rules, Random& random) {
    // Zero dates only where both have the same ones; DATE reaches further than TIMESTAMP.
    Type plain = from;
    plain.tame = from.name != to.name;
    return random_literal(plain, plain.tame ? ValueRules{} : rules, random);
}

}  // namespace

std::string fitting_literal(
    const Type& from, const Type& to, const ValueRules& rules, Random& random
) {
    Type limited = from;
    if (from.is_number() && (to.is_number() || to.kind == Kind::year)) {
        return number_in_both(from, to, random);
    }
    if (from.kind == Kind::text && to.kind == Kind::text) {
        return text_literal(
            common(repertoire_of(from.charset), repertoire_of(to.charset)),
            shorter(from.length, to.length),
            false,
            random
        );
    }
    if (from.kind == Kind::text) {
        return text_for(from, to, random);
    }
    if (from.kind == Kind::binary && to.kind == Kind::binary) {
        limited.length = shorter(from.length, to.length);
        return random_literal(limited, rules, random);
    }
    if (!from.elements.empty() && !to.elements.empty()) {
        return common_element(from, to, random);
    }
    if (from.is_temporal() && to.is_temporal()) {
        return fitting_day(from, to, rules, random);
    }
    const bool holds_any_number = to.kind == Kind::text && (to.length == 0 || to.length >= 80);
    limited.tame = from.kind != to.kind && !(from.is_number() && holds_any_number);
    return random_literal(limited, limited.tame ? ValueRules{} : rules, random);
}

}  // namespace doppel::differential
