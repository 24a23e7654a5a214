// SPDX-License-Identifier: Apache-2.0
#include "migration/migration.hpp"

#include "migration/auxiliary_names.hpp"
#include "native/native.hpp"
#include "plan/checks.hpp"
#include "plan/shadow_checks.hpp"
#include "schema/column_map.hpp"
#include "schema/reader.hpp"
#include "shadow/shadow.hpp"
#include "sql/failure_kind.hpp"
#include "throttle/server_signals.hpp"

#include <array>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{200};

Error internal_error(const std::exception& error) {
    return {Errc::failed, fmt::format("internal error: {}", error.what())};
}

/// What made the run stop, and what the stopped run left.
Error reason_of_stop(const std::exception_ptr& reason, const Error& stopped) {
    try {
        std::rethrow_exception(reason);
    } catch (const Error& error) {
        return {error, fmt::format("{} ({})", error.what(), stopped.what())};
    } catch (const std::exception& error) {
        return internal_error(error);
    }
}

/// For the feed, whose statements wait for no lock.
ConnectionOptions with_silence_limit(
    ConnectionOptions connection, const MigrationOptions& options
) {
    connection.read_timeout = options.silence_limit;
    return connection;
}

}  // namespace

Migration::Migration(
    statement::AlterStatement statement,
    std::string statement_text,
    mysql::TableName table,
    const ConnectionOptions& connection,
    const MigrationOptions& options,
    throttle::Orders& orders,
    Observer& observer,
    const Logger& logger,
    async::asio::any_io_executor executor
)
    : statement_(std::move(statement)),
      statement_text_(std::move(statement_text)),
      table_(std::move(table)),
      options_(options),
      orders_(orders),
      observer_(observer),
      logger_(logger),
      executor_(executor),
      sessions_(
          with_silence_limit(connection, options),
          options.silence_limit + options.lock_wait_timeout,
          logger
      ),
      main_session_(sessions_.plain()),
      lock_session_(sessions_.plain()),
      lock_changed_(executor),
      lock_task_(executor, [this] { stop("stopping: something that the run relies on is lost"); }),
      control_tasks_(executor, [] {}),
      started_(Clock::now()) {}

void Migration::stop(std::string reason) {
    notice(std::move(reason));
    stopping_ = true;
    main_session_->give_up();
    if (!has_lock_) {
        lock_session_->give_up();
    }
    if (run_) {
        run_->stop();
    }
}

void Migration::require_running() const {
    if (stopping_) {
        throw Error(Errc::stopped, "stopped");
    }
}

void Migration::enter(Phase phase) {
    require_running();
    phase_ = phase;
    observer_.on_event(PhaseChanged{phase});
}

mysql::TableName Migration::sibling(const std::string& name) const {
    return {table_.schema, name};
}

void Migration::refuse(const std::vector<Finding>& findings) const {
    observer_.on_event(Findings{findings});
    if (!plan::refused(findings)) {
        return;
    }
    throw Error(Errc::refused, fmt::format("{} was not changed", table_.str()));
}

std::uint64_t Migration::rows_copied() const {
    return run_ ? run_->progress().rows_copied : 0;
}

async::awaitable<void> Migration::run() {
    std::optional<Error> failure;
    try {
        enter(Phase::connecting);
        co_await main_session_->open();
        co_await lock_session_->reconnect(options_.reconnect_limit);
        const bool done = co_await check() || co_await try_native();
        if (!done) {
            co_await migrate();
        }
    } catch (const Error& error) {
        failure = error;
    } catch (const std::exception& error) {
        failure = internal_error(error);
    }
    failure = as_stopped(failure);
    co_await close_control();
    lock_ends_ = true;
    lock_changed_.notify();
    lock_session_->give_up();
    co_await lock_task_.settle();
    co_await lock_session_->close();
    co_await main_session_->close();
    if (failure && failure->code() == Errc::stopped && lock_task_.failure()) {
        throw reason_of_stop(lock_task_.failure(), *failure);
    }
    if (failure) {
        throw *failure;
    }
}

