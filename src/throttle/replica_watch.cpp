// SPDX-License-Identifier: Apache-2.0
#include "throttle/replica_watch.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace doppel::throttle {
namespace {

constexpr std::chrono::seconds kBetweenDiscoveries{5};
constexpr std::chrono::milliseconds kBetweenFollowing{500};
constexpr unsigned kNoSuchTable = 1146;
constexpr unsigned kNoSuchSchema = 1049;

}  // namespace

ReplicaWatch::ReplicaWatch(Context context, async::TaskGroup& tasks)
    : context_(std::move(context)), tasks_(tasks), roster_(context_.primary_uuid) {}

async::awaitable<void> ReplicaWatch::run() {
    Probe probe(context_.connection, context_.settings, context_.primary_uuid);
    Clock::time_point next;
    while (!context_.stopping) {
        begin(roster_.follow(context_.options));
        if (Clock::now() >= next) {
            co_await discover(probe, 1);
            next = Clock::now() + kBetweenDiscoveries;
            looked_ = true;
        }
        co_await async::wait_until(
            context_.ended, [this] { return context_.stopping; }, kBetweenFollowing
        );
    }
}

async::awaitable<void> ReplicaWatch::discover(Probe& probe, unsigned depth) {
    if (!context_.options.find_replicas) {
        co_return;
    }
    std::optional<Error> failure;
    std::vector<FoundReplica> found;
    try {
        found = co_await probe.run(find_replicas);
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure) {
        begin(roster_.add(found, depth, context_.options));
        co_return;
    }
    context_.logger.debug("replicas cannot be looked for: {}", failure->what());
    if (depth == 1 && failure->code() != Errc::interrupted && !said_blind_) {
        said_blind_ = true;
        context_.notice(fmt::format(
            "replicas cannot be looked for ({}); name them with --replica=HOST:PORT, or give "
            "--replica=none",
            failure->what()
        ));
    }
}

void ReplicaWatch::begin(std::vector<std::shared_ptr<Replica>> replicas) {
    for (std::shared_ptr<Replica>& replica : replicas) {
        tasks_.spawn(watch(std::move(replica)));
    }
}

std::unique_ptr<Probe> ReplicaWatch::probe_of(const Replica& replica) const {
    sql::SessionSettings settings = context_.settings;
    settings.activity = nullptr;  // counts what is done on the primary
    return std::make_unique<Probe>(
        context_.connection.at(replica.at()), std::move(settings), replica.uuid
    );
}

async::awaitable<void> ReplicaWatch::watch(std::shared_ptr<Replica> replica) {
    auto probe = probe_of(*replica);
    auto next = Clock::now();
    while (!context_.stopping && !replica->removed) {
        const auto began = Clock::now();
        const bool read = co_await look(*probe, replica);
        if (read && began >= next) {
            co_await discover(*probe, replica->depth + 1);
            next = began + kBetweenDiscoveries;
        }
        if (!read && !replica->reached && replica->addresses.size() > 1) {
            replica->address = (replica->address + 1) % replica->addresses.size();
            probe = probe_of(*replica);
        }
        if (context_.stopping || replica->removed) {
            break;
        }
        const auto rest = began + Heart::interval(context_.options) - Clock::now();
        const auto pause = std::chrono::ceil<std::chrono::milliseconds>(rest);
        co_await context_.ended.wait(std::max(pause, std::chrono::milliseconds(1)));
    }
}

async::awaitable<bool> ReplicaWatch::look(Probe& probe, const std::shared_ptr<Replica>& replica) {
    std::optional<Error> failure;
    sql::Rows rows;
    try {
        rows = co_await probe.query(context_.beat_query);
    } catch (const Error& error) {
        failure = error;
    }
    const bool lacks_table = failure && (failure->server_errno() == kNoSuchTable ||
                                         failure->server_errno() == kNoSuchSchema);
    if (failure && !lacks_table) {
        cannot_be_read(*replica, failure->what());
        co_return false;
    }
    const bool is_first = !replica->reached;
    if (!roster_.reached(*replica, probe.uuid())) {
        context_.logger.debug("{} is watched already, or the primary", replica->at().str());
        co_return false;
    }
    replica->away = false;
    replica->problem.clear();
    // A replica may be so far behind that it has not made the table yet.
    if (const auto text = rows.scalar()) {
        std::uint64_t number = 0;
        std::from_chars(text->data(), text->data() + text->size(), number);
        if (context_.heart.log().has_begun(number)) {
            replica->newest = number;
        }
    }
    if (is_first) {
        context_.notice("watching the lag of replica " + replica->at().str());
        context_.changed.notify();
    }
    co_return true;
}

void ReplicaWatch::cannot_be_read(Replica& replica, const std::string& problem) {
    context_.logger.debug("replica {}: {}", replica.at().str(), problem);
    const bool is_news = !replica.away;
    replica.away = true;
    replica.problem = problem;
    const bool tried_all = replica.address + 1 == replica.addresses.size();
    if (replica.reached && is_news) {
        context_.notice(fmt::format(
            "replica {} cannot be read: {}{}",
            replica.at().str(),
            problem,
            replica.may_vanish ? "; it may be away, so nothing waits for it" : ""
        ));
    }
    if (!replica.reached && !replica.given && !replica.warned && tried_all) {
        replica.warned = true;
        context_.notice(fmt::format(
            "there is a replica whose lag cannot be watched: {} is not reached ({}). Name the "
            "address with --replica=HOST:PORT (or set report_host there), or leave it out with "
            "--ignore-replica={}",
            replica.at().str(),
            problem,
            replica.at().str()
        ));
    }
}

std::vector<ReplicaState> ReplicaWatch::states(Clock::time_point now) const {
    return roster_.states(context_.heart.log(), now);
}

void ReplicaWatch::report(Clock::time_point now, std::vector<Pressure>& pressures) const {
    const bool heeded = context_.options.max_lag || context_.options.critical_lag;
    if (!looked_ || (heeded && roster_.has_untried())) {
        Pressure pressure;
        pressure.name = "replicas";
        pressure.cause = "starting";
        pressure.reason = "replicas are looked for";
        pressure.level = 1;
        pressures.push_back(std::move(pressure));
    }
    roster_.report(
        context_.heart.log(), context_.heart.problem(), context_.options, now, pressures
    );
}

}  // namespace doppel::throttle
