// SPDX-License-Identifier: Apache-2.0
#include "throttle/settings.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "throttle/daily_window.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>

#include <fmt/format.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;
using Applied = base::Result<bool>;

constexpr std::size_t kServersMax = 64;
constexpr std::size_t kStatusLimitsMax = 16;
constexpr std::size_t kTextMax = 2'000;

bool is_off(std::string_view value) {
    return base::equals_ignore_case(value, "off");
}

Applied set_duration(
    std::optional<milliseconds>& field, std::string_view value, milliseconds min, milliseconds max
) {
    if (is_off(value)) {
        field.reset();
        return true;
    }
    const auto parsed = base::parse_duration(value);
    if (!parsed) {
        return parsed.failure();
    }
    if (*parsed < min || *parsed > max) {
        return base::Failure{fmt::format(
            "{} is not between {} and {}",
            value,
            base::format_duration(min),
            base::format_duration(max)
        )};
    }
    field = *parsed;
    return true;
}

Applied set_count(std::optional<std::uint64_t>& field, std::string_view value) {
    if (is_off(value)) {
        field.reset();
        return true;
    }
    const auto parsed = base::parse_count(value);
    if (!parsed) {
        return parsed.failure();
    }
    if (*parsed == 0) {
        return base::Failure{"0 would never be kept; write a number from 1 on, or off"};
    }
    field = *parsed;
    return true;
}

std::optional<double> real_number(std::string_view text) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || rest != end || !std::isfinite(number)) {
        return std::nullopt;
    }
    return number;
}

bool is_variable_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.';
    });
}

Applied set_status_limits(std::vector<StatusLimit>& field, std::string_view value) {
    std::vector<StatusLimit> limits;
    std::string_view rest = is_off(value) ? std::string_view() : value;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        const std::string_view item = base::trim(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        const auto equals = item.find_first_of("=:");
        const std::string_view name = base::trim(item.substr(0, equals));
        const auto number = equals == std::string_view::npos
                                ? std::nullopt
                                : real_number(base::trim(item.substr(equals + 1)));
        if (!is_variable_name(name) || !number || *number <= 0) {
            return base::Failure{fmt::format(
                "'{}' is no limit; write names of status variables and numbers above 0, such as "
                "Threads_running=25,Threads_connected=500",
                item
            )};
        }
        limits.push_back({std::string(name), *number});
    }
    if (limits.size() > kStatusLimitsMax) {
        return base::Failure{fmt::format("these are more than {} limits", kStatusLimitsMax)};
    }
    field = std::move(limits);
    return true;
}

Applied add_server(std::vector<ServerAddress>& field, std::string_view value) {
    if (base::equals_ignore_case(value, "none")) {
        field.clear();
        return true;
    }
    const auto address = parse_address(value);
    if (!address) {
        return address.failure();
    }
    if (std::find(field.begin(), field.end(), *address) != field.end()) {
        return true;
    }
    if (field.size() >= kServersMax) {
        return base::Failure{fmt::format("these are more than {} servers", kServersMax)};
    }
    field.push_back(*address);
    return true;
}

Applied set_replica(ThrottleOptions& options, std::string_view value) {
    if (base::equals_ignore_case(value, "find")) {
        options.find_replicas = true;
        return true;
    }
    if (base::equals_ignore_case(value, "none")) {
        options.find_replicas = false;
    }
    return add_server(options.replicas, value);
}

Applied set_text(std::string& field, std::string_view value) {
    if (value.size() > kTextMax) {
        return base::Failure{fmt::format("this is longer than {} bytes", kTextMax)};
    }
    field = is_off(value) ? std::string() : std::string(value);
    return true;
}

/// Reads only as far as its first word tells; the session that asks it is read-only besides.
bool is_question(std::string_view text) {
    constexpr std::array<std::string_view, 5> kBegins{"select", "with", "table", "values", "show"};
    text.remove_prefix(std::min(text.find_first_not_of("( \t\r\n"), text.size()));
    const std::string word =
        base::to_lower_ascii(text.substr(0, text.find_first_of("( \t\r\n*'\"`@")));
    return std::find(kBegins.begin(), kBegins.end(), word) != kBegins.end();
}

Applied set_query(std::string& field, std::string_view value) {
    if (!is_off(value) && !is_question(value)) {
        return base::Failure{"this is no query; write SELECT .."};  // it may hold a secret
    }
    return set_text(field, value);
}

Applied set_url(std::string& field, std::string_view value) {
    const std::string lower = base::to_lower_ascii(value);
    const std::string_view host =
        std::string_view(lower).substr(std::min(lower.find("//"), lower.size()));
    const bool has_host = host.size() > 2 && host.at(2) != '/';
    if (!is_off(value) &&
        (!has_host || (!lower.starts_with("http://") && !lower.starts_with("https://")))) {
        return base::Failure{"this is no URL; write http://host/path or https://host/path"};
    }
    return set_text(field, value);
}

