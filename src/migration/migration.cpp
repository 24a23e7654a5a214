// SPDX-License-Identifier: Apache-2.0
#include "migration/migration.hpp"

#include "native/native.hpp"
#include "plan/checks.hpp"
#include "schema/column_map.hpp"
#include "schema/reader.hpp"
#include "shadow/shadow.hpp"

#include <array>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace doppel::migration {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLockPing{5};
constexpr std::chrono::seconds kCleanUpReconnect{5};
constexpr std::chrono::seconds kPreparedXaPatience{10};
constexpr std::chrono::milliseconds kPoll{200};

std::string host_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

plan::AuxiliaryNames auxiliary_names(const mysql::TableName& table) {
    const shadow::DerivedNames names = shadow::derive_names(table.table);
    return {names.shadow, names.old_table, names.state, std::string(shadow::kStateCommentPrefix)};
}

}  // namespace

Migration::Migration(
    statement::AlterStatement statement,
    std::string statement_text,
    mysql::TableName table,
    const ConnectionOptions& connection,
    const MigrationOptions& options,
    Observer& observer,
    const Logger& logger,
    async::asio::any_io_executor executor
)
    : statement_(std::move(statement)),
      statement_text_(std::move(statement_text)),
      table_(std::move(table)),
      options_(options),
      observer_(observer),
      logger_(logger),
      executor_(executor),
      sessions_(connection, logger),
      main_session_(sessions_.plain()),
      lock_session_(sessions_.plain()),
      lock_changed_(executor),
      lock_task_(executor, [this] { stop("stopping: the migration lock is lost"); }),
      started_(Clock::now()) {}

void Migration::stop(std::string reason) {
    notice(std::move(reason));
    stopping_ = true;
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
    observer_.on_event(PhaseChanged{phase});
}

mysql::TableName Migration::sibling(const std::string& name) const {
    return {table_.schema, name};
}

checkpoint::Record Migration::record(const char* phase) const {
    checkpoint::Record record;
    record.statement = statement_text_;
    record.phase = phase;
    record.source = table_.table;
    record.shadow = plan_->names.shadow;
    record.host = host_name();
    record.process_id = static_cast<std::uint64_t>(getpid());
    return record;
}

void Migration::refuse(const std::vector<Finding>& findings) const {
    observer_.on_event(Findings{findings});
    if (!plan::refused(findings)) {
        return;
    }
    throw Error(Errc::refused, fmt::format("{} was not changed", table_.str()));
}

async::awaitable<void> Migration::run() {
    std::optional<Error> failure;
    try {
        enter(Phase::connecting);
        co_await main_session_->open();
        co_await lock_session_->open();
        co_await check();
        if (!co_await try_native()) {
            co_await migrate();
        }
    } catch (const Error& error) {
        failure = error;
    }
    lock_ends_ = true;
    lock_changed_.notify();
    lock_session_->give_up();
    co_await lock_task_.settle();
    co_await lock_session_->close();
    co_await main_session_->close();
    if (failure && failure->code() == Errc::stopped && lock_task_.failure()) {
        std::rethrow_exception(lock_task_.failure());  // the reason of the stop
    }
    if (failure) {
        throw *failure;
    }
}

async::awaitable<void> Migration::check() {
    enter(Phase::checking);
    auto read = [this](sql::Session& session) {
        return plan::read_facts(session, table_, auxiliary_names(table_));
    };
    auto facts = co_await main_session_->run(read);
    plan_ = plan::make_plan(std::move(facts), statement_, options_);
    table_ = plan_->source;
    // The tables of a run that goes on are no leftovers. One that ended since may have changed what
    // was read, so it is read again.
    co_await take_lock();
    facts = co_await main_session_->run(read);
    plan_ = plan::make_plan(std::move(facts), statement_, options_);
    plan_->names = auxiliary_names(table_);
    logger_.debug("{}", plan::describe(*plan_));

    std::vector<Finding> findings = plan_->before_native;
    if (!plan_->native_allowed() || !plan_->try_native) {
        findings.insert(findings.end(), plan_->before_copy.begin(), plan_->before_copy.end());
    }
    if (!findings.empty()) {
        refuse(findings);
    }
}

async::awaitable<void> Migration::take_lock() {
    const std::string name = mysql::quote_string(shadow::lock_name(table_));
    const auto got = co_await lock_session_->query("SELECT GET_LOCK(" + name + ", 0)");
    if (got.scalar().value_or("0") != "1") {
        const auto holder = co_await lock_session_->query("SELECT IS_USED_LOCK(" + name + ")");
        std::optional<std::uint64_t> connection;
        if (const auto id = holder.scalar()) {
            connection = std::stoull(*id);
        }
        refuse_for(plan::migration_running(table_, connection));
    }
    lock_task_.spawn(watch_lock());
}

