// SPDX-License-Identifier: Apache-2.0
#include "migration/shadow_run.hpp"

#include "base/fault_point.hpp"
#include "replay/ways.hpp"
#include "sql/failure_kind.hpp"

#include <ctime>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;
using checkpoint::StateTable;

constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kDrainPause{50};
constexpr std::size_t kPreparedBytesMax = std::size_t{256} << 20;

copy::Pace::Limits pace_limits(const MigrationOptions& options, const ShadowJob& job) {
    return {options.threads, options.chunk_rows_max, options.chunk_time_target, job.row_bytes};
}

protocol::ChunkSizer::Limits sizer_limits(const copy::Pace& pace) {
    protocol::ChunkSizer::Limits limits;
    limits.rows_min = pace.rows_min();
    limits.rows_max = pace.rows_max();
    limits.time_target = pace.chunk_time();
    return limits;
}

std::vector<std::unique_ptr<sql::AsyncSession>> writers(
    SessionFactory& sessions, std::uint64_t count
) {
    std::vector<std::unique_ptr<sql::AsyncSession>> made;
    for (std::uint64_t i = 0; i < count; ++i) {
        made.push_back(sessions.writer());
    }
    return made;
}

std::uint64_t replay_sessions(const MigrationOptions& options, const ShadowJob& job) {
    if (!replay::may_share_work(job.tables, job.schema.shadow)) {
        return 1;
    }
    return 1 + std::min<std::uint64_t>(options.threads - 1, job.spare_connections);
}

/// Statements must fit a packet with room for conditions and for what the key literals add.
protocol::Coordinator::Limits batch_limits(const MigrationOptions& options, const ShadowJob& job) {
    const std::size_t packet_share = job.max_allowed_packet_bytes / 4;
    return {options.batch_keys_max, std::min(options.batch_bytes_max, packet_share)};
}

cutover::CutoverOptions cutover_options(const MigrationOptions& options) {
    return {options.lock_wait_timeout, options.cutover_lock_limit, options.reconnect_limit};
}

feed::StreamOptions stream_options(const MigrationOptions& options) {
    feed::StreamOptions stream;
    stream.heartbeat = options.heartbeat;
    stream.reconnect_limit = options.reconnect_limit;
    return stream;
}

/// `kept`: rows may be missing that this run does not know of; only a comparison finds them.
std::vector<replay::ReplayMarks> replay_marks(
    const checkpoint::StateTable& state, std::size_t sessions, bool kept
) {
    std::vector<replay::ReplayMarks> marks;
    for (std::size_t i = 0; i < sessions; ++i) {
        const auto id = checkpoint::StateTable::kReplayId + static_cast<std::int64_t>(i);
        // What an earlier run knew stays in the row of the first.
        marks.push_back(
            {state.replay_statement(id, true), state.replay_statement(id, kept && i == 0)}
        );
    }
    return marks;
}

protocol::Balance::Limits balance_limits(const MigrationOptions& options, std::size_t replayers) {
    return {static_cast<unsigned>(replayers), options.replay_threads_min, options.batch_keys_max};
}

}  // namespace

