// SPDX-License-Identifier: Apache-2.0
#include "tools/load/report.hpp"

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace doppel::load {
namespace {

using nlohmann::json;

double milliseconds(Instant duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

double milliseconds(std::uint64_t microseconds) {
    return static_cast<double>(microseconds) / 1000;
}

std::string quantiles_text(const Quantiles& quantiles) {
    return fmt::format(
        "p50 {:.1f} p95 {:.1f} p99 {:.1f} max {:.1f} ms",
        milliseconds(quantiles.p50),
        milliseconds(quantiles.p95),
        milliseconds(quantiles.p99),
        milliseconds(quantiles.max)
    );
}

/// "14:05:09" in UTC.
std::string clock_text(std::int64_t epoch_ms) {
    const std::time_t seconds = epoch_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:02}:{:02}:{:02}", parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// The rare counts, each only where there is something to tell.
std::string rare_counts_text(const Counts& counts) {
    std::string text;
    const auto append = [&text](const char* name, std::uint64_t count) {
        if (count > 0) {
            text += fmt::format("  {} {}", name, count);
        }
    };
    append("errors", counts.errors);
    append("deadlocks", counts.deadlocks);
    append("lock-wait-timeouts", counts.lock_wait_timeouts);
    append("twin-mismatches", counts.twin_mismatches);
    return text;
}

json quantiles_json(const Quantiles& quantiles) {
    return {
        {"p50", quantiles.p50},
        {"p95", quantiles.p95},
        {"p99", quantiles.p99},
        {"max", quantiles.max},
    };
}

json common_json(const Interval& interval, std::uint64_t backlog, const Epoch& epoch) {
    return {
        {"time_ms", epoch.at_ms(interval.to)},
        {"elapsed_s", milliseconds(interval.to) / 1000},
        {"tps", interval.commits_per_second()},
        {"commits", interval.counts.commits},
        {"latency_us", quantiles_json(interval.latency)},
        {"service_us", quantiles_json(interval.service)},
        {"errors", interval.counts.errors},
        {"deadlocks", interval.counts.deadlocks},
        {"lock_wait_timeouts", interval.counts.lock_wait_timeouts},
        {"twin_mismatches", interval.counts.twin_mismatches},
        {"backlog", backlog},
    };
}

json longest_json(const Longest& longest, const Epoch& epoch) {
    return {
        {"what", longest.what},
        {"length_ms", milliseconds(longest.length)},
        {"start_ms", epoch.at_ms(longest.start)},
    };
}

}  // namespace

std::int64_t Epoch::at_ms(Instant instant) const {
    return start_ms + std::chrono::floor<std::chrono::milliseconds>(instant).count();
}

std::string interval_text(const Interval& interval, std::uint64_t backlog, const Epoch& epoch) {
    std::string text = fmt::format(
        "{}  {:7.0f} tx/s  latency {}  service p99 {:.1f} ms",
        clock_text(epoch.at_ms(interval.to)),
        interval.commits_per_second(),
        quantiles_text(interval.latency),
        milliseconds(interval.service.p99)
    );
    text += rare_counts_text(interval.counts);
    if (backlog > 0) {
        text += fmt::format("  backlog {}", backlog);
    }
    return text;
}

std::string interval_json(const Interval& interval, std::uint64_t backlog, const Epoch& epoch) {
    json object = common_json(interval, backlog, epoch);
    object["type"] = "interval";
    object["stall_ms"] = milliseconds(interval.stall.length);
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string summary_text(const Totals& totals, std::uint64_t backlog, const Epoch& epoch) {
    const Interval& whole = totals.whole;
    std::string text = fmt::format(
        "{} transactions in {:.1f} s, {:.0f} tx/s; errors {}, deadlocks {}, lock wait timeouts {}, "
        "twin mismatches {}, left undone {}\n",
        whole.counts.commits,
        milliseconds(whole.to) / 1000,
        whole.commits_per_second(),
        whole.counts.errors,
        whole.counts.deadlocks,
        whole.counts.lock_wait_timeouts,
        whole.counts.twin_mismatches,
        backlog
    );
    text += fmt::format("latency (from the time due): {}\n", quantiles_text(whole.latency));
    text += fmt::format("service time:                {}\n", quantiles_text(whole.service));
    text += fmt::format(
        "longest stall: {:.1f} ms, from {} to {} (epoch ms)\n",
        milliseconds(totals.stall.length),
        epoch.at_ms(totals.stall.start),
        epoch.at_ms(totals.stall.end())
    );
    for (const Longest* const longest : {&totals.statement, &totals.transaction}) {
        text += fmt::format(
            "longest {}: {:.1f} ms, from {}\n",
            longest == &totals.transaction ? "transaction" : "statement (" + longest->what + ")",
            milliseconds(longest->length),
            epoch.at_ms(longest->start)
        );
    }
    text += fmt::format("seconds without a commit: {}\n", totals.seconds_without_commit);
    return text;
}

std::string summary_json(const Totals& totals, std::uint64_t backlog, const Epoch& epoch) {
    json object = common_json(totals.whole, backlog, epoch);
    object["type"] = "summary";
    object["start_ms"] = epoch.start_ms;
    object["longest_stall"] = {
        {"length_ms", milliseconds(totals.stall.length)},
        {"start_ms", epoch.at_ms(totals.stall.start)},
        {"end_ms", epoch.at_ms(totals.stall.end())},
    };
    object["longest_statement"] = longest_json(totals.statement, epoch);
    object["longest_transaction"] = longest_json(totals.transaction, epoch);
    object["seconds_without_commit"] = totals.seconds_without_commit;
    object["first_errors"] = totals.first_errors;
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace doppel::load
