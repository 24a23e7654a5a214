// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/error.hpp"
#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "doppel/progress.hpp"
#include "doppel/throttle.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace doppel {

/// When the shadow's plain secondary indexes are built: row by row during the copy, or at once
/// after it, which is faster on the server itself and one long event for its replicas.
enum class IndexBuild {
    automatic,  ///< deferred where it pays: a table of some size on a server without replicas
    inline_,
    deferred,
};

/// How a migration is run. Every field has a sane default.
struct MigrationOptions {
    // What happens
    bool try_native = true;  ///< try ALGORITHM=INSTANT or a metadata-only change first
    bool verify = true;      ///< compare the tables before the swap, while they are in use
    bool restart = false;    ///< remove what an earlier run left instead of going on with it
    bool drop_old = false;   ///< drop the old table at the end; it is kept as `_t_old` otherwise

    // Effect on the application
    std::chrono::milliseconds lock_wait_timeout{
        1'000};  ///< longest wait for a table lock; 1 s..1 h in whole seconds (lock_wait_timeout)
    unsigned cutover_attempts = 60;  ///< 1..10,000
    std::chrono::milliseconds cutover_backoff_max{
        30'000};  ///< pause between attempts doubles from 500 ms up to this
    std::chrono::milliseconds cutover_lock_limit{
        3'000};  ///< longest time the lock is held in one attempt

    // Speed
    unsigned threads = 4;  ///< most sessions that copy at a time, 1..16; one where the application
                           ///< uses the server. As many again may replay.
    unsigned replay_threads_min = 1;  ///< sessions that replay at least, 1..`threads` count; more
                                      ///< do when changes come faster than they are replayed
    IndexBuild index_build = IndexBuild::automatic;
    std::size_t chunk_rows_max = 20'000;  ///< 10..1,000,000
    std::chrono::milliseconds chunk_time_target{
        400};  ///< a chunk's INSERT .. SELECT should take this long where nobody else uses the
               ///< server; beside others 25 ms, or this if it is less
    std::size_t batch_keys_max = 1'000;  ///< keys per reconcile transaction, 1..100,000
    std::size_t batch_bytes_max =
        256 * 1024;  ///< bytes of statement text, also bounded by max_allowed_packet
    std::size_t pending_keys_max = 2'000'000;  ///< the feed pauses above this

    // Connections
    std::chrono::milliseconds heartbeat{
        1'000};  ///< heartbeat asked of the server when there are no binlog events
    std::chrono::milliseconds silence_limit{
        60'000};  ///< a connection on which the server says nothing for this long beyond
                  ///< `lock_wait_timeout` counts as lost; 1 s..24 h
    std::chrono::milliseconds reconnect_limit{
        300'000};  ///< give up (exit 4) when the server is away for this long

    std::chrono::milliseconds progress_interval{1'000};

    ThrottleOptions throttle;  ///< when the run holds itself back

    // Running control
    bool control = true;         ///< listen on a Unix socket for `doppel pause` and the like
    std::string control_socket;  ///< its path; empty: chosen by server and table, see control.hpp
};

/// How a run ended. `code` is meaningless when `ok`.
struct Outcome {
    bool ok = false;
    Errc code = Errc::failed;
    std::string message;  ///< one or more sentences for the operator: what happened, what is left,
                          ///< what to do
    std::optional<DataMisfit> misfit = std::nullopt;  ///< with Errc::data_misfit: the rows
};

/// Runs one `ALTER TABLE` statement to its end on the calling thread, with threads of its own for
/// SQL sessions. SIGINT, SIGTERM and SIGHUP stop it cleanly while it runs. Never throws for reasons
/// of the server or the statement. `observer` and `logger` are used until it returns.
[[nodiscard]] Outcome run_alter(
    const std::string& statement,
    const ConnectionOptions& connection,
    const MigrationOptions& options,
    Observer& observer,
    const Logger& logger
);

}  // namespace doppel
