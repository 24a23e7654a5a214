// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "doppel/log.hpp"
#include "doppel/throttle.hpp"
#include "throttle/beat_log.hpp"
#include "throttle/measure.hpp"
#include "throttle/probe.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace doppel::throttle {

/// Writes the heartbeat: at least ten times a second while somebody needs it. How long its commit
/// takes is a signal as well, as it is the smallest commit that there can be.
class Heart final : public Signal {
public:
    struct Context {
        const ThrottleOptions& options;
        std::function<std::string(std::uint64_t number)> statement;
        std::function<bool()> is_needed;  ///< by replicas
        Logger logger;
        async::Event& ended;  ///< notified once `stopping` is set
        const bool& stopping;
    };

    Heart(Context context, std::unique_ptr<Probe> probe, std::uint64_t numbers_used);

    async::awaitable<void> run();

    [[nodiscard]] const BeatLog& log() const noexcept { return log_; }
    /// Time between two beats, and between two looks at a replica: a tenth of --max-lag, since
    /// both add to what is seen; 20 ms..100 ms.
    [[nodiscard]] static std::chrono::milliseconds interval(const ThrottleOptions& options);
    [[nodiscard]] const std::string& problem() const noexcept { return latency_.problem(); }

    void report(Clock::time_point now, std::vector<Pressure>& pressures) const override;

private:
    [[nodiscard]] bool measures_latency() const;
    async::awaitable<void> beat();

    Context context_;
    std::unique_ptr<Probe> probe_;
    BeatLog log_;
    Measure latency_;  ///< in ms
};

}  // namespace doppel::throttle
