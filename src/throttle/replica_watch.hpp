// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "sql/session.hpp"
#include "throttle/heart.hpp"
#include "throttle/probe.hpp"
#include "throttle/roster.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace doppel::throttle {

/// Finds the replicas of a server, and theirs, and reads from each how far it is, on a connection
/// of its own, as often as the heart beats. Looks for new ones every five seconds.
class ReplicaWatch final : public Signal {
public:
    struct Context {
        const ThrottleOptions& options;
        ConnectionOptions connection;   ///< of the primary; replicas take the same account and TLS
        sql::SessionSettings settings;  ///< of the primary
        std::string primary_uuid;
        std::string beat_query;  ///< reads the newest beat
        const Heart& heart;
        async::Event& changed;
        std::function<void(std::string)> notice;
        Logger logger;
        async::Event& ended;  ///< notified once `stopping` is set
        const bool& stopping;
    };

    ReplicaWatch(Context context, async::TaskGroup& tasks);

    async::awaitable<void> run();

    /// There is one, or may be.
    [[nodiscard]] bool needs_beats() const { return !roster_.replicas().empty(); }
    [[nodiscard]] std::vector<ReplicaState> states(Clock::time_point now) const;

    void report(Clock::time_point now, std::vector<Pressure>& pressures) const override;

private:
    async::awaitable<void> watch(std::shared_ptr<Replica> replica);
    /// One look; true if it was read.
    async::awaitable<bool> look(Probe& probe, const std::shared_ptr<Replica>& replica);
    /// What a server at `depth` knows.
    async::awaitable<void> discover(Probe& probe, unsigned depth);
    void begin(std::vector<std::shared_ptr<Replica>> replicas);
    void cannot_be_read(Replica& replica, const std::string& problem);
    [[nodiscard]] std::unique_ptr<Probe> probe_of(const Replica& replica) const;

    Context context_;
    async::TaskGroup& tasks_;
    Roster roster_;
    bool looked_ = false;  ///< for replicas, once
    bool said_blind_ = false;
};

}  // namespace doppel::throttle