async::awaitable<void> Migration::watch_lock() {
    const std::string name = mysql::quote_string(shadow::lock_name(table_));
    while (!lock_ends_) {
        co_await lock_changed_.wait(kLockPing);
        bool lost = false;
        try {
            co_await lock_session_->query("SELECT 1");
        } catch (const Error& error) {
            logger_.warning("lost the connection that holds the migration lock: {}", error.what());
            lost = true;
        }
        if (!lost || lock_ends_) {
            continue;
        }
        co_await lock_session_->reconnect(options_.reconnect_limit);
        const auto got = co_await lock_session_->query("SELECT GET_LOCK(" + name + ", 10)");
        if (got.scalar().value_or("0") != "1") {
            throw Error(
                Errc::failed,
                "the migration lock of the table was lost and is held by somebody else now"
            );
        }
    }
}

async::awaitable<bool> Migration::try_native() {
    if (!plan_->try_native || !plan_->native_allowed()) {
        co_return false;
    }
    enter(Phase::native);
    native::Options options;
    options.lock_wait_timeout = std::chrono::ceil<std::chrono::seconds>(options_.lock_wait_timeout);
    native::Environment environment;
    environment.connect = [this] { return sql::connect(sessions_.options(), {}); };
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
    const auto outcome = co_await main_session_->run(attempt);
    if (outcome.method == native::Method::not_possible) {
        notice("the server cannot do it without a copy: " + outcome.reason);
        co_return false;
    }
    const bool instant = outcome.method == native::Method::instant;
    summarize(instant ? "instant" : "inplace", {}, {});
    co_return true;
}

async::awaitable<void> Migration::migrate() {
    if (plan_->try_native) {
        refuse(plan_->before_copy);
    }
    std::optional<Error> failure;
    try {
        co_await prepare();
        co_await run_shadow();
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        const std::string left = co_await remove_leftovers();
        const std::string message = fmt::format("{}. {}", failure->what(), left);
        if (failure->server()) {
            throw Error(failure->code(), message, *failure->server());
        }
        throw Error(failure->code(), message);
    }
    co_await clean_up();
}

async::awaitable<void> Migration::prepare() {
    enter(Phase::preparing);
    state_.emplace(sibling(plan_->names.state));
    const mysql::TableName shadow_name = sibling(plan_->names.shadow);
    const schema::TableDefinition& source = *plan_->facts.source;
    std::optional<shadow::Shadow> made;
    auto make = [&](sql::Session& session) {
        state_->create(session, shadow::state_comment(table_), record("preparing"));
        state_made_ = true;
        shadow_made_ = true;  // from here on it may exist
        made =
            shadow::create(session, source, shadow_name, statement_, plan_->facts.server.version);
    };
    co_await main_session_->run(make);
    for (const std::string& difference : made->differences) {
        notice(difference);
    }
    auto columns = schema::map_columns(source, made->definition, statement_);
    if (!columns) {
        throw Error(Errc::usage, columns.failure().message);
    }
    auto key = schema::choose_key(source, made->definition, *columns);
    if (!key.choice) {
        refuse_for(plan::no_shared_key(table_, key.rejected));
    }
    make_job(*made, *columns, *key.choice, co_await read_start_position());
    co_await refuse_prepared_xa();
    require_running();
}

void Migration::make_job(
    const shadow::Shadow& made,
    const schema::ColumnMap& columns,
    const schema::KeyChoice& key,
    binlog::StartPosition start
) {
    std::vector<std::string> source_key;
    for (const mysql::KeyColumn& column : key.shape.columns()) {
        source_key.push_back(column.name);
    }
    const schema::TableDefinition& source = *plan_->facts.source;
    job_ = ShadowJob{
        mysql::TablePair{
            table_,
            made.definition.name,
            state_->name(),
            key.index,
            key.shape,
            std::move(source_key),
            key.shadow_columns,
            columns.source_list(),
            columns.shadow_list()},
        sibling(plan_->names.old_table),
        key.ordinals,
        schema::key_defaults(source, key.shape),
        source.columns.size(),
        source.rows_estimated,
        made.carries_auto_increment,
        plan_->facts.server.max_allowed_packet_bytes,
        std::move(start)};
}

void Migration::notice(std::string message) {
    observer_.on_event(Notice{std::move(message)});
}

void Migration::refuse_for(Finding finding) const {
    refuse({std::move(finding)});
}

