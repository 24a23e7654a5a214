// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "binlog/transaction_reader.hpp"
#include "checkpoint/state_table.hpp"
#include "copy/boundary_finder.hpp"
#include "copy/copier.hpp"
#include "copy/crew.hpp"
#include "copy/load_watch.hpp"
#include "copy/pace.hpp"
#include "cutover/cutover.hpp"
#include "doppel/migration.hpp"
#include "feed/stream.hpp"
#include "index/index_build.hpp"
#include "migration/checkpointer.hpp"
#include "migration/feed_handler.hpp"
#include "migration/rate_meter.hpp"
#include "migration/sessions.hpp"
#include "migration/source_guard.hpp"
#include "migration/verification.hpp"
#include "misfit/new_schema.hpp"
#include "mysql/table_pair.hpp"
#include "protocol/balance.hpp"
#include "protocol/chunk_sizer.hpp"
#include "protocol/coordinator.hpp"
#include "replay/fencer.hpp"
#include "replay/replayer.hpp"
#include "shadow/auto_increment.hpp"
#include "throttle/throttle.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace doppel::migration {

/// Indexes that are not in the shadow while it is filled.
struct DeferredIndexes {
    index::Definitions definitions;
    std::string statement;  ///< builds them
};

/// Everything about one shadow that was prepared: what is copied where, and from which place of the
/// binlog on.
struct ShadowJob {
    mysql::TablePair tables;
    misfit::NewSchema schema;
    mysql::TableName old_table;
    std::vector<std::size_t> key_ordinals;
    std::vector<std::optional<std::string>> key_defaults;
    std::vector<schema::Column> columns;  ///< of the source
    bool xa_in_order = true;              ///< FeedInterest::xa_in_order
    std::uint64_t rows_estimated = 0;
    std::uint64_t row_bytes = 0;  ///< of the source, about; 0: not known
    shadow::CounterRule counter;
    std::uint64_t max_allowed_packet_bytes = 0;  ///< of the server
    binlog::StartPosition start;
    bool goes_on = false;          ///< with what an earlier run copied
    checkpoint::Point point;       ///< from where the run goes on; `start` is its place
    std::string run_id;            ///< of this run, as the state table has it
    std::uint64_t marks_used = 0;  ///< numbers in the state table by an earlier run
    bool rows_missing = false;     ///< of EarlierRun
    std::optional<DeferredIndexes> indexes;
    mysql::ServerVersion version;
    std::uint64_t spare_connections = 0;      ///< beyond those that a run needs
    std::optional<verify::Subject> compared;  ///< nothing: the tables are not verified
};

/// Copies, replays and swaps: constructs the stages, ties them together, and runs their coroutines.
/// From a prepared shadow to the renamed table, or to an exception with the source untouched.
class ShadowRun final {
public:
    ShadowRun(
        const ShadowJob& job,
        const SourceGuard& guard,
        const MigrationOptions& options,
        const throttle::Orders& orders,
        SessionFactory& sessions,
        Observer& observer,
        const Logger& logger,
        async::asio::any_io_executor executor
    );

    /// Throws Error(stopped) after `stop`.
    async::awaitable<void> run();

    /// Ends `run` soon with the source untouched, unless the RENAME was already sent. Any number of
    /// times.
    void stop();