ShadowRun::ShadowRun(
    const ShadowJob& job,
    const SourceGuard& guard,
    const MigrationOptions& options,
    const throttle::Orders& orders,
    SessionFactory& sessions,
    Observer& observer,
    const Logger& logger,
    async::asio::any_io_executor executor
)
    : job_(job),
      guard_(guard),
      options_(options),
      sessions_(sessions),
      observer_(observer),
      logger_(logger),
      executor_(executor),
      changed_(executor),
      ended_(executor),
      tasks_(executor, [this] { stop(); }),
      state_(job.tables.state),
      coordinator_(job.tables.shape.exactly_comparable(), batch_limits(options, job)),
      handler_(
          {job.tables,
           job.key_ordinals,
           job.key_defaults,
           job.columns,
           options.pending_keys_max,
           job.xa_in_order,
           kPreparedBytesMax,
           job.indexes ? job.indexes->statement : std::string()},
          coordinator_,
          changed_
      ),
      stream_(executor, sessions.options(), job.start, stream_options(options), handler_, logger),
      finder_session_(sessions.writer()),
      copy_sessions_(writers(sessions, options.threads)),
      load_session_(sessions.writer()),
      replay_sessions_(writers(sessions, replay_sessions(options, job))),
      fence_session_(sessions.writer()),
      marker_session_(sessions.writer()),
      cutover_session_(sessions.writer()),
      checkpoint_session_(sessions.writer()),
      balance_(balance_limits(options, replay_sessions_.size())),
      throttle_(throttle_context(orders), tasks_),
      pace_(pace_limits(options, job)),
      sizer_(sizer_limits(pace_)),
      boundaries_(
          job.tables, coordinator_, *finder_session_, sizer_, options.reconnect_limit, executor
      ),
      crew_(
          {job.tables,
           coordinator_,
           changed_,
           boundaries_,
           sizer_,
           throttle_.copy_gate(),
           logger,
           options.reconnect_limit,
           stopping_},
          copy_sessions_,
          pace_,
          balance_
      ),
      load_watch_(
          {pace_,
           sizer_,
           sessions.activity(),
           changed_,
           ended_,
           [this] { return throttle_.chunk_time_max(); },
           logger,
           options.reconnect_limit,
           stopping_},
          *load_session_
      ),
      fencer_(
          coordinator_,
          changed_,
          *fence_session_,
          state_.touch_statement(StateTable::kFenceId),
          options.reconnect_limit,
          logger,
          stopping_
      ),
      replayer_(
          {job.tables,
           job.schema,
           coordinator_,
           balance_,
           replay::upsert_assignments(job.tables, job.schema),
           changed_,
           throttle_.replay_gate(),
           logger,
           options.reconnect_limit,
           [this] { return pass_fence(Waiting::for_replay); },
           stopping_},
          replay_sessions_,
          replay_marks(state_, replay_sessions_.size(), job.rows_missing)
      ),
      verification_(job.compared, options, sessions, observer, logger, verification_hooks()),
      cutover_(
          job.tables,
          job.old_table,
          cutover_options(options),
          cutover_hooks(),
          *cutover_session_,
          logger
      ),
      checkpointer_(
          {state_,
           coordinator_,
           handler_,
           stream_,
           logger_,
           [this] { return progress(); },
           job.run_id,
           options.reconnect_limit,
           ended_,
           stopping_},
          job.point,
          *checkpoint_session_
      ),
      last_marker_(job.marks_used),
      started_(Clock::now()) {
    handler_.locate_by([this] { return stream_.position(); });
    // An end that the earlier run had not read, of a transaction that it could not see, would be
    // passed over as well; what that changed the comparison finds.
    handler_.pass_over_earlier_ends(
        job.compared && (job.point.low_water.has_value() || job.point.copied)
    );
    coordinator_.resume(job.point.low_water, job.point.copied);
    boundaries_.resume(job.point.low_water, job.point.copied);
    coordinator_.tell([this](std::string_view key) { verification_.touched().note(key); });
}

std::vector<sql::AsyncSession*> ShadowRun::first_sessions() const {
    std::vector<sql::AsyncSession*> sessions{
        finder_session_.get(),
        load_session_.get(),
        replay_sessions_.front().get(),
        fence_session_.get(),
        marker_session_.get(),
        cutover_session_.get(),
        checkpoint_session_.get(),
    };
    for (const auto& session : copy_sessions_) {
        sessions.push_back(session.get());
    }
    if (verification_.wanted()) {
        sessions.push_back(verification_.session());
    }
    return sessions;
}

std::vector<sql::AsyncSession*> ShadowRun::all_sessions() const {
    std::vector<sql::AsyncSession*> sessions = first_sessions();
    for (std::size_t i = 1; i < replay_sessions_.size(); ++i) {
        sessions.push_back(replay_sessions_[i].get());
    }
    if (index_session_) {
        sessions.push_back(index_session_.get());
    }
    return sessions;
}