std::optional<Error> Migration::as_stopped(const std::optional<Error>& failure) const {
    // Sessions that were told to give up call it a loss, and so it is called where a server that is
    // not there was waited for. What a server answers is told as it is.
    const bool gave_up =
        stopping_ && failure && failure->code() == Errc::interrupted &&
        (failure->server_errno() == 0 || sql::is_connection_loss(failure->server_errno())) &&
        (!run_ || run_->fate() == cutover::Cutover::Fate::not_swapped);
    return gave_up ? Error(Errc::stopped, failure->what()) : failure;
}

async::awaitable<void> Migration::read_plan() {
    auto read = [this](sql::Session& session) {
        return plan::read_facts(session, table_, auxiliary_names(table_));
    };
    auto facts = co_await main_session_->run_surely(read, options_.reconnect_limit);
    facts.copy_sessions = options_.threads;
    plan_ = plan::make_plan(std::move(facts), statement_, options_);
    table_ = plan_->source;
    plan_->names = auxiliary_names(table_);
}

async::awaitable<bool> Migration::check() {
    enter(Phase::checking);
    co_await read_plan();
    // The tables of a run that goes on are no leftovers. One that ended since may have changed what
    // was read, so it is read again.
    co_await take_lock();
    co_await open_control();
    co_await require_load_variables();
    co_await await_received();
    co_await read_plan();
    if (plan_->facts.source && !plan_->facts.source->is_view) {
        const bool was_one = finds_earlier_run();
        if (co_await deal_with_earlier_run()) {
            co_return true;
        }
        if (is_made_before()) {
            notice("the change is made here, and nothing is left to be removed");
            summarize("shadow");
            co_return true;
        }
        if (was_one) {
            co_await read_plan();  // what it left may be gone
        }
    }
    logger_.debug("{}", plan::describe(*plan_));

    std::vector<Finding> findings = plan_->before_native;
    if (earlier_ || !plan_->native_allowed() || !plan_->try_native) {
        findings.insert(findings.end(), plan_->before_copy.begin(), plan_->before_copy.end());
    }
    if (!findings.empty()) {
        refuse(findings);
    }
    co_return false;
}

async::awaitable<void> Migration::require_load_variables() {
    if (!previous_run_id_.empty()) {
        co_return;
    }
    std::optional<Finding> unknown;
    const ThrottleOptions limits = orders_.options;  // `doppel set` may change them meanwhile
    auto look = [&unknown, &limits](sql::Session& session) {
        unknown = throttle::unknown_load(session, limits);
    };
    co_await main_session_->run_surely(look, options_.reconnect_limit);
    if (unknown) {
        refuse_for(*std::move(unknown));
    }
}

std::unique_ptr<sql::Session> Migration::connect_surely() const {
    const auto deadline = Clock::now() + options_.reconnect_limit;
    while (true) {
        try {
            auto session = sql::connect(sessions_.options(), sessions_.plain_settings());
            main_session_->require_same_server(*session);
            main_session_->end_connection(*session);
            return session;
        } catch (const Error& error) {
            if (error.code() != Errc::interrupted || stopping_ || Clock::now() > deadline) {
                throw;
            }
        }
        std::this_thread::sleep_for(kPoll);
    }
}

