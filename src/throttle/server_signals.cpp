// SPDX-License-Identifier: Apache-2.0
#include "throttle/server_signals.hpp"

#include "base/text.hpp"
#include "mysql/identifier.hpp"
#include "throttle/settings.hpp"

#include <cstdlib>
#include <optional>

#include <fmt/format.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;

/// As often as the copy's own pace is looked at; two connections together ask ten times a second.
constexpr milliseconds kOften{200};
constexpr milliseconds kSeldom{1'000};

std::optional<double> limit_of(
    const std::vector<StatusLimit>& limits, const std::string& variable
) {
    for (const StatusLimit& limit : limits) {
        if (base::to_lower_ascii(limit.variable) == variable) {
            return limit.value;
        }
    }
    return std::nullopt;
}

std::optional<double> number(const std::optional<std::uint64_t>& limit) {
    return limit ? std::optional(static_cast<double>(*limit)) : std::nullopt;
}

}  // namespace

std::map<std::string, std::string> LoadSignal::variables() const {
    std::map<std::string, std::string> names;
    for (const auto* list : {&options_.max_load, &options_.critical_load}) {
        for (const StatusLimit& limit : *list) {
            names.emplace(base::to_lower_ascii(limit.variable), limit.variable);
        }
    }
    return names;
}

std::string LoadSignal::statement() const {
    std::string list;
    for (const auto& [key, name] : variables()) {
        list += (list.empty() ? "" : ", ") + mysql::quote_string(name);
    }
    return list.empty() ? list : "SHOW GLOBAL STATUS WHERE Variable_name IN (" + list + ")";
}

milliseconds LoadSignal::interval() const {
    return kOften;
}

void LoadSignal::read(Clock::time_point now, const std::string& asked, const sql::Rows& rows) {
    for (const auto& [key, name] : variables()) {
        if (asked.find(mysql::quote_string(name)) == std::string::npos) {
            continue;  // has a limit since just now
        }
        Measure& measure = measures_.try_emplace(key, now).first->second;
        measure.failed("the server has no such status variable");
        for (const sql::Row& row : rows.rows) {
            if (base::to_lower_ascii(row.at(0).value_or("")) == key) {
                measure.read(now, std::strtod(row.at(1).value_or("0").c_str(), nullptr));
            }
        }
    }
}

void LoadSignal::failed(const std::string& why) {
    for (auto& [key, measure] : measures_) {
        measure.failed(why);
    }
}

void LoadSignal::report(Clock::time_point now, std::vector<Pressure>& pressures) const {
    const auto names = variables();
    std::erase_if(measures_, [&](const auto& entry) { return !names.contains(entry.first); });
    for (const auto& [key, name] : names) {
        const Measure& measure = measures_.try_emplace(key, now).first->second;
        pressures.push_back(judge(
            {"load " + name,
             "max-load",
             name,
             "",
             "--max-load",
             "--critical-load",
             limit_of(options_.max_load, key),
             limit_of(options_.critical_load, key)},
            measure,
            now,
            options_.grace
        ));
    }
}

std::optional<Finding> unknown_load(sql::Session& session, const ThrottleOptions& options) {
    const LoadSignal signal(options);
    const std::string statement = signal.statement();
    if (statement.empty()) {
        return std::nullopt;
    }
    auto unknown = signal.variables();
    for (const sql::Row& row : session.query(statement).rows) {
        unknown.erase(base::to_lower_ascii(row.at(0).value_or("")));
    }
    if (unknown.empty()) {
        return std::nullopt;
    }
    std::string names;
    for (const auto& [key, name] : unknown) {
        names += (names.empty() ? "" : ", ") + name;
    }
    return Finding{
        "unknown-status-variable",
        Finding::Level::refusal,
        fmt::format("the server has no status variable {}, for which there is a limit", names),
        "SHOW GLOBAL STATUS lists them; correct --max-load or --critical-load"};
}

std::string HistorySignal::statement() const {
    // MySQL manual, "InnoDB INFORMATION_SCHEMA Metrics Table": enabled by default.
    return options_.max_history_length || options_.critical_history_length
               ? "SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = "
                 "'trx_rseg_history_len'"
               : std::string();
}

milliseconds HistorySignal::interval() const {
    return kOften;
}

void HistorySignal::read(
    Clock::time_point now, const std::string& /*asked*/, const sql::Rows& rows
) {
    const auto text = rows.scalar();
    if (text) {
        length_.read(now, std::strtod(text->c_str(), nullptr));
    } else {
        length_.failed("the server does not tell");
    }
}

void HistorySignal::report(Clock::time_point now, std::vector<Pressure>& pressures) const {
    if (statement().empty()) {
        length_.reset(now);
        return;
    }
    pressures.push_back(judge(
        {"history-length",
         "history-length",
         "the history list",
         "",
         "--max-history-length",
         "--critical-history-length",
         number(options_.max_history_length),
         number(options_.critical_history_length)},
        length_,
        now,
        options_.grace
    ));
}

milliseconds QuerySignal::interval() const {
    return kSeldom;
}

void QuerySignal::renew(Clock::time_point now) const {
    if (asked_ != options_.query) {
        asked_ = options_.query;
        value_.reset(now);
    }
}

void QuerySignal::read(Clock::time_point now, const std::string& asked, const sql::Rows& rows) {
    renew(now);
    if (asked == asked_) {
        value_.read(now, std::strtod(rows.scalar().value_or("0").c_str(), nullptr));
    }
}

void QuerySignal::report(Clock::time_point now, std::vector<Pressure>& pressures) const {
    renew(now);
    if (options_.query.empty()) {
        return;
    }
    Pressure pressure = judge(
        {"throttle-query", "throttle-query", "--throttle-query", "", "", "", 1.0, {}},
        value_,
        now,
        options_.grace
    );
    pressure.kind = Pressure::Kind::gate;
    if (value_.value() && !value_.missing(now, options_.grace)) {
        pressure.level = *value_.value() == 0 ? 0 : 1;
        pressure.reason = fmt::format("--throttle-query says {}", number_text(*value_.value()));
    }
    pressures.push_back(std::move(pressure));
}

}  // namespace doppel::throttle