async::awaitable<binlog::StartPosition> Migration::read_start_position() {
    const auto gtid =
        co_await main_session_->query("SELECT @@GLOBAL.gtid_mode, @@GLOBAL.gtid_executed");
    const sql::Row& row = gtid.rows.at(0);
    if (row.at(0).value_or("") == "ON") {
        auto set = mysql::GtidSet::parse(row.at(1).value_or(""));
        if (!set) {
            throw Error(Errc::failed, "gtid_executed cannot be read: " + set.failure().message);
        }
        co_return std::move(*set);
    }
    const bool renamed = plan_->facts.server.version.at_least(8, 2);
    const auto status =
        co_await main_session_->query(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
    if (status.empty()) {
        throw Error(Errc::failed, "the server does not tell its binlog position");
    }
    co_return mysql::FileOffset{
        status.rows.front().at(0).value_or(""),
        std::stoull(status.rows.front().at(1).value_or("4"))};
}

async::awaitable<void> Migration::refuse_prepared_xa() {
    const auto deadline = Clock::now() + kPreparedXaPatience;
    while (true) {
        sql::Rows prepared;
        try {
            prepared = co_await main_session_->query("XA RECOVER");
        } catch (const Error& error) {
            if (error.code() == Errc::interrupted) {
                throw;
            }
            // Without XA_RECOVER_ADMIN we cannot look; the feed then stops at the XA COMMIT of a
            // transaction whose preparation it has not seen.
            logger_.debug("XA RECOVER: {}", error.what());
            co_return;
        }
        if (prepared.empty()) {
            co_return;
        }
        require_running();
        if (Clock::now() > deadline) {
            throw Error(
                Errc::refused,
                fmt::format(
                    "{} prepared XA transaction(s) on the server may have changed the table, which "
                    "becomes visible at their end only. End them (XA RECOVER lists them), then run "
                    "again",
                    prepared.rows.size()
                )
            );
        }
        co_await async::sleep(kPoll);
    }
}

async::awaitable<void> Migration::run_shadow() {
    run_ = std::make_unique<ShadowRun>(*job_, options_, sessions_, observer_, logger_, executor_);
    co_await run_->run();
}

async::awaitable<void> Migration::clean_up() {
    observer_.on_event(PhaseChanged{Phase::cleaning});
    std::optional<std::string> problem;
    try {
        auto drop = [this](sql::Session& session) {
            state_->drop(session);
            if (options_.drop_old) {
                session.execute("DROP TABLE IF EXISTS " + job_->old_table.quoted());
            }
        };
        co_await main_session_->run(drop);
    } catch (const Error& error) {
        problem = fmt::format(
            "the change is made, but {} could not be removed: {}",
            state_->name().str(),
            error.what()
        );
    }
    if (problem) {
        notice(*problem);
    }
    summarize("shadow", run_->progress(), run_->cutover_locked());
}

async::awaitable<std::string> Migration::remove_leftovers() {
    const mysql::TableName shadow_name = sibling(plan_->names.shadow);
    std::string kept;
    try {
        if (main_session_->connection_id() == 0) {
            co_await main_session_->reconnect(kCleanUpReconnect);
        }
        auto drop = [&](sql::Session& session) {
            // The state table marks the shadow as ours, so it goes last.
            if (shadow_made_) {
                shadow::drop(session, shadow_name);
            }
            if (state_made_) {
                state_->drop(session);
            }
        };
        bool again = false;
        try {
            co_await main_session_->run(drop);
        } catch (const Error& error) {
            if (error.code() != Errc::interrupted) {
                throw;
            }
            again = true;
        }
        if (again) {
            co_await main_session_->reconnect(kCleanUpReconnect);
            co_await main_session_->run(drop);
        }
    } catch (const Error& error) {
        kept = fmt::format(
            "{} is untouched. Left behind are {} and {}, which could not be removed ({}); run "
            "DROP TABLE IF EXISTS {}, {}, then the same command again",
            table_.str(),
            shadow_name.str(),
            plan_->names.state,
            error.what(),
            shadow_name.quoted(),
            sibling(plan_->names.state).quoted()
        );
    }
    if (!kept.empty()) {
        co_return kept;
    }
    co_return fmt::format("{} is untouched and nothing was left behind", table_.str());
}

void Migration::summarize(const char* method, Progress progress, std::chrono::microseconds locked) {
    progress.phase = Phase::done;
    progress.elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    observer_.on_event(PhaseChanged{Phase::done});
    Summary summary;
    summary.method = method;
    summary.table = table_.str();
    if (job_ && !options_.drop_old) {
        summary.old_table = job_->old_table.str();
    }
    summary.progress = progress;
    summary.cutover_locked = locked;
    observer_.on_event(summary);
}

}  // namespace doppel::migration
