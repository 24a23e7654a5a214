// SPDX-License-Identifier: Apache-2.0
#include "throttle/daily_window.hpp"

#include "base/text.hpp"

#include <charconv>
#include <optional>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <fmt/format.h>

namespace doppel::throttle {
namespace {

constexpr unsigned kMinutesOfDay = 24 * 60;
constexpr const char* kExpected =
    "write 22:00-06:00, or with a time zone 22:00-06:00 Europe/Berlin";

std::optional<unsigned> number_of(std::string_view text) {
    unsigned number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (text.size() != 2 || error != std::errc{} || rest != end) {
        return std::nullopt;
    }
    return number;
}

/// "HH:MM", 00:00..24:00.
std::optional<unsigned> minute_of(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') {
        return std::nullopt;
    }
    const auto hour = number_of(text.substr(0, 2));
    const auto minute = number_of(text.substr(3));
    if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > kMinutesOfDay) {
        return std::nullopt;
    }
    return *hour * 60 + *minute;
}

std::optional<cctz::time_zone> offset_zone(std::string_view text) {
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) {
        return std::nullopt;
    }
    const auto minutes = minute_of(text.substr(1));
    if (!minutes || *minutes > 14 * 60) {
        return std::nullopt;
    }
    const auto seconds = std::chrono::seconds(*minutes * 60);
    return cctz::fixed_time_zone(text[0] == '-' ? -seconds : seconds);
}

std::optional<cctz::time_zone> find_zone(const std::string& name) {
    if (name.empty()) {
        return cctz::local_time_zone();
    }
    if (const auto offset = offset_zone(name)) {
        return offset;
    }
    cctz::time_zone zone;
    if (!cctz::load_time_zone(name, &zone)) {
        return std::nullopt;
    }
    return zone;
}

std::string time_text(unsigned minute) {
    return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

std::string zone_text(const DailyWindow& window) {
    return window.zone.empty() ? "" : " " + window.zone;
}

}  // namespace

base::Result<DailyWindow> parse_window(std::string_view text) {
    const std::string_view trimmed = base::trim(text);
    const auto space = trimmed.find(' ');
    const std::string_view times = trimmed.substr(0, space);
    DailyWindow window;
    if (space != std::string_view::npos) {
        window.zone = std::string(base::trim(trimmed.substr(space)));
    }
    const auto dash = times.find('-');
    const auto from = minute_of(times.substr(0, dash));
    const auto to =
        dash == std::string_view::npos ? std::nullopt : minute_of(times.substr(dash + 1));
    if (!from || !to || *from == kMinutesOfDay) {
        return base::Failure{fmt::format("'{}' is no time of day; {}", text, kExpected)};
    }
    if (*from == *to) {
        return base::Failure{fmt::format(
            "'{}' ends when it begins; write 00:00-24:00 for the whole day, or off", text
        )};
    }
    window.from_minute = *from;
    window.to_minute = *to;
    if (!find_zone(window.zone)) {
        return base::Failure{fmt::format(
            "'{}' is no time zone that this machine knows; write a name such as Europe/Berlin or "
            "UTC, or an offset such as +02:00",
            window.zone
        )};
    }
    return window;
}

std::string opening_text(const DailyWindow& window) {
    return time_text(window.from_minute) + zone_text(window);
}

std::string window_text(const DailyWindow& window) {
    return time_text(window.from_minute) + "-" + time_text(window.to_minute) + zone_text(window);
}

bool is_open(const DailyWindow& window, std::chrono::system_clock::time_point at) {
    const auto zone = find_zone(window.zone);
    if (!zone) {
        return false;
    }
    const cctz::civil_second local = cctz::convert(at, *zone);
    const auto minute = static_cast<unsigned>(local.hour() * 60 + local.minute());
    if (window.from_minute < window.to_minute) {
        return minute >= window.from_minute && minute < window.to_minute;
    }
    return minute >= window.from_minute || minute < window.to_minute;
}

}  // namespace doppel::throttle
