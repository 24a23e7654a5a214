// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "copy/boundary_finder.hpp"
#include "copy/chunk_retries.hpp"
#include "doppel/log.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/chunk_sizer.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/gate.hpp"
#include "sql/async_session.hpp"
#include "sql/conflict_count.hpp"
#include "sql/failure_kind.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace doppel::copy {

/// What copiers share.
struct CopyContext {
    const mysql::TablePair& tables;
    protocol::Coordinator& coordinator;
    async::Event& changed;  ///< notified when the coordinator may permit something new
    BoundaryFinder& boundaries;
    protocol::ChunkSizer& sizer;
    protocol::Gate& gate;  ///< asked before each chunk
    Logger logger;
    std::chrono::milliseconds reconnect_limit;
    const bool& stopping;
};

/// Copies chunks on a session of its own. There may be several at work.
///
/// Rows that the shadow refuses hold nothing up: the chunk leaves them out and asks for their keys
/// to be reconciled, and replay finds out whether they were in a bad moment or do not fit.
class Copier final {
public:
    Copier(CopyContext context, sql::AsyncSession& session);

    /// Opens the chunk, so that the fence that it needs can be on its way while another chunk is
    /// copied.
    void open(protocol::ChunkIndex chunk);
    /// Opens the chunk if that has not been done, and waits until it may be read, or the run is
    /// stopping.
    async::awaitable<void> prepare(protocol::ChunkIndex chunk);
    /// The chunk counts as not begun again, if it was opened.
    void withdraw(protocol::ChunkIndex chunk);
    /// Until the chunk is closed, or the run is stopping.
    async::awaitable<void> copy(protocol::ChunkIndex chunk);

    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::uint64_t chunks() const noexcept { return chunks_; }

private:
    /// Prepares, copies, closes. False: cancelled, to be tried again.
    async::awaitable<bool> attempt(protocol::ChunkIndex chunk, ChunkRetries& retries);
    /// Copies the rows of an open chunk that are not refused; false: cancelled.
    async::awaitable<bool> copy_apart(protocol::ChunkIndex chunk, ChunkRetries& retries);
    async::awaitable<std::optional<Error>> copy_range(const mysql::KeyRange& range, bool whole);
    async::awaitable<std::vector<mysql::Key>> keys_of(protocol::ChunkIndex chunk);
    void close(protocol::ChunkIndex chunk);
    /// After a failure that says nothing about rows. The chunk is cancelled, its range empty.
    async::awaitable<void> recover(
        protocol::ChunkIndex chunk, const Error& error, ChunkRetries& retries
    );
    async::awaitable<void> clear(protocol::ChunkIndex chunk);

    CopyContext context_;
    sql::AsyncSession& session_;
    std::uint64_t rows_ = 0;
    std::uint64_t chunks_ = 0;
    sql::ConflictCount conflicts_;
};

}  // namespace doppel::copy