async::awaitable<void> ShadowRun::open_sessions() {
    // All at once: each takes a dozen round trips and a handshake.
    const auto sessions = first_sessions();
    const std::function<void()> give_up = [&sessions] {
        for (sql::AsyncSession* session : sessions) {
            session->give_up();
        }
    };
    async::TaskGroup opening(executor_, give_up);
    for (sql::AsyncSession* session : sessions) {
        opening.spawn(session->reconnect(options_.reconnect_limit));
    }
    co_await opening.join();
}

async::awaitable<void> ShadowRun::close_sessions() {
    for (sql::AsyncSession* session : all_sessions()) {
        co_await session->close();
    }
}

async::awaitable<void> ShadowRun::run() {
    co_await open_sessions();
    co_await clear_beyond_checkpoint();
    tasks_.spawn(stream_.run());
    tasks_.spawn(checkpointer_.run());
    tasks_.spawn(fencer_.run());
    tasks_.spawn(boundaries_.run());
    replayer_.spawn(tasks_);
    verification_.spawn(tasks_);
    tasks_.spawn(report());
    tasks_.spawn(steer());
    throttle_.spawn(tasks_);
    tasks_.spawn(watch_limits());
    tasks_.spawn(conduct());
    co_await tasks_.settle();
    co_await close_sessions();
    // Once the tables are swapped a task that was interrupted by the end is no failure.
    if (tasks_.failure() && cutover_.fate() != cutover::Cutover::Fate::swapped) {
        std::rethrow_exception(tasks_.failure());
    }
}

void ShadowRun::stop() {
    stopping_ = true;
    stream_.stop();
    boundaries_.stop();
    for (sql::AsyncSession* session : all_sessions()) {
        session->give_up();
    }
    throttle_.stop();
    changed_.notify();
    ended_.notify();
}

void ShadowRun::require_running() const {
    if (stopping_) {
        throw Error(Errc::stopped, "stopped");
    }
}

void ShadowRun::notice(std::string message) {
    observer_.on_event(Notice{std::move(message)});
}

void ShadowRun::enter(Phase phase) {
    phase_ = phase;
    observer_.on_event(PhaseChanged{phase});
}

async::awaitable<void> ShadowRun::conduct() {
    co_await await_unknown_xa();
    // Not before the feed is connected: the statements for that would be taken for somebody else's.
    tasks_.spawn(load_watch_.run());
    enter(Phase::copying);
    throttle_.set_work(throttle::Throttle::Work::copying);
    co_await crew_.run(tasks_);
    throttle_.set_work(throttle::Throttle::Work::other);
    require_running();
    copied_at_ = coordinator_.delivered();
    if (!coordinator_.copied()) {
        throw Error(Errc::failed, "internal error: the copy ended before the end of the table");
    }
    observer_.on_event(progress());
    base::fault_point("copy.ended");
    co_await build_indexes();
    enter(Phase::draining);
    balance_.hurry();
    co_await drain();
    if (verification_.wanted()) {
        enter(Phase::verifying);
        throttle_.set_work(throttle::Throttle::Work::verifying);
        co_await verification_.finish();
        throttle_.set_work(throttle::Throttle::Work::other);
        require_running();
    }
    // The session was idle during the copy; it may have been lost at any time since.
    const std::string analyze = "ANALYZE TABLE " + job_.tables.shadow.quoted();
    co_await execute_surely(*cutover_session_, analyze);
    require_running();
    base::fault_point("cutover.begins");
    enter(Phase::cutting_over);
    co_await cut_over();
    stop();  // all tasks end
}

VerificationHooks ShadowRun::verification_hooks() {
    return {
        coordinator_,
        changed_,
        throttle_.read_gate(),
        [this] { return pass_fence(Waiting::beside_replay); },
        [this] { return catch_up(); },
        stopping_};
}