Applied set_nice(double& field, std::string_view value) {
    const auto number = is_off(value) ? 0.0 : real_number(value);
    if (!number || *number < 0 || *number > 0.95) {
        return base::Failure{fmt::format(
            "'{}' is no share of time; write 0 to 0.95: 0.5 leaves half of the time to others",
            value
        )};
    }
    field = *number;
    return true;
}

Applied set_window(std::optional<DailyWindow>& field, std::string_view value) {
    if (is_off(value)) {
        field.reset();
        return true;
    }
    const auto window = parse_window(value);
    if (!window) {
        return window.failure();
    }
    field = *window;
    return true;
}

Applied set_action(CriticalAction& field, std::string_view value) {
    if (base::equals_ignore_case(value, "abort")) {
        field = CriticalAction::abort;
    } else if (base::equals_ignore_case(value, "pause")) {
        field = CriticalAction::pause;
    } else {
        return base::Failure{fmt::format("'{}' is neither abort nor pause", value)};
    }
    return true;
}

Applied set_grace(milliseconds& field, std::string_view value) {
    std::optional<milliseconds> parsed = field;
    const auto applied = set_duration(parsed, value, milliseconds(0), std::chrono::minutes(10));
    field = parsed.value_or(field);
    return applied;
}

/// A URL may hold a password, and a query anything.
std::string hidden(const std::string& text) {
    return text.empty() ? "off" : "set (and not shown)";
}

std::string or_off(const std::string& text) {
    return text.empty() ? "off" : text;
}

std::string duration_text(const std::optional<milliseconds>& field) {
    return field ? base::format_duration(*field) : "off";
}

std::string limits_text(const std::vector<StatusLimit>& limits) {
    std::string text;
    for (const StatusLimit& limit : limits) {
        text += fmt::format(
            "{}{}={}", text.empty() ? "" : ",", limit.variable, number_text(limit.value)
        );
    }
    return or_off(text);
}

std::string servers_text(const std::vector<ServerAddress>& servers, const char* empty) {
    std::string text;
    for (const ServerAddress& server : servers) {
        text += (text.empty() ? "" : ",") + server.str();
    }
    return text.empty() ? empty : text;
}

struct Entry {
    std::string_view name;
    Applied (*apply)(ThrottleOptions& options, std::string_view value);
    std::string (*text)(const ThrottleOptions& options);
};

using O = ThrottleOptions;
using V = std::string_view;
constexpr milliseconds kSecond{1'000};
constexpr milliseconds kHour{3'600'000};

constexpr std::array<Entry, 21> kEntries{{
    {"max-lag",
     [](O& o, V v) { return set_duration(o.max_lag, v, milliseconds(50), kHour); },
     [](const O& o) { return duration_text(o.max_lag); }},
    {"critical-lag",
     [](O& o, V v) { return set_duration(o.critical_lag, v, milliseconds(100), 24 * kHour); },
     [](const O& o) { return duration_text(o.critical_lag); }},
    {"replica",
     set_replica,
     [](const O& o) { return servers_text(o.replicas, o.find_replicas ? "find" : "none"); }},
    {"replica-may-vanish",
     [](O& o, V v) { return add_server(o.may_vanish, v); },
     [](const O& o) { return servers_text(o.may_vanish, "none"); }},
    {"ignore-replica",
     [](O& o, V v) { return add_server(o.ignored, v); },
     [](const O& o) { return servers_text(o.ignored, "none"); }},
    {"max-load",
     [](O& o, V v) { return set_status_limits(o.max_load, v); },
     [](const O& o) { return limits_text(o.max_load); }},
    {"critical-load",
     [](O& o, V v) { return set_status_limits(o.critical_load, v); },
     [](const O& o) { return limits_text(o.critical_load); }},
    {"max-commit-latency",
     [](O& o, V v) { return set_duration(o.max_commit_latency, v, milliseconds(1), 60 * kSecond); },
     [](const O& o) { return duration_text(o.max_commit_latency); }},
    {"critical-commit-latency",
     [](O& o, V v) {
         return set_duration(o.critical_commit_latency, v, milliseconds(1), 60 * kSecond);
     },
     [](const O& o) { return duration_text(o.critical_commit_latency); }},
    {"max-history-length",
     [](O& o, V v) { return set_count(o.max_history_length, v); },
     [](const O& o) {
         return o.max_history_length ? fmt::to_string(*o.max_history_length) : "off";
     }},
    {"critical-history-length",
     [](O& o, V v) { return set_count(o.critical_history_length, v); },
     [](const O& o) {
         return o.critical_history_length ? fmt::to_string(*o.critical_history_length) : "off";
     }},
    {"throttle-query",
     [](O& o, V v) { return set_query(o.query, v); },
     [](const O& o) { return hidden(o.query); }},
    {"throttle-http",
     [](O& o, V v) { return set_url(o.http, v); },
     [](const O& o) { return hidden(o.http); }},
    {"throttle-flag-file",
     [](O& o, V v) { return set_text(o.flag_file, v); },
     [](const O& o) { return or_off(o.flag_file); }},
    {"throttle-grace",
     [](O& o, V v) { return set_grace(o.grace, v); },
     [](const O& o) { return base::format_duration(o.grace); }},
    {"critical-action",
     [](O& o, V v) { return set_action(o.critical_action, v); },
     [](const O& o) {
         return std::string(o.critical_action == CriticalAction::abort ? "abort" : "pause");
     }},
    {"nice",
     [](O& o, V v) { return set_nice(o.nice, v); },
     [](const O& o) { return number_text(o.nice); }},
    {"window",
     [](O& o, V v) { return set_window(o.window, v); },
     [](const O& o) { return o.window ? window_text(*o.window) : "off"; }},
    {"cutover-window",
     [](O& o, V v) { return set_window(o.cutover_window, v); },
     [](const O& o) { return o.cutover_window ? window_text(*o.cutover_window) : "off"; }},
    {"postpone-cutover-file",
     [](O& o, V v) { return set_text(o.postpone_file, v); },
     [](const O& o) { return or_off(o.postpone_file); }},
    {"postpone-cutover",
     [](O& o, V v) -> Applied {
         const auto on = base::parse_switch(v);
         if (!on) {
             return base::Failure{fmt::format("'{}' is neither on nor off", v)};
         }
         o.postpone_cutover = *on;
         return true;
     },
     [](const O& o) { return std::string(o.postpone_cutover ? "on" : "off"); }},
}};

const Entry* find_entry(std::string_view name) {
    const auto found = std::find_if(kEntries.begin(), kEntries.end(), [&](const Entry& entry) {
        return entry.name == name;
    });
    return found == kEntries.end() ? nullptr : &*found;
}

}  // namespace

