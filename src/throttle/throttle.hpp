// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "doppel/error.hpp"
#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "sql/session.hpp"
#include "throttle/controller.hpp"
#include "throttle/gate.hpp"
#include "throttle/heart.hpp"
#include "throttle/held_time.hpp"
#include "throttle/http_signal.hpp"
#include "throttle/orders.hpp"
#include "throttle/probe.hpp"
#include "throttle/replica_watch.hpp"
#include "throttle/server_signals.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doppel::throttle {

/// Holds back the copy (and, if need be, replay) of one run: reads the signals on connections of
/// its own, joins them ten times a second, and sets the gates that copiers and replayers ask. No
/// failure of it ends a run but a hard limit, and that only by `critical`.
class Throttle final {
public:
    struct Context {
        const Orders& orders;
        ConnectionOptions connection;   ///< of the primary
        sql::SessionSettings settings;  ///< of sessions on the primary
        std::string primary_uuid;
        std::function<std::string(std::uint64_t number)> beat_statement;
        std::string beat_query;
        std::uint64_t numbers_used = 0;  ///< of beats, by earlier runs
        async::Event& changed;           ///< notified when somebody may go on
        std::function<void(std::string)> notice;
        Logger logger;
        async::asio::any_io_executor executor;
        const bool& stopping;
    };

    Throttle(Context context, async::TaskGroup& tasks);

    /// Begins in tasks of the group.
    void spawn(async::TaskGroup& tasks);
    /// `stopping` is set.
    void stop() { ended_.notify(); }

    [[nodiscard]] protocol::Gate& copy_gate() noexcept { return copy_gate_; }
    /// Of the comparison, which replicas do not notice.
    [[nodiscard]] protocol::Gate& read_gate() noexcept { return read_gate_; }
    [[nodiscard]] protocol::Gate& replay_gate() noexcept { return replay_gate_; }

    /// What the run is at, and so what holds it back and counts as held time (HeldTime).
    enum class Work { other, copying, verifying };
    void set_work(Work work);
    /// Why the tables are not to be swapped now; the time until the next call counts for it.
    [[nodiscard]] std::optional<Hindrance> hinders_cutover();
    /// The end of it.
    void cutover_may_begin();

    [[nodiscard]] ThrottleState state() const;
    /// As they are now.
    [[nodiscard]] const ThrottleOptions& options() const noexcept { return options_; }
    /// How long one chunk may take so that a replica does not fall behind by it alone.
    [[nodiscard]] std::optional<std::chrono::milliseconds> chunk_time_max() const;
    /// Error(overloaded) once a hard limit was reached that ends the run.
    [[nodiscard]] const std::optional<Error>& critical() const noexcept { return critical_; }

private:
    async::awaitable<void> steer();
    async::awaitable<void> read_server();
    async::awaitable<void> read_signal(ServerSignal& signal);
    void step(Clock::time_point now);
    void account(Clock::time_point now);
    [[nodiscard]] const std::optional<Pressure>& strongest() const noexcept;

    Context context_;
    const ThrottleOptions& options_;
    async::Event ended_;
    LocalSignals local_;
    LoadSignal load_;
    HistorySignal history_;
    QuerySignal query_;
    HttpSignal http_;
    Heart heart_;
    ReplicaWatch replicas_;
    Probe probe_;
    Controller controller_;
    ShareGate copy_gate_;
    ShareGate read_gate_;
    ShareGate replay_gate_;
    HeldTimes held_;
    Work work_ = Work::other;
    std::optional<Hindrance> cutover_waits_;
    std::optional<Error> critical_;
};

}  // namespace doppel::throttle
