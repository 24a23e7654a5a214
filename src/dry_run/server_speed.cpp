// SPDX-License-Identifier: Apache-2.0
#include "dry_run/server_speed.hpp"

#include "dry_run/helpers.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

namespace doppel::dry_run {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kWork = "SELECT BENCHMARK(200000, CRC32('what a session does in a second'))";
/// What that takes on the machine that the ratios of estimate/duration.cpp were measured on (CPU
/// time of the statement, performance_schema: 9.9 to 10.2 ms).
constexpr double kReferenceSeconds = 0.0100;
constexpr int kRounds = 3;

double seconds_of_work(sql::Session& session) {
    const auto began = Clock::now();
    (void)session.query(kWork);
    return std::chrono::duration<double>(Clock::now() - began).count();
}

/// The middle of some.
double typical_seconds(sql::Session& session) {
    std::vector<double> seconds;
    for (int i = 0; i < kRounds; ++i) {
        seconds.push_back(seconds_of_work(session));
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[kRounds / 2];
}

}  // namespace

estimate::Speed measure_speed(
    const ConnectionOptions& connection,
    unsigned sessions,
    const std::function<void()>& require_running
) {
    estimate::Speed speed;
    std::vector<std::unique_ptr<sql::Session>> connected;
    for (unsigned i = 0; i < std::max(sessions, 1U); ++i) {
        require_running();
        sql::SessionSettings settings;
        settings.program_name = "doppel dry run";
        settings.statement_timeout = std::chrono::seconds(30);
        connected.push_back(sql::connect(connection, settings));
    }
    const double alone = std::max(typical_seconds(*connected.front()), 1e-4);
    speed.scale = std::clamp(alone / kReferenceSeconds, 0.05, 50.0);
    speed.cores = 1;
    if (sessions > 1) {
        std::atomic<bool> failed{false};
        const auto began = Clock::now();
        run_together(sessions, failed, [&](unsigned i) {
            for (int round = 0; round < kRounds; ++round) {
                (void)seconds_of_work(*connected[i]);
            }
        });
        const double together = std::chrono::duration<double>(Clock::now() - began).count();
        speed.cores = std::clamp(
            sessions * kRounds * alone / std::max(together, 1e-4),
            1.0,
            static_cast<double>(sessions)
        );
    }
    return speed;
}

}  // namespace doppel::dry_run