async::awaitable<void> ShadowRun::pass_fence(Waiting waiting) {
    while (marking_) {
        require_running();
        co_await changed_.wait(kLook);
    }
    marking_ = true;
    const std::uint64_t seq = ++last_marker_;
    std::optional<Error> failure;
    try {
        co_await execute_surely(
            *marker_session_, state_.mark_statement(StateTable::kMarkerId, seq)
        );
    } catch (const Error& error) {
        failure = error;
    }
    marking_ = false;
    changed_.notify();
    if (failure) {
        throw *failure;
    }
    std::optional<MarkerExpectation> expectation;
    if (waiting == Waiting::for_replay) {
        expectation.emplace(handler_);
    }
    // The stream itself gives up when it cannot reach the server, and its failure stops us.
    while (handler_.marker(StateTable::kMarkerId) < seq) {
        require_running();
        co_await changed_.wait(kLook);
    }
}

async::awaitable<void> ShadowRun::run_surely(
    sql::AsyncSession& session, std::function<void(sql::Session&)> work
) {
    copy::ChunkRetries retries;
    while (true) {
        require_running();
        std::optional<Error> failure;
        try {
            co_await session.run(std::ref(work));
            co_return;
        } catch (const Error& error) {
            failure = error;
        }
        switch (sql::classify_write_failure(*failure)) {
            case sql::FailureKind::connection_lost:
                require_running();
                co_await session.reconnect(options_.reconnect_limit);
                break;
            case sql::FailureKind::conflict:
                if (!retries.allows_another()) {
                    throw *failure;
                }
                co_await async::sleep(retries.pause());
                break;
            default:
                throw *failure;
        }
    }
}

async::awaitable<void> ShadowRun::execute_surely(
    sql::AsyncSession& session, std::string statement
) {
    const std::function<void(sql::Session&)> work = [&statement](sql::Session& connected) {
        connected.execute(statement);
    };
    co_await run_surely(session, work);
}

async::awaitable<void> ShadowRun::catch_up() {
    co_await pass_fence(Waiting::beside_replay);
    const auto delivered = coordinator_.delivered();
    while (!coordinator_.reconciled_through(delivered)) {
        require_running();
        co_await async::sleep(kDrainPause);
    }
}

void ShadowRun::release_feed() {
    if (!handler_.held() && !handler_.is_full()) {
        stream_.resume();
    }
}

async::awaitable<void> ShadowRun::report() {
    auto next = Clock::now();
    while (!stopping_) {
        co_await pause(std::min(kDrainPause * 2, options_.progress_interval));
        release_feed();
        if (Clock::now() >= next) {
            next = Clock::now() + options_.progress_interval;
            rate_.record(Clock::now(), crew_.rows());
            observer_.on_event(progress());
        }
    }
}

Progress ShadowRun::progress() const {
    Progress progress;
    progress.phase = phase_;
    progress.rows_copied = job_.point.rows_copied + crew_.rows();
    progress.rows_estimated = job_.rows_estimated;
    progress.chunks_copied = crew_.chunks();
    progress.rows_per_second = rate_.per_second();
    if (progress.rows_per_second > 0 && progress.rows_estimated > progress.rows_copied) {
        progress.eta_seconds = static_cast<double>(progress.rows_estimated - progress.rows_copied) /
                               progress.rows_per_second;
    }
    progress.events_seen = handler_.rows_seen();
    progress.keys_pending = coordinator_.pending();
    progress.keys_reconciled = coordinator_.counters().reconciled;
    progress.keys_discarded = coordinator_.counters().discarded;
    if (stream_.last_timestamp() != 0 && progress.keys_pending > 0) {
        const std::int64_t now = std::time(nullptr);
        progress.feed_lag_seconds = static_cast<double>(
            std::max<std::int64_t>(0, now - std::int64_t{stream_.last_timestamp()})
        );
    }
    verification_.add_to(progress);
    progress.throttle = throttle_.state();
    progress.cutover_attempts = cutover_attempts_;
    progress.reconnects = stream_.reconnects();
    progress.elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    return progress;
}

}  // namespace doppel::migration
