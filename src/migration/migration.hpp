// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checkpoint/state_table.hpp"
#include "control/server.hpp"
#include "doppel/migration.hpp"
#include "migration/earlier_run.hpp"
#include "migration/own_tables.hpp"
#include "migration/received.hpp"
#include "migration/server_guard.hpp"
#include "migration/sessions.hpp"
#include "migration/shadow_run.hpp"
#include "migration/source_guard.hpp"
#include "plan/planner.hpp"
#include "schema/key_choice.hpp"
#include "shadow/names.hpp"
#include "shadow/shadow.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace doppel::migration {

/// One migration from statement to end, in its phases: check, try natively, prepare the shadow, run
/// it, clean up. Holds the migration lock of the table all the time.
class Migration final {
public:
    Migration(
        statement::AlterStatement statement,
        std::string statement_text,
        mysql::TableName table,
        const ConnectionOptions& connection,
        const MigrationOptions& options,
        throttle::Orders& orders,
        Observer& observer,
        const Logger& logger,
        async::asio::any_io_executor executor
    );

    /// Returns when the change is made; throws Error otherwise, with the source untouched and what
    /// is left behind named in the message.
    async::awaitable<void> run();

    /// After `run` threw because of the server: the same can be done once more, at a server that
    /// can do it. False when a statement of unknown fate may have changed the source itself.
    [[nodiscard]] bool may_be_repeated() const noexcept { return !native_under_way_; }
    /// Rows that are copied, by earlier runs too; 0: it did not come so far.
    [[nodiscard]] std::uint64_t rows_copied() const;
    /// Names the sessions of this run.
    [[nodiscard]] const std::string& run_id() const noexcept { return sessions_.run_id(); }
    /// To be called before `run`: a run of this process whose connections the server may not have
    /// noticed to be gone, the one with the migration lock among them; and what `swapped` told of
    /// such a run, which the server that it is now may have or lack.
    void follow(std::string run_id, std::optional<checkpoint::Record> swapped) {
        previous_run_id_ = std::move(run_id);
        swapped_before_ = std::move(swapped);
    }
    /// After `run` threw: the record of the run, if it had swapped the tables.
    [[nodiscard]] const std::optional<checkpoint::Record>& swapped() const noexcept {
        return swapped_;
    }
    /// It has made, or gone on with, a shadow.
    [[nodiscard]] bool has_begun() const noexcept { return job_.has_value(); }

    /// Asks the run to end; safe to call at any time on the io thread.
    void stop(std::string reason);

private:
    /// True when there is nothing left to do: an earlier run had made the change.
    async::awaitable<bool> check();
    async::awaitable<void> read_plan();
    /// What an earlier run left: to go on with, to finish, to remove. True when it is finished.
    async::awaitable<bool> deal_with_earlier_run();
    async::awaitable<void> remove_earlier_run();
    /// True when it made the change that is asked for now.
    async::awaitable<bool> finish_earlier_run(const EarlierRun& run);
    [[nodiscard]] bool finds_earlier_run() const;
    /// Nothing is left of the run before but the change that it made.
    [[nodiscard]] bool is_made_before() const;
    /// On the lock's session, which keeps what it takes.
    async::awaitable<void> take_earlier_sessions();
    async::awaitable<void> require_place();
    void require_comparison() const;
    /// A limit for what the server does not have would hold the copy for ever. Where a run goes on
    /// at another server it holds it, so that `doppel set` can mend it.
    async::awaitable<void> require_load_variables();
    /// Until the server has applied what it had received from others, an earlier run's state among
    /// it; a minute at most.
    async::awaitable<void> await_received();
    /// Where an earlier run went on at another server: this one must have taken its place, and have
    /// applied what it had received from it.
    void require_received(bool finds_earlier, bool elsewhere) const;
    async::awaitable<shadow::Shadow> make_shadow();
    /// Whether plain secondary indexes are to be built after the copy.
    async::awaitable<bool> wants_deferred(std::size_t indexes);
    async::awaitable<bool> look_for_replicas();
    /// Leaves them out of the new shadow where they are, but for the one that finds its rows.
    /// False: that did not come out right, and the shadow has to be made anew.
    async::awaitable<bool> defer_indexes(const shadow::Shadow& made, const std::string& key_index);
    void set_deferred(index::Definitions definitions, std::string statement);
    /// Those that an earlier run left out.
    void adopt_deferred();
    /// `again`: there may be one of this run already, which is removed.
    async::awaitable<shadow::Shadow> create_shadow(bool again);
    async::awaitable<void> note_point(binlog::StartPosition start);
    void require_same_settings(const checkpoint::Record& now) const;
    async::awaitable<void> write_record(const shadow::Shadow& made, const std::string& key_index);
    /// Ends the watch over the migration lock. False when the lock is not ours any more.
    async::awaitable<bool> ends_with_lock();
    async::awaitable<void> take_lock();
    /// Listens for `doppel pause` and the like. Requires the lock: a socket that is there is dead.
    async::awaitable<void> open_control();
    async::awaitable<void> close_control();
    void make_control(const std::string& server_uuid);
    [[nodiscard]] control::Answer answer(const ControlRequest& request);
    [[nodiscard]] control::Answer set(const ControlRequest& request);
    [[nodiscard]] control::Answer set_pace(const ControlRequest& request);
    [[nodiscard]] control::Answer tell_status() const;
    async::awaitable<void> watch_lock();
    /// After a loss of its connection.
    async::awaitable<void> take_lock_again();
    /// True when the server made the change itself.
    async::awaitable<bool> try_native();
    /// A connection in place of the main session's, which was lost, and that is ended. Blocks; on
    /// that session's thread.
    [[nodiscard]] std::unique_ptr<sql::Session> connect_surely() const;
    async::awaitable<void> migrate();
    async::awaitable<void> prepare();
    async::awaitable<binlog::StartPosition> read_start_position();
    async::awaitable<binlog::StartPosition> choose_start_position();
    async::awaitable<std::size_t> count_prepared_xa();
    async::awaitable<void> await_prepared_xa();
    async::awaitable<void> require_same_definition();
    async::awaitable<void> guard_source();
    async::awaitable<void> run_shadow();
    async::awaitable<void> clean_up(bool drop_old);
    /// Removes what was made where that is right; sentences for the operator.
    async::awaitable<std::string> tell_what_is_left();

