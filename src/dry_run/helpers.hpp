// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"
#include "sql/session.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace doppel::dry_run {

/// SIGINT, SIGTERM and SIGHUP are noted while it lives; a second one of a kind has its usual
/// effect. One at a time in a process.
class StopSignals final {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    [[nodiscard]] static bool requested();
    /// Throws Error(stopped).
    static void require_running();
};

/// Connects a session that copies as those of a run do. `logged`: what it does is in the binary
/// log.
[[nodiscard]] std::unique_ptr<sql::Session> connect_writer(
    const ConnectionOptions& connection, bool utc, bool logged
);

/// Runs a SELECT on `session` from another thread and has it killed when the process is asked to
/// stop; nothing when its time was up. Throws Error(stopped), and what the session throws.
[[nodiscard]] std::optional<sql::Rows> query_until_stopped(
    sql::Session& session,
    const ConnectionOptions& connection,
    const std::string& statement,
    std::chrono::milliseconds limit
);

/// Runs `work(0)` .. `work(count - 1)` in threads of their own; the first failure is thrown when
/// all have ended. `failed` becomes true with it, for the others to look at.
void run_together(
    unsigned count, std::atomic<bool>& failed, const std::function<void(unsigned)>& work
);

}  // namespace doppel::dry_run