async::awaitable<bool> Migration::try_native() {
    if (earlier_ || !plan_->try_native || !plan_->native_allowed()) {
        co_return false;
    }
    enter(Phase::native);
    native::Options options;
    options.lock_wait_timeout = std::chrono::ceil<std::chrono::seconds>(options_.lock_wait_timeout);
    native::Environment environment;
    environment.connect = [this] { return connect_surely(); };
    environment.pause = [this](std::chrono::milliseconds time) {
        const auto until = Clock::now() + time;
        while (!stopping_ && Clock::now() < until) {
            std::this_thread::sleep_for(std::min(kPoll, time));
        }
        return !stopping_;
    };
    environment.logger = logger_;
    auto attempt = [&](sql::Session& session) {
        return native::attempt(
            session,
            *plan_->facts.source,
            statement_,
            plan_->facts.server.version,
            options,
            environment
        );
    };
    native_under_way_ = true;
    const auto outcome = co_await main_session_->run(attempt);
    native_under_way_ = false;
    if (outcome.method == native::Method::not_possible) {
        notice("the server cannot do it without a copy: " + outcome.reason);
        co_return false;
    }
    const bool instant = outcome.method == native::Method::instant;
    summarize(instant ? "instant" : "inplace");
    co_return true;
}

async::awaitable<void> Migration::migrate() {
    if (plan_->try_native && !earlier_) {
        refuse(plan_->before_copy);
    }
    std::optional<Error> failure;
    try {
        co_await prepare();
        co_await run_shadow();
    } catch (const Error& error) {
        failure = error;
    } catch (const std::exception& error) {
        failure = internal_error(error);
    }
    failure = as_stopped(failure);
    if (failure && failure->code() == Errc::stopped && lock_task_.failure()) {
        failure = reason_of_stop(lock_task_.failure(), *failure);
    }
    if (failure && keeps_state(*failure)) {
        const bool passes = sql::may_pass(*failure) && failure->code() != Errc::displaced;
        throw Error(
            passes ? Errc::interrupted : failure->code(),
            fmt::format(
                "{}. {}; how far the change has come is kept in {}: the same command goes on from "
                "there, or removes it with --restart",
                failure->what(),
                run_ && run_->fate() != cutover::Cutover::Fate::not_swapped
                    ? "Whether the tables were swapped is not known"
                    : table_.str() + " is untouched",
                own_->state().name().str()
            ),
            failure->server().value_or(ServerError{})
        );
    }
    if (failure) {
        const std::string left = co_await tell_what_is_left();
        throw Error(*failure, fmt::format("{}. {}", failure->what(), left));
    }
    observer_.on_event(PhaseChanged{Phase::cleaning});
    swapped_ = recorded_;
    co_await clean_up(options_.drop_old);
    summarize("shadow", run_->progress(), run_->cutover_locked());
}

async::awaitable<void> Migration::prepare() {
    enter(Phase::preparing);
    own_.emplace(
        table_, sibling(plan_->names.shadow), sibling(plan_->names.state), sessions_.run_id()
    );
    const schema::TableDefinition& source = *plan_->facts.source;
    const shadow::Shadow made = co_await make_shadow();
    const std::string& sql_mode = plan_->facts.server.sql_mode;
    auto columns = schema::map_columns(source, made.definition, statement_, sql_mode);
    if (!columns) {
        throw Error(Errc::usage, columns.failure().message);
    }
    auto require = [&](sql::Session& session) {
        plan::require_values(session, plan_->facts, *columns);
    };
    co_await main_session_->run_surely(require, options_.reconnect_limit);
    const auto unnumbered = plan::numbers_for_null(plan_->facts, made.definition, *columns);
    if (unnumbered) {
        refuse_for(*unnumbered);
    }
    auto key = plan::choose_key(plan_->facts, made.definition, *columns);
    if (!key.choice) {
        refuse_for(plan::no_shared_key(table_, key.rejected));
    }
    if (key.choice->shape.needs_utc()) {
        sessions_.use_utc();
    }
    if (!earlier_) {
        const bool as_made = co_await defer_indexes(made, key.choice->shadow_index);
        if (!as_made) {
            logger_.debug("the indexes cannot be built after the copy");
            co_await create_shadow(true);
        }
    }
    co_await guard_source();
    auto start = co_await choose_start_position();
    co_await require_same_definition();
    co_await note_point(start);
    make_job(made, *columns, *key.choice, std::move(start));
    choose_comparison(made, *columns, *key.choice);
    co_await write_record(made, key.choice->index);
    require_running();
}

