// SPDX-License-Identifier: Apache-2.0
#include "copy/copier.hpp"

#include "copy/chunk_statement.hpp"

#include <optional>

#include <fmt/format.h>

namespace doppel::copy {
namespace {

using sql::FailureKind;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kFenceLook{1};

}  // namespace

Copier::Copier(CopyContext context, sql::AsyncSession& session)
    : context_(std::move(context)), session_(session) {}

async::awaitable<void> Copier::run() {
    while (!context_.stopping) {
        const auto chunk = co_await context_.boundaries.next();
        if (!chunk) {
            co_return;
        }
        co_await copy(*chunk);
    }
}

async::awaitable<void> Copier::copy(protocol::ChunkIndex chunk) {
    ChunkRetries retries;
    while (!context_.stopping) {
        if (co_await attempt(chunk, retries)) {
            co_return;
        }
        co_await async::sleep(retries.pause());
    }
}

async::awaitable<bool> Copier::attempt(protocol::ChunkIndex chunk, ChunkRetries& retries) {
    auto& coordinator = context_.coordinator;
    coordinator.open_chunk(chunk);
    context_.changed.notify();
    while (!coordinator.may_read(chunk)) {
        if (context_.stopping) {
            coordinator.cancel_chunk(chunk);
            co_return true;
        }
        co_await context_.changed.wait(kFenceLook);
    }
    // A catch block cannot co_await, so the failure is carried out of it.
    std::optional<Error> failure;
    try {
        const std::string statement = copy_statement(context_.tables, coordinator.range(chunk));
        const auto started = Clock::now();
        auto work = [&statement](sql::Session& session) { return session.execute(statement); };
        const std::uint64_t rows = co_await session_.run(work);
        context_.sizer.record(
            rows, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started)
        );
        rows_ += rows;
        ++chunks_;
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure) {
        coordinator.close_chunk(chunk);
        context_.changed.notify();
        co_return true;
    }
    co_await recover(chunk, sql::classify_write_failure(*failure), *failure, retries);
    co_return false;
}

async::awaitable<void> Copier::recover(
    protocol::ChunkIndex chunk, FailureKind kind, Error error, ChunkRetries& retries
) {
    auto& coordinator = context_.coordinator;
    if (kind == FailureKind::connection_lost) {
        context_.logger.warning("copy: lost the connection: {}", error.what());
        while (!context_.stopping) {
            co_await session_.reconnect(context_.reconnect_limit);
            // The lost statement may have committed. The chunk is still open, so nobody else has
            // rows of ours in its range: empty it and copy it again.
            bool cleared = false;
            try {
                co_await session_.execute(clear_statement(context_.tables, coordinator.range(chunk))
                );
                cleared = true;
            } catch (const Error& again) {
                const auto again_kind = sql::classify_write_failure(again);
                if (again_kind == FailureKind::conflict) {
                    continue;
                }
                if (again_kind != FailureKind::connection_lost) {
                    throw;
                }
            }
            if (cleared) {
                break;
            }
        }
        coordinator.cancel_chunk(chunk);
        co_return;
    }
    // The server rolled the statement back, and with autocommit the transaction.
    coordinator.cancel_chunk(chunk);
    context_.changed.notify();
    if (retries.allows(kind)) {
        context_.logger.debug("copy: {}; trying again", error.what());
        if (kind == FailureKind::duplicate) {
            co_await context_.catch_up();
        }
        co_return;
    }
    if (kind == FailureKind::duplicate || kind == FailureKind::misfit) {
        throw sql::data_misfit("a row", context_.tables.source, error);
    }
    throw Error(Errc::failed, fmt::format("copying failed: {}", error.what()));
}

}  // namespace doppel::copy
