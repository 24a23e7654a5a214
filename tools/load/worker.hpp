// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "doppel/options.hpp"
#include "sql/session.hpp"
#include "tools/load/pacer.hpp"
#include "tools/load/recorder.hpp"
#include "tools/load/transaction.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace doppel::load {

/// The clock of a run and the way to end it. Thread-safe.
class RunControl final {
public:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] Instant now() const { return Clock::now() - start_; }
    [[nodiscard]] bool stopped() const { return stopped_; }
    void stop();
    /// Waits until `instant` has come; true when the run was stopped before.
    [[nodiscard]] bool wait_until(Instant instant);

private:
    const Clock::time_point start_ = Clock::now();
    std::atomic<bool> stopped_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// What all workers of a run share.
struct RunContext {
    ConnectionOptions connection;
    std::string table;  ///< quoted
    std::string twin;   ///< quoted; empty: none
    std::uint64_t largest_id = 0;
    RunControl& control;
    Pacer& pacer;
    Recorder& recorder;
};

[[nodiscard]] sql::SessionSettings worker_settings();

/// One session that runs transactions on a thread of its own from its construction until the run is
/// stopped. Everything that goes wrong is recorded; the thread ends only with the run.
class Worker final {
public:
    Worker(RunContext& context, std::unique_ptr<sql::Session> session, std::uint64_t seed);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] bool finished() const { return finished_; }
    /// For KILL; 0 while there is no connection.
    [[nodiscard]] std::uint64_t connection_id() const { return connection_id_; }

private:
    void work();
    void perform(Instant due);
    void attempt(const Transaction& transaction);
    std::uint64_t timed(std::string_view what, const std::string& statement);
    /// True when the transaction may be tried again.
    bool handle(const Error& error, Instant due, bool attempts_left);
    void reconnect();
    void pause(std::chrono::milliseconds duration);

    RunContext& context_;
    std::unique_ptr<sql::Session> session_;
    RandomSequence random_;
    std::atomic<std::uint64_t> connection_id_;
    std::atomic<bool> finished_{false};
    std::thread thread_;
};

}  // namespace doppel::load