    // g++ 12 destroys aggregate temporaries twice when they stand in a coroutine (their parts and
    // the whole), so coroutines build none: they call these.
    void make_job(
        const shadow::Shadow& made,
        const schema::ColumnMap& columns,
        const schema::KeyChoice& key,
        binlog::StartPosition start
    );
    void choose_comparison(
        const shadow::Shadow& made, const schema::ColumnMap& columns, const schema::KeyChoice& key
    );
    void notice(std::string message);
    void refuse_for(Finding finding) const;

    /// A loss that only comes from the run's being stopped is told as a stop.
    [[nodiscard]] std::optional<Error> as_stopped(const std::optional<Error>& failure) const;

    void enter(Phase phase);
    void refuse(const std::vector<Finding>& findings) const;
    void require_running() const;
    void summarize(const char* method, Progress progress, std::chrono::microseconds locked);
    /// Nothing was copied.
    void summarize(const char* method);
    [[nodiscard]] mysql::TableName sibling(const std::string& name) const;
    [[nodiscard]] checkpoint::Record record(checkpoint::Stage stage) const;
    /// The run was interrupted and can go on later.
    [[nodiscard]] bool keeps_state(const Error& failure) const;

    statement::AlterStatement statement_;
    std::string statement_text_;
    mysql::TableName table_;
    const MigrationOptions& options_;
    throttle::Orders& orders_;
    Observer& observer_;
    Logger logger_;
    async::asio::any_io_executor executor_;

    SessionFactory sessions_;
    std::unique_ptr<sql::AsyncSession> main_session_;
    std::unique_ptr<sql::AsyncSession> lock_session_;
    async::Event lock_changed_;
    async::TaskGroup lock_task_;
    bool has_lock_ = false;  ///< until the end, if need be over another connection
    bool lock_ends_ = false;
    std::optional<ServerGuard> server_guard_;  ///< looks with the lock's session
    std::atomic<bool> stopping_{false};
    bool native_under_way_ = false;

    std::string previous_run_id_;  ///< of this process
    std::optional<checkpoint::Record> swapped_before_;
    std::optional<checkpoint::Record> recorded_;  ///< what the state table says of this run
    std::optional<checkpoint::Record> swapped_;
    Received received_;
    std::optional<plan::Plan> plan_;
    std::optional<OwnTables> own_;
    std::optional<SourceGuard> guard_;
    std::string earlier_run_id_;         ///< whose sessions' names the lock's session holds
    std::optional<EarlierRun> earlier_;  ///< the run that this one goes on with
    std::optional<DeferredIndexes> deferred_;
    std::optional<checkpoint::Point> point_;  ///< where this one begins
    std::optional<ShadowJob> job_;
    std::unique_ptr<ShadowRun> run_;
    Phase phase_ = Phase::connecting;
    std::unique_ptr<control::Server> control_;
    async::TaskGroup control_tasks_;
    std::chrono::steady_clock::time_point started_;
};

}  // namespace doppel::migration
