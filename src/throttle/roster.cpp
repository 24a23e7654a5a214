// SPDX-License-Identifier: Apache-2.0
#include "throttle/roster.hpp"

#include "throttle/settings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::throttle {
namespace {

/// Beats that are late by this explain a lag better than the replica does.
constexpr std::chrono::milliseconds kSilent{500};

bool is_same(const ServerAddress& a, const ServerAddress& b) {
    return a.str() == b.str();
}

bool contains(const std::vector<ServerAddress>& list, const ServerAddress& address) {
    return std::any_of(list.begin(), list.end(), [&](const ServerAddress& item) {
        return is_same(item, address);
    });
}

double seconds_of(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

bool Replica::counts() const {
    return !removed && (given || reached) && !(may_vanish && away);
}

Replica* Roster::find(const std::string& uuid) const {
    for (const auto& replica : replicas_) {
        if (!replica->removed && replica->uuid == uuid) {
            return replica.get();
        }
    }
    return nullptr;
}

Replica* Roster::find(const ServerAddress& address) const {
    for (const auto& replica : replicas_) {
        if (!replica->removed && is_same(replica->at(), address)) {
            return replica.get();
        }
    }
    return nullptr;
}

std::shared_ptr<Replica> Roster::give(const ServerAddress& address, bool may_vanish) {
    Replica* const known = find(address);
    if (known != nullptr) {
        known->given = true;
        known->may_vanish = may_vanish;
        return nullptr;
    }
    auto replica = std::make_shared<Replica>();
    replica->addresses = {address};
    replica->given = true;
    replica->may_vanish = may_vanish;
    replicas_.push_back(replica);
    return replica;
}

std::vector<std::shared_ptr<Replica>> Roster::follow(const ThrottleOptions& options) {
    for (const auto& replica : replicas_) {
        const bool listed = contains(options.replicas, replica->at()) ||
                            contains(options.may_vanish, replica->at());
        const bool is_wanted = listed || options.find_replicas;
        replica->given = listed;
        replica->may_vanish = contains(options.may_vanish, replica->at());
        replica->removed =
            replica->removed || !is_wanted || contains(options.ignored, replica->at());
    }
    std::erase_if(replicas_, [](const auto& replica) { return replica->removed; });
    std::vector<std::shared_ptr<Replica>> added;
    const auto give_all = [&](const std::vector<ServerAddress>& list, bool may_vanish) {
        for (const ServerAddress& address : list) {
            if (contains(options.ignored, address) || replicas_.size() >= kReplicasMax) {
                continue;
            }
            if (auto replica = give(address, may_vanish)) {
                added.push_back(std::move(replica));
            }
        }
    };
    give_all(options.may_vanish, true);
    std::vector<ServerAddress> firm;
    std::copy_if(
        options.replicas.begin(),
        options.replicas.end(),
        std::back_inserter(firm),
        [&](const ServerAddress& address) { return !contains(options.may_vanish, address); }
    );
    give_all(firm, false);
    return added;
}

std::vector<std::shared_ptr<Replica>> Roster::add(
    const std::vector<FoundReplica>& found, unsigned depth, const ThrottleOptions& options
) {
    std::vector<std::shared_ptr<Replica>> added;
    if (depth > kDepthMax || !options.find_replicas) {
        return added;
    }
    for (const FoundReplica& item : found) {
        if (item.uuid == primary_uuid_ || find(item.uuid) != nullptr ||
            replicas_.size() >= kReplicasMax) {
            continue;
        }
        auto replica = std::make_shared<Replica>();
        replica->uuid = item.uuid;
        replica->depth = depth;
        std::vector<std::string> hosts = item.peers;
        if (!item.report_host.empty()) {
            hosts.insert(hosts.begin(), item.report_host);
        }
        bool is_listed = false;
        for (const std::string& host : hosts) {
            const ServerAddress address{host, item.port};
            // One that was given and not reached yet has no UUID to be recognized by.
            is_listed = is_listed || contains(options.ignored, address) || find(address) != nullptr;
            if (!contains(replica->addresses, address)) {
                replica->addresses.push_back(address);
            }
        }
        if (is_listed) {
            continue;
        }
        if (replica->addresses.empty()) {
            replica->addresses.push_back({"127.0.0.1", item.port});
        }
        replicas_.push_back(replica);
        added.push_back(std::move(replica));
    }
    return added;
}

bool Roster::has_untried() const {
    return std::any_of(replicas_.begin(), replicas_.end(), [](const auto& replica) {
        return !replica->removed && !replica->given && !replica->reached && !replica->warned;
    });
}

bool Roster::reached(Replica& replica, const std::string& uuid) {
    if (replica.reached) {
        return true;
    }
    const Replica* const known = find(uuid);
    if (uuid == primary_uuid_ || (known != nullptr && known != &replica && known->reached)) {
        replica.removed = true;
        return false;
    }
    replica.uuid = uuid;
    replica.reached = true;
    return true;
}

void Roster::report(
    const BeatLog& log,
    const std::string& heart_problem,
    const ThrottleOptions& options,
    Clock::time_point now,
    std::vector<Pressure>& pressures
) const {
    const auto silence = log.silence(now);
    for (const auto& replica : replicas_) {
        if (!replica->counts() || (!options.max_lag && !options.critical_lag)) {
            continue;
        }
        const auto lag = log.lag(replica->newest, now);
        Pressure pressure;
        pressure.kind = Pressure::Kind::lag;
        pressure.of_writes = true;
        pressure.cause = "replica-lag";
        pressure.name = "replica " + replica->at().str();
        pressure.critical = options.critical_lag && lag >= *options.critical_lag;
        if (options.max_lag) {
            pressure.level = seconds_of(lag) / seconds_of(*options.max_lag);
            pressure.scale = seconds_of(*options.max_lag);
        }
        if (replica->reached && !replica->newest) {
            // How far behind it is will be known when the first beat arrives; until then nobody
            // knows, however short a time that is.
            pressure.level = std::max(pressure.level, 1.0);
        }
        const bool hard = pressure.critical || !options.max_lag;
        const std::string limit = fmt::format(
            "{} is {}",
            hard ? "--critical-lag" : "--max-lag",
            seconds_text(seconds_of(hard ? *options.critical_lag : *options.max_lag))
        );
        if (silence > kSilent && silence * 2 > lag) {
            pressure.reason = fmt::format(
                "the heartbeat could not be written for {}{}{}, {}",
                seconds_text(seconds_of(silence)),
                heart_problem.empty() ? "" : ": ",
                heart_problem,
                limit
            );
        } else if (replica->away) {
            pressure.reason = fmt::format(
                "{} cannot be read ({}), and may be {} behind by now, {}",
                pressure.name,
                replica->problem,
                seconds_text(seconds_of(lag)),
                limit
            );
        } else if (!replica->newest) {
            pressure.reason = fmt::format(
                "{} has shown no heartbeat of this run yet, for {}, {}",
                pressure.name,
                seconds_text(seconds_of(lag)),
                limit
            );
        } else {
            pressure.reason = fmt::format(
                "{} is {} behind, {}", pressure.name, seconds_text(seconds_of(lag)), limit
            );
        }
        pressures.push_back(std::move(pressure));
    }
}

std::vector<ReplicaState> Roster::states(const BeatLog& log, Clock::time_point now) const {
    std::vector<ReplicaState> states;
    for (const auto& replica : replicas_) {
        ReplicaState state;
        state.address = replica->at().str();
        state.lag_seconds = seconds_of(log.lag(replica->newest, now));
        state.counts = replica->counts();
        state.problem = replica->problem;
        states.push_back(std::move(state));
    }
    return states;
}

}  // namespace doppel::throttle