async::awaitable<void> Migration::guard_source() {
    guard_.emplace(*plan_->facts.source, plan_->facts.server.version);
    ServerGuard server(plan_->facts.server.version);
    auto note = [this, &server](sql::Session& session) {
        guard_->note(session);
        server.look(session);
    };
    co_await main_session_->run_surely(note, options_.reconnect_limit);
    server_guard_ = std::move(server);
}

async::awaitable<void> Migration::require_same_definition() {
    // The reading waits for DDL that is under way; DDL from here on is seen in the feed.
    auto read = [this](sql::Session& session) {
        return schema::read_table(session, table_, plan_->facts.server.version);
    };
    const auto now = co_await main_session_->run_surely(read, options_.reconnect_limit);
    const std::string& before = plan_->facts.source->create_text;
    if (!now || schema::without_auto_increment(now->create_text) !=
                    schema::without_auto_increment(before)) {
        throw Error(
            Errc::refused,
            fmt::format("{} was changed by somebody else just now; run again", table_.str())
        );
    }
}

void Migration::make_job(
    const shadow::Shadow& made,
    const schema::ColumnMap& columns,
    const schema::KeyChoice& key,
    binlog::StartPosition start
) {
    const schema::TableDefinition& source = *plan_->facts.source;
    job_ = ShadowJob{
        mysql::TablePair{
            table_,
            made.definition.name,
            own_->state().name(),
            key.index,
            key.shape,
            key.source_key,
            key.shadow_key,
            columns.source_list(),
            columns.shadow_list()},
        misfit::NewSchema{source, made.definition, columns, made.check_names},
        sibling(plan_->names.old_table),
        key.ordinals,
        schema::key_defaults(source, key.shape),
        source.columns,
        plan_->facts.server.version.at_least(8, 0, 30),
        source.rows_estimated,
        source.rows_estimated == 0 ? 0 : source.data_bytes / source.rows_estimated,
        made.counter,
        plan_->facts.server.max_allowed_packet_bytes,
        std::move(start),
        earlier_.has_value(),
        *point_,
        sessions_.run_id(),
        earlier_ ? earlier_->seq_max : 0,
        earlier_ && earlier_->rows_missing,
        deferred_,
        plan_->facts.server.version,
        plan::spare_connections(plan_->facts),
        std::nullopt};
}

void Migration::choose_comparison(
    const shadow::Shadow& made, const schema::ColumnMap& columns, const schema::KeyChoice& key
) {
    if (!options_.verify) {
        return;
    }
    auto plan = plan_comparison(plan_->facts, made.definition, columns, key, job_->tables);
    if (plan.refusal) {
        refuse_for(*plan.refusal);
    }
    job_->compared = std::move(plan.subject);
}

void Migration::notice(std::string message) {
    observer_.on_event(Notice{std::move(message)});
}

void Migration::refuse_for(Finding finding) const {
    refuse({std::move(finding)});
}

async::awaitable<void> Migration::run_shadow() {
    run_ = std::make_unique<ShadowRun>(
        *job_, *guard_, options_, orders_, sessions_, observer_, logger_, executor_
    );
    co_await run_->run();
}

void Migration::summarize(const char* method) {
    summarize(method, Progress(), {});
}

void Migration::summarize(const char* method, Progress progress, std::chrono::microseconds locked) {
    progress.phase = Phase::done;
    progress.elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    observer_.on_event(PhaseChanged{Phase::done});
    Summary summary;
    summary.method = method;
    summary.table = table_.str();
    if (summary.method == "shadow" && !options_.drop_old) {
        summary.old_table = sibling(plan_->names.old_table).str();
    }
    summary.progress = progress;
    summary.cutover_locked = locked;
    observer_.on_event(summary);
}

}  // namespace doppel::migration
