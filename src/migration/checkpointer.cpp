// SPDX-License-Identifier: Apache-2.0
#include "migration/checkpointer.hpp"

#include "base/fault_point.hpp"
#include "sql/failure_kind.hpp"

#include <variant>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;

/// Written at every third look or so: at least once a second, also where a look or a write takes
/// long.
constexpr std::chrono::milliseconds kLook{250};
constexpr std::chrono::milliseconds kWrite{600};

checkpoint::Place place_of(const binlog::StreamPosition& position, const checkpoint::Place& like) {
    if (std::holds_alternative<mysql::GtidSet>(like)) {
        return position.gtids;
    }
    return position.file;
}

}  // namespace

checkpoint::Show show_of(const Progress& progress) {
    checkpoint::Show show;
    show.phase = to_string(progress.phase);
    show.rows_copied = progress.rows_copied;
    show.rows_estimated = progress.rows_estimated;
    show.keys_pending = progress.keys_pending;
    show.rows_per_second = progress.rows_per_second;
    if (progress.eta_seconds >= 0) {
        show.eta_seconds = progress.eta_seconds;
    }
    show.feed_lag_seconds = progress.feed_lag_seconds;
    show.elapsed_ms = static_cast<std::uint64_t>(progress.elapsed.count());
    show.copy_share = progress.throttle.copy_share;
    show.throttle_reason = progress.throttle.reason;
    return show;
}

Checkpointer::Checkpointer(
    CheckpointContext context, checkpoint::Point last, sql::AsyncSession& session
)
    : context_(std::move(context)), last_(std::move(last)), session_(session) {}

void Checkpointer::look() {
    checkpoint::Point now = last_;
    now.low_water = context_.coordinator.closed_through();
    now.copied = context_.coordinator.copied();
    now.rows_copied = context_.progress().rows_copied;
    // The rows of an XA transaction come when it is prepared, and count when it is committed: then
    // its keys must be known. So the place stays before the first that has not ended.
    const binlog::StreamPosition* const before_xa = context_.handler.before_prepared();
    const binlog::StreamPosition& position =
        before_xa != nullptr ? *before_xa : context_.stream.position();
    if (!position.file.file.empty()) {
        now.place = place_of(position, last_.place);
    }
    safe_.note(context_.coordinator, std::move(now));
    if (auto safe = safe_.settle(context_.coordinator)) {
        last_ = *std::move(safe);
    }
}

async::awaitable<void> Checkpointer::run() {
    auto next = Clock::now();
    while (!context_.stopping) {
        look();
        if (Clock::now() >= next) {
            next = Clock::now() + kWrite;
            co_await write();
        }
        co_await async::wait_until(
            context_.ended, [this] { return context_.stopping; }, kLook
        );
    }
}

async::awaitable<void> Checkpointer::write() {
    const std::string statement =
        context_.state.point_statement(last_, show_of(context_.progress()), context_.run_id);
    std::optional<Error> failure;
    try {
        auto work = [&statement](sql::Session& session) { return session.execute(statement); };
        const std::uint64_t rows = co_await session_.run(work);
        if (rows != 0) {
            base::fault_point("checkpoint.written");
            co_return;
        }
        failure.emplace(Errc::failed, "another run has taken over this change");
    } catch (const Error& error) {
        failure = error;
    }
    if (context_.stopping) {
        co_return;
    }
    switch (sql::classify_write_failure(*failure)) {
        case sql::FailureKind::connection_lost:
            // A lost write may have happened: what it says is true all the same.
            co_await session_.reconnect(context_.reconnect_limit);
            break;
        case sql::FailureKind::conflict:
            context_.logger.debug("checkpoint: {}; trying again", failure->what());
            break;
        default:
            throw *failure;
    }
}

}  // namespace doppel::migration
