// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "checkpoint/record.hpp"
#include "checkpoint/state_table.hpp"
#include "doppel/log.hpp"
#include "doppel/progress.hpp"
#include "feed/stream.hpp"
#include "migration/feed_handler.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/safe_points.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <functional>
#include <optional>

namespace doppel::migration {

/// What the checkpointer looks at and writes to. All outlive it.
struct CheckpointContext {
    const checkpoint::StateTable& state;
    const protocol::Coordinator& coordinator;
    const FeedHandler& handler;
    const feed::BinlogStream& stream;
    const Logger& logger;
    std::function<Progress()> progress;
    const std::string& run_id;
    std::chrono::milliseconds reconnect_limit;
    async::Event& ended;  ///< notified when the run is stopping
    const bool& stopping;
};

/// Writes about once a second from where the run could go on, and how it is getting on.
///
/// The write is a commit of ours that was begun after everything before the point's place had been
/// delivered. So whoever reads the point also sees those transactions (see FenceClock), even the
/// ones whose keys were discarded and that no other fence waited for.
class Checkpointer final {
public:
    /// `last`: the point that is in the table already.
    Checkpointer(CheckpointContext context, checkpoint::Point last, sql::AsyncSession& session);

    async::awaitable<void> run();

private:
    async::awaitable<void> write();
    void look();

    CheckpointContext context_;
    checkpoint::Point last_;
    sql::AsyncSession& session_;
    protocol::SafePoints<checkpoint::Point> safe_;
};

/// For people who look at a state table.
[[nodiscard]] checkpoint::Show show_of(const Progress& progress);

}  // namespace doppel::migration
