// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "copy/chunk_retries.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/chunk_sizer.hpp"
#include "protocol/coordinator.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <deque>
#include <optional>

namespace doppel::copy {

/// Walks along the key on a session of its own and finds where chunks end, a few ahead of the
/// copiers, so that nobody waits for it. Any number of copiers may take chunks.
class BoundaryFinder final {
public:
    BoundaryFinder(
        const mysql::TablePair& tables,
        protocol::Coordinator& coordinator,
        sql::AsyncSession& session,
        const protocol::ChunkSizer& sizer,
        std::chrono::milliseconds reconnect_limit,
        const boost::asio::any_io_executor& executor
    );

    /// Begins behind what an earlier run copied. Before `run`.
    void resume(std::optional<mysql::Key> low_water, bool whole_table);
    /// Finds boundaries until the end of the table or `stop`.
    async::awaitable<void> run();
    /// The next chunk; nothing when there is none any more, or after `stop`.
    async::awaitable<std::optional<protocol::ChunkIndex>> next();
    /// The same, but only what is there at once.
    std::optional<protocol::ChunkIndex> take();
    /// Nothing is left to be taken, now and later.
    [[nodiscard]] bool exhausted() const { return finished_ && found_.empty(); }
    void stop();

private:
    /// Found and not taken.
    static constexpr std::size_t kAhead = 8;
    /// Beyond the contiguous copied part: when one chunk is held up, the others do not run away
    /// from it, for what they copy is lost when the run goes on after a crash.
    static constexpr std::size_t kKeptMax = 64;

    async::awaitable<std::optional<mysql::Key>> find();
    /// After a failure that another try may not meet; throws others.
    async::awaitable<void> get_over(const Error& error, ChunkRetries& retries);

    const mysql::TablePair& tables_;
    protocol::Coordinator& coordinator_;
    sql::AsyncSession& session_;
    const protocol::ChunkSizer& sizer_;
    std::chrono::milliseconds reconnect_limit_;
    async::Event changed_;
    std::deque<protocol::ChunkIndex> found_;
    std::optional<mysql::Key> last_;
    bool finished_ = false;
    bool stopping_ = false;
};

}  // namespace doppel::copy
