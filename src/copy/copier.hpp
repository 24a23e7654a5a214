// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "copy/boundary_finder.hpp"
#include "copy/chunk_retries.hpp"
#include "copy/chunk_sizer.hpp"
#include "doppel/log.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/coordinator.hpp"
#include "sql/async_session.hpp"
#include "sql/failure_kind.hpp"

#include <chrono>
#include <cstdint>
#include <functional>

namespace doppel::copy {

/// What copiers share.
struct CopyContext {
    const mysql::TablePair& tables;
    protocol::Coordinator& coordinator;
    async::Event& changed;  ///< notified when the coordinator may permit something new
    BoundaryFinder& boundaries;
    ChunkSizer& sizer;
    Logger logger;
    std::chrono::milliseconds reconnect_limit;
    /// Returns when the feed has delivered everything committed before the call and replay has
    /// reconciled it: what is a duplicate then is none of a stale row's making.
    std::function<async::awaitable<void>()> catch_up;
    const bool& stopping;
};

/// Copies chunks until there are no more. There may be several, each with its own session.
class Copier final {
public:
    Copier(CopyContext context, sql::AsyncSession& session);

    async::awaitable<void> run();

    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::uint64_t chunks() const noexcept { return chunks_; }

private:
    async::awaitable<void> copy(protocol::ChunkIndex chunk);
    /// Opens, waits for the fence, copies, closes. False: cancelled, to be tried again.
    async::awaitable<bool> attempt(protocol::ChunkIndex chunk, ChunkRetries& retries);
    async::awaitable<void> recover(
        protocol::ChunkIndex chunk, sql::FailureKind kind, Error error, ChunkRetries& retries
    );

    CopyContext context_;
    sql::AsyncSession& session_;
    std::uint64_t rows_ = 0;
    std::uint64_t chunks_ = 0;
};

}  // namespace doppel::copy
