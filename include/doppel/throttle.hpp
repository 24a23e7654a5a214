// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace doppel {

/// A status variable of the server (SHOW GLOBAL STATUS) and what it may reach.
struct StatusLimit {
    std::string variable;
    double value = 0;

    bool operator==(const StatusLimit&) const = default;
};

/// What a hard limit does once it is reached.
enum class CriticalAction {
    abort,  ///< the run ends with Errc::overloaded; state is kept, the same command goes on
    pause,  ///< copying stops until the value is below the limit again
};

/// A part of each day, in a time zone.
struct DailyWindow {
    unsigned from_minute = 0;  ///< of the day, 0..1439
    unsigned to_minute = 0;    ///< exclusive, 0..1440; less than `from_minute`: past midnight
    std::string zone;          ///< name of the time zone database ("Europe/Berlin", "UTC"), or
                               ///< "+02:00"; empty: the zone of this machine

    bool operator==(const DailyWindow&) const = default;
};

/// When copying is held back. Below its soft limit a signal lets the copy go on at a share of its
/// speed that is steered; at the limit the copy stands still. What cannot be read counts as over
/// its limit after `grace`, and what was never read does at once. All may be changed while a run
/// goes on (`doppel set`).
struct ThrottleOptions {
    // Replicas
    std::optional<std::chrono::milliseconds> max_lag{1'000};  ///< 50 ms..1 h; nothing: not heeded
    std::optional<std::chrono::milliseconds> critical_lag;    ///< 100 ms..24 h
    bool find_replicas = true;              ///< by SHOW REPLICAS, of replicas of replicas too
    std::vector<ServerAddress> replicas;    ///< watched in any case
    std::vector<ServerAddress> may_vanish;  ///< watched, and not missed while they are away
    std::vector<ServerAddress> ignored;     ///< never watched

    // The server
    std::vector<StatusLimit> max_load;
    std::vector<StatusLimit> critical_load;
    std::optional<std::chrono::milliseconds> max_commit_latency;  ///< 1 ms..1 min
    std::optional<std::chrono::milliseconds> critical_commit_latency;
    std::optional<std::uint64_t> max_history_length;  ///< of InnoDB's undo log, in transactions
    std::optional<std::uint64_t> critical_history_length;

    // Words from outside
    std::string query;      ///< copying stands still while its first value is not 0; empty: none
    std::string http;       ///< .. while this URL does not answer 200; empty: none
    std::string flag_file;  ///< .. while this file exists; empty: none
    std::chrono::milliseconds grace{5'000};  ///< 0..10 min
    CriticalAction critical_action = CriticalAction::abort;

    // Always
    double nice = 0;                            ///< share of time given away, 0..0.95
    std::optional<DailyWindow> window;          ///< of copying; nothing: always
    std::optional<DailyWindow> cutover_window;  ///< nothing: always

    // The swap
    bool postpone_cutover = false;  ///< until `doppel cutover`
    std::string postpone_file;      ///< or while this file exists; empty: none
};

/// How far a replica is behind, by the heartbeats of the run.
struct ReplicaState {
    std::string address;     ///< host:port
    double lag_seconds = 0;  ///< at most
    bool counts = true;      ///< false: it may be away, or was never reached
    std::string problem;     ///< why it cannot be read; empty: it can
};

/// For how long copying was held back, for one cause. Time that is given away in part counts in
/// part: 10 s at a share of 0.7 are 3 s.
struct HeldTime {
    std::string cause;  ///< as ThrottleState::cause
    double seconds = 0;
};

/// What holds copying back at a moment.
struct ThrottleState {
    double copy_share = 1;    ///< of the speed it would have, 0..1
    double replay_share = 1;  ///< less than 1 only where lag grows although copying stands still
    /// What holds back most: "replica-lag", "max-load", "commit-latency", "history-length",
    /// "throttle-query", "throttle-http", "flag-file", "window", "paused", "nice", "starting",
    /// "cutover-window", "postponed"; empty: nothing.
    std::string cause;
    std::string reason;  ///< the same in words with a number, e.g. "replica db2:3306 is 0.82s
                         ///< behind, --max-lag is 1s"
    std::vector<ReplicaState> replicas;
    std::vector<HeldTime> held;  ///< so far, the longest first
};

}  // namespace doppel
