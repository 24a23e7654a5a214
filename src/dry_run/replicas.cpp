// SPDX-License-Identifier: Apache-2.0
#include "dry_run/replicas.hpp"

#include "doppel/error.hpp"
#include "dry_run/query.hpp"
#include "throttle/discovery.hpp"
#include "throttle/roster.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace doppel::dry_run {
namespace {

/// Of those that are found; who is named is looked at in any case.
constexpr std::size_t kReplicasMax = 16;
constexpr std::chrono::milliseconds kReplicaPatience{2'000};
constexpr const char* kMayNotSee = "the account may not see its state";

using Watched = std::shared_ptr<throttle::Replica>;

std::optional<sql::Rows> replica_status(sql::Session& session) {
    auto status = query_if_told(session, "SHOW REPLICA STATUS");
    return status ? status : query_if_told(session, "SHOW SLAVE STATUS");
}

std::string uuid_of(sql::Session& session) {
    return session.query("SELECT @@server_uuid").scalar().value_or("");
}

/// One replica after the other, and the replicas of each.
class Round final {
public:
    Round(
        ConnectionOptions connection,
        const ThrottleOptions& options,
        const std::function<void()>& require_running,
        std::string primary_uuid
    )
        : connection_(std::move(connection)),
          options_(options),
          require_running_(require_running),
          roster_(std::move(primary_uuid)) {
        connection_.default_schema.clear();
        connection_.members.clear();
        connection_.connect_timeout = kReplicaPatience;
        connection_.read_timeout = kReplicaPatience;
    }

    ReplicasSeen run(sql::Session& primary) {
        for (const ServerAddress& address : options_.ignored) {
            seen_.replicas.push_back({address.str(), {}, "left out by --ignore-replica", "ignored"}
            );
        }
        // Those that are named come first: once their UUIDs are known they are not found again.
        queue(roster_.follow(options_));
        visit_queued();
        seen_.known = discover(primary, 1);
        visit_queued();
        return std::move(seen_);
    }

private:
    void queue(std::vector<Watched> replicas) {
        for (Watched& replica : replicas) {
            queue_.push_back(std::move(replica));
        }
    }

    void visit_queued() {
        while (!queue_.empty()) {
            require_running_();
            const Watched replica = std::move(queue_.front());
            queue_.pop_front();
            if (replica->given || seen_.replicas.size() < kReplicasMax) {
                visit(*replica);
            }
        }
    }

    /// False: the account may not look for them.
    bool discover(sql::Session& session, unsigned depth) {
        if (!options_.find_replicas) {
            return true;
        }
        try {
            queue(roster_.add(throttle::find_replicas(session), depth, options_));
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted) {
                throw;
            }
            return false;
        }
        return true;
    }

    void visit(throttle::Replica& replica) {
        DryRunReplica told;
        told.watched = replica.may_vanish ? "may vanish" : replica.given ? "named" : "found";
        for (std::size_t i = 0; i < replica.addresses.size() && !replica.reached; ++i) {
            replica.address = i;
            told.problem.clear();
            try {
                look(replica, told);
            } catch (const Error& error) {
                told.problem = error.what();
            }
            if (replica.removed) {
                return;  // it is the primary, or was seen under another address
            }
        }
        told.address = replica.at().str();
        told.holds = holds(replica, told);
        seen_.replicas.push_back(std::move(told));
    }

    void look(throttle::Replica& replica, DryRunReplica& told) {
        sql::SessionSettings settings;
        settings.program_name = "doppel dry run";
        settings.statement_timeout = kReplicaPatience;
        const auto session = sql::connect(connection_.at(replica.at()), settings);
        const std::string uuid = uuid_of(*session);
        if (!replica.uuid.empty() && uuid != replica.uuid) {
            told.problem = "another server answers there";
            return;
        }
        if (!roster_.reached(replica, uuid)) {
            return;
        }
        fill_lag(*session, told);
        (void)discover(*session, replica.depth + 1);
    }

    /// As throttle::Roster::report has it: one that counts and shows no heartbeat.
    [[nodiscard]] bool holds(const throttle::Replica& replica, const DryRunReplica& told) const {
        const bool heeded = options_.max_lag || options_.critical_lag;
        const bool counts = replica.reached || (replica.given && !replica.may_vanish);
        return heeded && counts && !told.lag_seconds && told.problem != kMayNotSee;
    }

    ConnectionOptions connection_;
    const ThrottleOptions& options_;
    const std::function<void()>& require_running_;
    throttle::Roster roster_;
    std::deque<Watched> queue_;
    ReplicasSeen seen_;
};

}  // namespace

void fill_lag(sql::Session& session, DryRunReplica& replica) {
    const auto status = replica_status(session);
    if (!status) {
        replica.problem = kMayNotSee;
    } else if (status->empty()) {
        replica.problem = "it replicates from nobody";
    } else {
        const std::string lag = cell(*status, 0, "Seconds_Behind_Source", "Seconds_Behind_Master");
        if (lag.empty()) {
            replica.problem = "its threads do not run";
        } else {
            replica.lag_seconds = number(sql::Value(lag));
        }
    }
}

ReplicasSeen look_at_replicas(
    sql::Session& session,
    const ConnectionOptions& connection,
    const ThrottleOptions& options,
    const std::function<void()>& require_running
) {
    return Round(connection, options, require_running, uuid_of(session)).run(session);
}

}  // namespace doppel::dry_run
