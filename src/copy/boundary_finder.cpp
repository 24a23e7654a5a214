// SPDX-License-Identifier: Apache-2.0
#include "copy/boundary_finder.hpp"

#include "copy/chunk_statement.hpp"
#include "sql/failure_kind.hpp"

namespace doppel::copy {
namespace {

using sql::FailureKind;

constexpr std::chrono::seconds kLook{1};

}  // namespace

BoundaryFinder::BoundaryFinder(
    const mysql::TablePair& tables,
    protocol::Coordinator& coordinator,
    sql::AsyncSession& session,
    const protocol::ChunkSizer& sizer,
    std::chrono::milliseconds reconnect_limit,
    const boost::asio::any_io_executor& executor
)
    : tables_(tables),
      coordinator_(coordinator),
      session_(session),
      sizer_(sizer),
      reconnect_limit_(reconnect_limit),
      changed_(executor) {}

void BoundaryFinder::resume(std::optional<mysql::Key> low_water, bool whole_table) {
    last_ = std::move(low_water);
    finished_ = whole_table;
}

void BoundaryFinder::stop() {
    stopping_ = true;
    changed_.notify();
}

async::awaitable<std::optional<mysql::Key>> BoundaryFinder::find() {
    ChunkRetries retries;
    while (true) {
        std::optional<Error> failure;
        try {
            const auto rows =
                co_await session_.query(boundary_statement(tables_, last_, sizer_.rows()));
            if (rows.empty()) {
                co_return std::nullopt;
            }
            auto key = tables_.shape.encode_text(rows.rows.front());
            if (!key) {
                throw Error(Errc::failed, "a key cannot be read: " + key.failure().message);
            }
            co_return std::move(*key);
        } catch (const Error& error) {
            failure = error;
        }
        co_await get_over(*failure, retries);
    }
}

async::awaitable<void> BoundaryFinder::get_over(const Error& error, ChunkRetries& retries) {
    switch (stopping_ ? FailureKind::other : sql::classify_write_failure(error)) {
        case FailureKind::connection_lost:
            co_await session_.reconnect(reconnect_limit_);
            co_return;
        case FailureKind::conflict:  // somebody's KILL QUERY: it holds no locks
            if (retries.allows_another()) {
                co_await async::sleep(retries.pause());
                co_return;
            }
            [[fallthrough]];
        default:
            throw error;
    }
}

async::awaitable<void> BoundaryFinder::run() {
    while (!stopping_ && !finished_) {
        if (found_.size() >= kAhead || coordinator_.chunks_kept() >= kKeptMax) {
            co_await changed_.wait(kLook);
            continue;
        }
        auto upper = co_await find();
        finished_ = !upper.has_value();
        last_ = upper;
        found_.push_back(coordinator_.add_chunk(std::move(upper)));
        changed_.notify();
    }
}

async::awaitable<std::optional<protocol::ChunkIndex>> BoundaryFinder::next() {
    while (found_.empty()) {
        if (finished_ || stopping_) {
            co_return std::nullopt;
        }
        co_await changed_.wait(kLook);
    }
    co_return take();
}

std::optional<protocol::ChunkIndex> BoundaryFinder::take() {
    if (found_.empty()) {
        return std::nullopt;
    }
    const auto chunk = found_.front();
    found_.pop_front();
    changed_.notify();
    return chunk;
}

}  // namespace doppel::copy