    [[nodiscard]] Progress progress() const;
    /// For `doppel set`: what it may change beside the throttle.
    [[nodiscard]] copy::Pace& pace() noexcept { return pace_; }
    [[nodiscard]] std::chrono::microseconds cutover_locked() const { return cutover_locked_; }
    /// After `run` threw: whether the tables were swapped all the same.
    [[nodiscard]] cutover::Cutover::Fate fate() const { return cutover_.fate(); }

private:
    async::awaitable<void> open_sessions();
    async::awaitable<void> close_sessions();
    /// Removes what an earlier run had copied beyond its checkpoint: the copy begins there again.
    async::awaitable<void> clear_beyond_checkpoint();
    async::awaitable<void> conduct();
    /// For so long, or until the run is stopping.
    async::awaitable<void> pause(std::chrono::milliseconds time);
    async::awaitable<void> report();
    /// Keeps copy and replay in balance.
    async::awaitable<void> steer();
    /// Returns when every prepared XA transaction is one whose rows the feed brings.
    async::awaitable<void> await_unknown_xa();
    async::awaitable<std::vector<std::string>> unknown_xa();
    /// Builds the indexes that were left out of the shadow, if any.
    async::awaitable<void> build_indexes();
    /// Where replicas will be behind for it.
    void tell_of_hold_up();
    index::BuildContext build_context();
    /// Ends the statement that builds them when the run is stopped.
    async::awaitable<void> end_build_on_stop();
    async::awaitable<void> drain();
    async::awaitable<void> cut_over();
    /// Until nothing hinders the swap: limits, windows, --postpone-cutover.
    async::awaitable<void> await_permission();
    /// Throws once a hard limit was reached.
    async::awaitable<void> watch_limits();
    throttle::Throttle::Context throttle_context(const throttle::Orders& orders);
    async::awaitable<void> await_good_moment();
    async::awaitable<void> require_same_source();
    async::awaitable<bool> drain_locked(
        sql::AsyncSession& session, std::chrono::steady_clock::time_point deadline
    );
    cutover::CutoverHooks cutover_hooks();
    VerificationHooks verification_hooks();

    /// Who waits for a fence: one that keeps replay from going on meanwhile, so that the feed must
    /// not wait until less is pending; or one beside it.
    enum class Waiting { for_replay, beside_replay };
    /// Returns when the feed has delivered all that was committed before the call.
    async::awaitable<void> pass_fence(Waiting waiting);
    /// Runs what may be run twice, again after lost connections and, a bounded number of times,
    /// conflicts.
    async::awaitable<void> run_surely(
        sql::AsyncSession& session, std::function<void(sql::Session&)> work
    );
    async::awaitable<void> execute_surely(sql::AsyncSession& session, std::string statement);
    void enter(Phase phase);
    void notice(std::string message);
    /// Returns when the feed has delivered everything committed before the call and replay has
    /// reconciled it.
    async::awaitable<void> catch_up();
    void release_feed();
    void require_running() const;
    /// Those that are open all the time.
    std::vector<sql::AsyncSession*> first_sessions() const;
    std::vector<sql::AsyncSession*> all_sessions() const;

    const ShadowJob& job_;
    const SourceGuard& guard_;
    const MigrationOptions& options_;
    SessionFactory& sessions_;
    Observer& observer_;
    Logger logger_;
    async::asio::any_io_executor executor_;

    bool stopping_ = false;
    async::Event changed_;
    async::Event
        ended_;  ///< notified when `stopping_` is set: who looks now and then need not wait
    async::TaskGroup tasks_;
    checkpoint::StateTable state_;
    protocol::Coordinator coordinator_;
    FeedHandler handler_;
    feed::BinlogStream stream_;

    std::unique_ptr<sql::AsyncSession> finder_session_;
    std::vector<std::unique_ptr<sql::AsyncSession>> copy_sessions_;
    std::unique_ptr<sql::AsyncSession> load_session_;
    /// The first is needed; the others are opened when they are.
    std::vector<std::unique_ptr<sql::AsyncSession>> replay_sessions_;
    std::unique_ptr<sql::AsyncSession> fence_session_;
    std::unique_ptr<sql::AsyncSession> marker_session_;
    std::unique_ptr<sql::AsyncSession> cutover_session_;
    std::unique_ptr<sql::AsyncSession> checkpoint_session_;
    std::unique_ptr<sql::AsyncSession> index_session_;  ///< null unless it is needed

    protocol::Balance balance_;
    throttle::Throttle throttle_;
    copy::Pace pace_;
    protocol::ChunkSizer sizer_;
    copy::BoundaryFinder boundaries_;
    copy::Crew crew_;
    copy::LoadWatch load_watch_;
    replay::Fencer fencer_;
    replay::Replayer replayer_;
    Verification verification_;
    cutover::Cutover cutover_;
    Checkpointer checkpointer_;

    Phase phase_ = Phase::preparing;
    std::uint64_t last_marker_;  ///< numbers used so far; the feed shows those of an earlier run
    bool marking_ = false;
    bool building_ = false;
    protocol::Sequence copied_at_ = 0;  ///< what was delivered when the copy ended
    unsigned cutover_attempts_ = 0;
    std::chrono::microseconds cutover_locked_{0};
    std::chrono::steady_clock::time_point started_;
    RateMeter rate_;
};

}  // namespace doppel::migration
