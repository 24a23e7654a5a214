// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace doppel::copy {

/// How much others ask of the server, as its counters say.
struct ServerLoad {
    std::uint64_t statements = 0;  ///< of others, since the server's or the run's start
    /// Sessions of others at work at this moment; nothing where it could not be told from ours.
    std::optional<unsigned> running;
};

/// Decides how many copiers work and how large their chunks are. Where nobody else uses the server
/// all of it is taken. Where somebody does, more than one copier buys nothing once the cores are
/// busy and costs the others much, and the commit of a large chunk holds up the commits of others:
/// so one copier with small chunks. Measured in docs/performance.md. Pure.
class Pace final {
public:
    using Clock = std::chrono::steady_clock;

    struct Limits {
        unsigned workers_max = 1;
        std::size_t rows_max = 20'000;
        std::chrono::milliseconds chunk_time{100};
        std::uint64_t row_bytes = 0;  ///< of the source, about; 0: not known
    };

    /// Others count as using the server from so many statements a second on ..
    static constexpr double kBusyStatements = 10;
    /// .. or so many sessions at work, both on average over about a second,
    static constexpr double kBusyRunning = 0.5;
    /// and until both have been below half of that for so long.
    static constexpr std::chrono::seconds kCalm{3};
    /// A chunk's time and bytes beside others, and at most.
    static constexpr std::chrono::milliseconds kGentleTime{25};
    static constexpr std::uint64_t kGentleBytes = std::uint64_t{512} << 10;
    static constexpr std::uint64_t kFullBytes = std::uint64_t{4} << 20;
    /// What is not known exactly makes no chunk smaller than this.
    static constexpr std::size_t kRowsLeast = 100;
    /// However long a chunk took, the next one has so many bytes: where a commit alone takes longer
    /// than a chunk is to take, fewer rows would make no chunk shorter, and the copy never end.
    static constexpr std::uint64_t kLeastBytes = std::uint64_t{64} << 10;

    explicit Pace(Limits limits) : limits_(limits) {}

    /// True when what it decides has changed. Until it has seen two loads it is gentle.
    bool see(Clock::time_point now, const ServerLoad& load);

    [[nodiscard]] bool gentle() const noexcept { return gentle_; }
    [[nodiscard]] unsigned workers() const noexcept { return gentle_ ? 1 : limits_.workers_max; }
    /// Other limits from now on; as many workers as at first at most.
    void set_workers_max(unsigned workers) noexcept { limits_.workers_max = workers; }
    void set_chunk_time(std::chrono::milliseconds time) noexcept { limits_.chunk_time = time; }
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
    /// No chunk is to take longer than this, whatever the limits are; nothing: they alone count.
    void cap_chunk_time(std::optional<std::chrono::milliseconds> cap) noexcept { cap_ = cap; }
    [[nodiscard]] std::chrono::milliseconds chunk_time() const;
    [[nodiscard]] std::size_t rows_max() const;
    /// 10 to 500, and at most rows_max().
    [[nodiscard]] std::size_t rows_min() const;

private:
    void average(Clock::time_point now, const ServerLoad& load);
    void count_running(unsigned running, double share);

    Limits limits_;
    std::optional<std::chrono::milliseconds> cap_;
    bool gentle_ = true;
    std::optional<Clock::time_point> last_seen_;
    std::uint64_t most_statements_ = 0;
    unsigned seen_ = 0;
    std::array<unsigned, 32> running_seen_{};  ///< how often so many were
    double statements_per_second_ = 0;
    double running_ = 0;
    std::optional<Clock::time_point> calm_since_;
};

}  // namespace doppel::copy
