// SPDX-License-Identifier: Apache-2.0
#include "migration/index_choice.hpp"

#include "throttle/settings.hpp"

#include <fmt/format.h>

namespace doppel::migration {
namespace {

/// An index of a million rows takes 1.0 s, four take 4.3 s (docs/performance.md).
constexpr std::chrono::nanoseconds kEntry{1'050};

double seconds_of(std::chrono::milliseconds time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

std::chrono::milliseconds build_time(std::uint64_t rows, std::size_t indexes) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        kEntry * static_cast<std::int64_t>(rows) * static_cast<std::int64_t>(indexes)
    );
}

std::optional<std::string> hold_up_by_build(
    std::uint64_t rows, std::size_t indexes, const ThrottleOptions& options
) {
    const auto time = build_time(rows, indexes);
    if (!options.max_lag || time <= *options.max_lag) {
        return std::nullopt;
    }
    return fmt::format(
        "replicas will be behind by about {} while {} index(es) of ~{} rows are built in one "
        "statement, which --max-lag ({}) does not allow",
        throttle::seconds_text(seconds_of(time)),
        indexes,
        rows,
        throttle::seconds_text(seconds_of(*options.max_lag))
    );
}

}  // namespace doppel::migration
