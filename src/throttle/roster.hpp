// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/throttle.hpp"
#include "throttle/beat_log.hpp"
#include "throttle/discovery.hpp"
#include "throttle/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doppel::throttle {

/// A replica that is watched, and what was seen of it.
struct Replica {
    std::vector<ServerAddress> addresses;  ///< where it may be; tried in turn until one is right
    std::size_t address = 0;               ///< the one that is tried, or was right
    std::string uuid;                      ///< empty: not known yet
    bool given = false;                    ///< by the user: it counts although it was never reached
    bool may_vanish = false;
    unsigned depth = 1;  ///< 1: of the primary, 2: of one of its replicas, ..
    bool reached = false;
    bool away = false;  ///< the last look failed
    bool removed = false;
    bool warned = false;                  ///< that it is nowhere to be reached
    std::optional<std::uint64_t> newest;  ///< beat that it shows
    std::string problem;                  ///< of the last look

    [[nodiscard]] const ServerAddress& at() const { return addresses[address]; }
    [[nodiscard]] bool counts() const;
};

/// Which replicas are watched, and what they say. Pure.
class Roster final {
public:
    static constexpr std::size_t kReplicasMax = 64;
    static constexpr unsigned kDepthMax = 8;

    explicit Roster(std::string primary_uuid) : primary_uuid_(std::move(primary_uuid)) {}

    /// Those that the user names, as the options are now. New ones are returned.
    std::vector<std::shared_ptr<Replica>> follow(const ThrottleOptions& options);
    /// Those that a server knows of, which is at `depth - 1`. New ones are returned.
    std::vector<std::shared_ptr<Replica>> add(
        const std::vector<FoundReplica>& found, unsigned depth, const ThrottleOptions& options
    );
    /// Some that were found may count, once somebody has tried to reach them.
    [[nodiscard]] bool has_untried() const;
    /// It was connected to. False, with `removed` set, when it is one that is watched already, or
    /// the primary itself.
    bool reached(Replica& replica, const std::string& uuid);

    [[nodiscard]] const std::vector<std::shared_ptr<Replica>>& replicas() const noexcept {
        return replicas_;
    }
    void report(
        const BeatLog& log,
        const std::string& heart_problem,
        const ThrottleOptions& options,
        Clock::time_point now,
        std::vector<Pressure>& pressures
    ) const;
    [[nodiscard]] std::vector<ReplicaState> states(const BeatLog& log, Clock::time_point now) const;

private:
    [[nodiscard]] Replica* find(const std::string& uuid) const;
    [[nodiscard]] Replica* find(const ServerAddress& address) const;
    std::shared_ptr<Replica> give(const ServerAddress& address, bool may_vanish);

    std::string primary_uuid_;
    std::vector<std::shared_ptr<Replica>> replicas_;
};

}  // namespace doppel::throttle