Applied apply_setting(ThrottleOptions& options, std::string_view name, std::string_view value) {
    const Entry* const entry = find_entry(name);
    if (entry == nullptr) {
        return base::Failure{
            fmt::format("'{}' is no setting; the settings are: {}", name, setting_names())};
    }
    const std::string_view trimmed = base::trim(value);
    if (trimmed.empty()) {
        // A shell's empty variable must not take a limit away.
        return base::Failure{"the value is empty; off takes a limit away"};
    }
    return entry->apply(options, trimmed);
}

std::optional<std::string> limits_problem(const ThrottleOptions& options) {
    const auto problem = [&options](std::string_view signal) {
        const Entry* const hard = find_entry(fmt::format("critical-{}", signal));
        const Entry* const soft = find_entry(fmt::format("max-{}", signal));
        return fmt::format(
            "critical-{} ({}) is below max-{} ({}): the hard limit would be met before the soft "
            "one; raise it, or lower the other",
            signal,
            hard->text(options),
            signal,
            soft->text(options)
        );
    };
    const auto is_below = [](const auto& hard, const auto& soft) {
        return hard && soft && *hard < *soft;
    };
    if (is_below(options.critical_lag, options.max_lag)) {
        return problem("lag");
    }
    if (is_below(options.critical_commit_latency, options.max_commit_latency)) {
        return problem("commit-latency");
    }
    if (is_below(options.critical_history_length, options.max_history_length)) {
        return problem("history-length");
    }
    for (const StatusLimit& hard : options.critical_load) {
        for (const StatusLimit& soft : options.max_load) {
            if (base::equals_ignore_case(hard.variable, soft.variable) && hard.value < soft.value) {
                return problem("load");
            }
        }
    }
    return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> list_settings(const ThrottleOptions& options) {
    std::vector<std::pair<std::string, std::string>> list;
    for (const Entry& entry : kEntries) {
        list.emplace_back(entry.name, entry.text(options));
    }
    return list;
}

std::string setting_names() {
    std::string names;
    for (const Entry& entry : kEntries) {
        names += (names.empty() ? "" : ", ") + std::string(entry.name);
    }
    return names;
}

bool is_setting(std::string_view name) {
    return find_entry(name) != nullptr;
}

std::string number_text(double number) {
    std::string text = fmt::format("{:.2f}", number);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
        text.pop_back();
    }
    return text;
}

std::string seconds_text(double seconds) {
    return seconds < 0.1 ? fmt::format("{:.0f}ms", seconds * 1'000) : number_text(seconds) + "s";
}

base::Result<ServerAddress> parse_address(std::string_view text) {
    ServerAddress address;
    std::string_view host = text;
    std::string_view port;
    const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    if (bracket != std::string_view::npos) {
        host = text.substr(1, bracket - 1);
        const std::string_view rest = text.substr(bracket + 1);
        port = rest.starts_with(':') ? rest.substr(1) : rest;
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        host = text.substr(0, text.find(':'));
        port = text.substr(text.find(':') + 1);
        if (port.empty()) {
            host = {};
        }
    }
    if (!port.empty()) {
        const char* const end = port.data() + port.size();
        const auto [rest, error] = std::from_chars(port.data(), end, address.port);
        if (error != std::errc{} || rest != end || address.port == 0) {
            host = {};
        }
    }
    if (host.empty() || host.find_first_of(" ,/") != std::string_view::npos) {
        return base::Failure{
            fmt::format("'{}' is no server; write host:port, or [address]:port for IPv6", text)};
    }
    address.host = std::string(host);
    return address;
}

}  // namespace doppel::throttle
