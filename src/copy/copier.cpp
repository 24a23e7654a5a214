// SPDX-License-Identifier: Apache-2.0
#include "copy/copier.hpp"

#include "base/fault_point.hpp"
#include "copy/chunk_statement.hpp"
#include "copy/partial_copy.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace doppel::copy {
namespace {

using sql::FailureKind;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kFenceLook{1};

}  // namespace

Copier::Copier(CopyContext context, sql::AsyncSession& session)
    : context_(std::move(context)), session_(session) {}

async::awaitable<void> Copier::copy(protocol::ChunkIndex chunk) {
    ChunkRetries retries;
    while (!context_.stopping) {
        if (co_await attempt(chunk, retries)) {
            co_return;
        }
        co_await async::sleep(retries.pause());
    }
    withdraw(chunk);
}

void Copier::open(protocol::ChunkIndex chunk) {
    if (!context_.coordinator.is_open(chunk)) {
        context_.coordinator.open_chunk(chunk);
        context_.changed.notify();
    }
}

async::awaitable<void> Copier::prepare(protocol::ChunkIndex chunk) {
    open(chunk);
    while (!context_.coordinator.may_read(chunk) && !context_.stopping) {
        co_await context_.changed.wait(kFenceLook);
    }
}

void Copier::withdraw(protocol::ChunkIndex chunk) {
    if (context_.coordinator.is_open(chunk)) {
        context_.coordinator.cancel_chunk(chunk);
        context_.changed.notify();
    }
}

async::awaitable<bool> Copier::attempt(protocol::ChunkIndex chunk, ChunkRetries& retries) {
    co_await prepare(chunk);
    if (context_.stopping) {
        withdraw(chunk);
        co_return true;
    }
    base::fault_point("copy.chunk_opened");
    const auto failure = co_await copy_range(context_.coordinator.range(chunk), true);
    base::fault_point("copy.chunk_committed");
    if (!failure) {
        close(chunk);
        co_return true;
    }
    if (sql::is_refusal(*failure)) {
        context_.logger.debug("copy: {}; leaving rows out", failure->what());
        co_return co_await copy_apart(chunk, retries);
    }
    co_await recover(chunk, *failure, retries);
    co_return false;
}

async::awaitable<std::optional<Error>> Copier::copy_range(
    const mysql::KeyRange& range, bool whole
) {
    try {
        const std::string statement = copy_statement(context_.tables, range);
        const auto started = Clock::now();
        auto work = [&statement](sql::Session& session) { return session.execute(statement); };
        const std::uint64_t rows = co_await session_.run(work);
        if (whole) {
            context_.sizer.record(
                rows, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started)
            );
        }
        rows_ += rows;
    } catch (const Error& error) {
        co_return error;
    }
    co_return std::nullopt;
}

void Copier::close(protocol::ChunkIndex chunk) {
    ++chunks_;
    conflicts_.over();
    context_.coordinator.close_chunk(chunk);
    context_.changed.notify();
}

async::awaitable<std::vector<mysql::Key>> Copier::keys_of(protocol::ChunkIndex chunk) {
    const auto rows =
        co_await session_.query(keys_statement(context_.tables, context_.coordinator.range(chunk)));
    std::vector<mysql::Key> keys;
    keys.reserve(rows.rows.size());
    for (const sql::Row& row : rows.rows) {
        auto key = context_.tables.shape.encode_text(row);
        if (!key) {
            throw Error(Errc::failed, "a key cannot be read: " + key.failure().message);
        }
        keys.push_back(std::move(*key));
    }
    co_return keys;
}

async::awaitable<bool> Copier::copy_apart(protocol::ChunkIndex chunk, ChunkRetries& retries) {
    std::vector<mysql::Key> keys;
    std::optional<Error> failure;
    try {
        keys = co_await keys_of(chunk);
    } catch (const Error& error) {
        failure = error;
    }
    PartialCopy parts(context_.coordinator.range(chunk), std::move(keys), PartialCopy::kRefusedMax);
    while (!failure && !context_.stopping) {
        const auto range = parts.next();
        if (!range) {
            break;
        }
        failure = co_await copy_range(*range, false);
        if (!failure) {
            parts.taken();
        } else if (sql::is_refusal(*failure)) {
            parts.refused();
            failure.reset();
        } else if (sql::classify_write_failure(*failure) == FailureKind::conflict && retries.allows_another()) {
            failure.reset();
            co_await async::sleep(retries.pause());
        }
    }
    if (failure) {
        co_await recover(chunk, *failure, retries);
        co_return false;
    }
    // While the chunk is open, so that the keys wait for its end like those that the feed brings.
    const std::vector<mysql::Key> left_out = parts.left_out();
    for (const mysql::Key& key : left_out) {
        context_.coordinator.request(key.bytes);
    }
    close(chunk);
    co_return true;
}

async::awaitable<void> Copier::recover(
    protocol::ChunkIndex chunk, const Error& error, ChunkRetries& retries
) {
    switch (sql::classify_write_failure(error)) {
        case FailureKind::connection_lost:
            context_.logger.warning("copy: lost the connection: {}", error.what());
            break;
        case FailureKind::conflict:
            context_.logger.debug("copy: {}; trying again", error.what());
            if (conflicts_.met(Clock::now())) {
                context_.logger.warning(
                    "the copy waits for a lock of somebody else's on {}, for {} tries now: {}",
                    context_.tables.shadow.str(),
                    conflicts_.count(),
                    error.what()
                );
            }
            if (retries.allows_another()) {
                break;
            }
            [[fallthrough]];
        default:
            throw Error(error, fmt::format("copying failed: {}", error.what()));
    }
    // After a conflict the server has rolled the statement back, and with autocommit the
    // transaction.
    if (error.code() == Errc::interrupted) {
        co_await session_.reconnect(context_.reconnect_limit);
        co_await clear(chunk);
    }
    context_.coordinator.cancel_chunk(chunk);
    context_.changed.notify();
}

async::awaitable<void> Copier::clear(protocol::ChunkIndex chunk) {
    // A lost statement may have been committed, and a chunk is copied in parts where rows are left
    // out. It is still open, so nobody else has rows of ours in its range.
    while (!context_.stopping) {
        std::optional<Error> failure;
        try {
            co_await session_.execute(
                clear_statement(context_.tables, context_.coordinator.range(chunk))
            );
        } catch (const Error& error) {
            failure = error;
        }
        if (!failure) {
            co_return;
        }
        switch (sql::classify_write_failure(*failure)) {
            case FailureKind::conflict:
                break;
            case FailureKind::connection_lost:
                co_await session_.reconnect(context_.reconnect_limit);
                break;
            default:
                throw *failure;
        }
    }
}

}  // namespace doppel::copy
