// SPDX-License-Identifier: Apache-2.0
#include "throttle/throttle.hpp"

#include "throttle/settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStep{50};
constexpr milliseconds kLookForWork{100};
/// A chunk that takes a tenth of what a replica may lag behind.
constexpr int kChunksInLag = 10;
constexpr milliseconds kChunkTimeLeast{10};

std::unique_ptr<Probe> make_probe(const Throttle::Context& context) {
    return std::make_unique<Probe>(context.connection, context.settings, context.primary_uuid);
}

/// Whatever a user's query is made of, it must change nothing.
sql::SessionSettings only_reading(sql::SessionSettings settings) {
    settings.statements.emplace_back("SET SESSION TRANSACTION READ ONLY");
    return settings;
}

Heart::Context heart_context(
    const Throttle::Context& context, const ReplicaWatch& replicas, async::Event& ended
) {
    return {
        context.orders.options,
        context.beat_statement,
        [&replicas] { return replicas.needs_beats(); },
        context.logger,
        ended,
        context.stopping};
}

ReplicaWatch::Context watch_context(
    const Throttle::Context& context, const Heart& heart, async::Event& ended
) {
    return {
        context.orders.options,
        context.connection,
        context.settings,
        context.primary_uuid,
        context.beat_query,
        heart,
        context.changed,
        context.notice,
        context.logger,
        ended,
        context.stopping};
}

}  // namespace

Throttle::Throttle(Context context, async::TaskGroup& tasks)
    : context_(std::move(context)),
      options_(context_.orders.options),
      ended_(context_.executor),
      local_(context_.orders),
      load_(options_),
      history_(options_),
      query_(options_),
      http_(options_, ended_, context_.stopping),
      heart_(
          heart_context(context_, replicas_, ended_), make_probe(context_), context_.numbers_used
      ),
      replicas_(watch_context(context_, heart_, ended_), tasks),
      probe_(context_.connection, only_reading(context_.settings), context_.primary_uuid) {}

void Throttle::spawn(async::TaskGroup& tasks) {
    step(Clock::now());
    tasks.spawn(heart_.run());
    tasks.spawn(replicas_.run());
    tasks.spawn(http_.run());
    tasks.spawn(read_server());
    tasks.spawn(steer());
}

async::awaitable<void> Throttle::read_signal(ServerSignal& signal) {
    std::optional<Error> failure;
    sql::Rows rows;
    const std::string asked = signal.statement();
    try {
        rows = co_await probe_.query(asked);
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        context_.logger.debug("throttle: {}", failure->what());
        signal.failed(failure->what());
    } else {
        signal.read(Clock::now(), asked, rows);
    }
}

async::awaitable<void> Throttle::read_server() {
    std::array<ServerSignal*, 3> signals{&load_, &history_, &query_};
    std::array<Clock::time_point, 3> next{};
    while (!context_.stopping) {
        for (std::size_t i = 0; i < signals.size() && !context_.stopping; ++i) {
            const auto now = Clock::now();
            if (now >= next.at(i) && !signals.at(i)->statement().empty()) {
                co_await read_signal(*signals.at(i));
                next.at(i) = now + signals.at(i)->interval();
            }
        }
        co_await async::wait_until(
            ended_, [this] { return context_.stopping; }, kLookForWork
        );
    }
}

void Throttle::account(Clock::time_point now) {
    if (cutover_waits_) {
        held_.note(now, 1, cutover_waits_->cause);
        return;
    }
    if (work_ == Work::other) {
        held_.skip(now);
        return;
    }
    const bool reads = work_ == Work::verifying;
    if (const auto& held = strongest()) {
        const double share = reads ? controller_.read_share() : controller_.copy_share();
        held_.note(now, 1 - share, held->cause);
    } else if (reads) {
        held_.note(now, 0, "");
    } else {
        held_.note(now, options_.nice, options_.nice > 0 ? "nice" : "");
    }
}

const std::optional<Pressure>& Throttle::strongest() const noexcept {
    return work_ == Work::verifying ? controller_.strongest_on_reads() : controller_.strongest();
}

void Throttle::step(Clock::time_point now) {
    account(now);
    std::vector<Pressure> pressures;
    const std::array<const Signal*, 7> signals{
        &local_, &load_, &history_, &query_, &http_, &heart_, &replicas_};
    for (const Signal* signal : signals) {
        signal->report(now, pressures);
    }
    const double before = controller_.copy_share() + controller_.read_share();
    controller_.step(now, pressures);
    copy_gate_.set_share(controller_.copy_share() * (1 - options_.nice));
    read_gate_.set_share(controller_.read_share());
    replay_gate_.set_share(controller_.replay_share());
    if (before < controller_.copy_share() + controller_.read_share()) {
        context_.changed.notify();
    }
    const auto& critical = controller_.critical();
    if (critical && !critical_ && options_.critical_action == CriticalAction::abort) {
        critical_.emplace(
            Errc::overloaded, fmt::format("a hard limit was reached: {}", critical->reason)
        );
        context_.changed.notify();
    }
}

async::awaitable<void> Throttle::steer() {
    while (!context_.stopping) {
        step(Clock::now());
        co_await ended_.wait(kStep);
    }
}

void Throttle::set_work(Work work) {
    account(Clock::now());
    work_ = work;
}

std::optional<Hindrance> Throttle::hinders_cutover() {
    std::optional<Pressure> held;
    if (controller_.strongest() && controller_.copy_share() <= 0) {
        held = controller_.strongest();
    }
    const std::string& file = options_.postpone_file;
    auto hindrance = throttle::hinders_cutover(
        context_.orders, held, !file.empty() && file_exists(file), std::chrono::system_clock::now()
    );
    account(Clock::now());
    cutover_waits_ = hindrance;
    return hindrance;
}

void Throttle::cutover_may_begin() {
    account(Clock::now());
    cutover_waits_.reset();
}

ThrottleState Throttle::state() const {
    ThrottleState state;
    const bool reads = work_ == Work::verifying;
    state.copy_share =
        reads ? controller_.read_share() : controller_.copy_share() * (1 - options_.nice);
    state.replay_share = controller_.replay_share();
    if (cutover_waits_) {
        state.cause = cutover_waits_->cause;
        state.reason = cutover_waits_->reason;
    } else if (const auto& held = strongest()) {
        state.cause = held->cause;
        state.reason = held->reason;
    } else if (options_.nice > 0 && !reads) {
        state.cause = "nice";
        state.reason = "--nice is " + number_text(options_.nice);
    }
    state.replicas = replicas_.states(Clock::now());
    state.held = held_.list();
    return state;
}

std::optional<milliseconds> Throttle::chunk_time_max() const {
    if (!options_.max_lag || !replicas_.needs_beats()) {
        return std::nullopt;
    }
    return std::max(*options_.max_lag / kChunksInLag, kChunkTimeLeast);
}

}  // namespace doppel::throttle
