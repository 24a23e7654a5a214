// SPDX-License-Identifier: Apache-2.0
//
// How a run begins where an earlier one ended, and what is written so that a later one can.
#include "base/fault_point.hpp"
#include "migration/migration.hpp"
#include "schema/reader.hpp"
#include "sql/failure_kind.hpp"
#include "sql/server_role.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

namespace doppel::migration {
namespace {

using checkpoint::Stage;

std::string host_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

constexpr std::chrono::seconds kApplyPatience{60};
constexpr std::chrono::seconds kReplicaPatience{5};
constexpr std::chrono::milliseconds kPoll{200};

/// As it comes back from the state table.
checkpoint::Record as_read(const checkpoint::Record& record) {
    auto read = checkpoint::parse_record(checkpoint::to_json(record));
    return read ? *std::move(read) : record;
}

}  // namespace

checkpoint::Record Migration::record(Stage stage) const {
    checkpoint::Record record;
    record.stage = stage;
    record.statement = statement_text_;
    record.source = table_.table;
    record.shadow = plan_->names.shadow;
    record.old_table = plan_->names.old_table;
    record.source_definition = schema::without_auto_increment(plan_->facts.source->create_text);
    record.drop_old = options_.drop_old;
    record.run_id = sessions_.run_id();
    record.host = host_name();
    record.process_id = static_cast<std::uint64_t>(getpid());
    record.started_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    return record;
}

async::awaitable<void> Migration::take_earlier_sessions() {
    if (!finds_earlier_run()) {
        co_return;
    }
    // Its process should be gone, since we have the lock; but what it asked for last may still
    // happen. And should it live, cut off from the server until now, it must not come back.
    auto take = [this](sql::Session& session) {
        const checkpoint::StateTable state(sibling(plan_->names.state));
        earlier_run_id_ = state.read_run_id(session).value_or("");
        if (!earlier_run_id_.empty()) {
            take_sessions_of(session, earlier_run_id_);
        }
    };
    co_await lock_session_->run_surely(take, options_.reconnect_limit);
    base::fault_point("resume.sessions_ended");
}

bool Migration::finds_earlier_run() const {
    const auto& existing = plan_->facts.existing;
    return std::any_of(existing.begin(), existing.end(), [this](const plan::ExistingTable& table) {
        return schema::same_identifier(table.name, plan_->names.state) &&
               table.comment.starts_with(shadow::kStateCommentPrefix);
    });
}

bool Migration::is_made_before() const {
    return swapped_before_ && !finds_earlier_run() &&
           is_recorded_swap(*plan_->facts.source, *swapped_before_);
}

async::awaitable<bool> Migration::deal_with_earlier_run() {
    if (!finds_earlier_run()) {
        co_return false;
    }
    auto read = [this](sql::Session& session) { return read_remains(session, table_); };
    const Remains remains = co_await main_session_->run_surely(read, options_.reconnect_limit);
    require_received(true, ran_elsewhere(remains));
    Verdict verdict = judge_earlier_run(remains, statement_text_, options_.restart);
    switch (verdict.kind) {
        case Verdict::Kind::none:
            break;
        case Verdict::Kind::refuse:
            refuse_for(*verdict.finding);
            break;
        case Verdict::Kind::begin_anew:
            co_await remove_earlier_run();
            break;
        case Verdict::Kind::finish:
            co_return co_await finish_earlier_run(*verdict.run);
        case Verdict::Kind::resume:
            earlier_ = std::move(verdict.run);
            require_comparison();
            co_await require_place();
            break;
    }
    co_return false;
}

async::awaitable<void> Migration::remove_earlier_run() {
    notice("removing what an earlier run left behind");
    // The state table marks the shadow as ours, so it goes last.
    const std::function<void(sql::Session&)> drop = [this](sql::Session& session) {
        shadow::drop(session, sibling(plan_->names.shadow));
        base::fault_point("restart.shadow_dropped");
        checkpoint::StateTable(sibling(plan_->names.state)).drop(session);
    };
    co_await main_session_->run_surely(drop, options_.reconnect_limit);
}

async::awaitable<bool> Migration::finish_earlier_run(const EarlierRun& run) {
    notice("an earlier run has already swapped the tables; cleaning up after it");
    own_.emplace(
        table_, sibling(plan_->names.shadow), sibling(plan_->names.state), sessions_.run_id()
    );
    const bool asked_for = run.record.statement == checkpoint::as_recorded(statement_text_);
    if (asked_for) {
        swapped_ = run.record;
    }
    co_await clean_up(run.record.drop_old && run.old_table_is_source);
    if (asked_for) {
        summarize("shadow");
    }
    co_return asked_for;
}

async::awaitable<void> Migration::await_received() {
    auto look = [this](sql::Session& session) { received_ = read_received(session); };
    co_await main_session_->run_surely(look, options_.reconnect_limit);
    // More keeps coming to a replica; which of it matters is not known.
    const auto patience = received_.source ? kReplicaPatience : kApplyPatience;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    auto ask = [this](sql::Session& session) {
        return sql::has_applied(session, received_.unapplied);
    };
    while (std::chrono::steady_clock::now() < deadline) {
        const bool applied = co_await main_session_->run_surely(ask, options_.reconnect_limit);
        if (applied) {
            received_.unapplied.clear();
            co_return;
        }
        require_running();
        co_await async::sleep(kPoll);
    }
    require_received(false, false);
}

void Migration::require_received(bool finds_earlier, bool elsewhere) const {
    if (const auto problem = received_problem(received_, finds_earlier, elsewhere)) {
        refuse_for(*problem);
    }
}

void Migration::require_comparison() const {
    const auto problem =
        comparison_problem(*earlier_, sibling(plan_->names.shadow), options_.verify);
    if (problem) {
        refuse_for(*problem);
    }
}

async::awaitable<void> Migration::require_place() {
    std::optional<Finding> problem;
    auto look = [&](sql::Session& session) {
        problem = place_problem(session, table_, earlier_->point);
    };
    co_await main_session_->run_surely(look, options_.reconnect_limit);
    if (problem) {
        refuse_for(*problem);
    }
}

async::awaitable<shadow::Shadow> Migration::make_shadow() {
    const schema::TableDefinition& source = *plan_->facts.source;
    const mysql::ServerVersion version = plan_->facts.server.version;
    if (earlier_) {
        notice(fmt::format(
            "going on with the run that began at {} on {}: {} rows were copied",
            earlier_->record.started_at,
            earlier_->record.host,
            earlier_->point.rows_copied
        ));
        own_->adopt();
        shadow::Shadow made;
        auto read = [&](sql::Session& session) {
            made = shadow::find(session, source, own_->shadow(), statement_, version);
        };
        co_await main_session_->run_surely(read, options_.reconnect_limit);
        made.check_names = earlier_->record.check_names;
        adopt_deferred();
        co_return made;
    }
    shadow::Shadow made = co_await create_shadow(false);
    for (const std::string& difference : made.differences) {
        notice(difference);
    }
    co_return made;
}

async::awaitable<shadow::Shadow> Migration::create_shadow(bool again) {
    auto make = [&](sql::Session& session) {
        // How far it came is not known.
        if (std::exchange(again, true) && !own_->remove(session)) {
            throw Error(Errc::failed, "another run has begun to change " + table_.str());
        }
        return own_->create(
            session,
            record(Stage::preparing),
            *plan_->facts.source,
            statement_,
            plan_->facts.server.version
        );
    };
    co_return co_await main_session_->run_surely(make, options_.reconnect_limit);
}

async::awaitable<void> Migration::note_point(binlog::StartPosition start) {
    checkpoint::Point point;
    if (earlier_) {
        point = earlier_->point;
    }
    point.place = std::move(start);
    auto read = [&](sql::Session& session) { point.server = sql::read_identity(session); };
    co_await main_session_->run_surely(read, options_.reconnect_limit);
    point_ = std::move(point);
}

void Migration::require_same_settings(const checkpoint::Record& now) const {
    if (const auto problem = settings_problem(*earlier_, now, point_->server)) {
        refuse_for(*problem);
    }
}

async::awaitable<void> Migration::write_record(
    const shadow::Shadow& made, const std::string& key_index
) {
    checkpoint::Record now = record(Stage::running);
    now.shadow_definition = schema::without_auto_increment(made.definition.create_text);
    if (deferred_) {
        now.shadow_definition = deferred_->definitions.whole;
        now.bare_definition = deferred_->definitions.bare;
        now.index_statement = deferred_->statement;
    }
    now.shadow_columns = describe_columns(made.definition);
    now.check_names = made.check_names;
    now.key_index = key_index;
    now.settings = guard_->settings();
    now.order_set_at = guard_->order_set_at();
    checkpoint::Show show;
    if (earlier_) {
        require_same_settings(now);
        show = earlier_->show;
    }
    auto write = [&](sql::Session& session) { own_->state().write(session, now, *point_, show); };
    base::fault_point("prepare.shadow_made");
    co_await main_session_->run_surely(write, options_.reconnect_limit);
    recorded_ = as_read(now);
    base::fault_point("prepare.recorded");
}

bool Migration::keeps_state(const Error& failure) const {
    const bool may_go_on = failure.code() == Errc::stopped || failure.code() == Errc::overloaded ||
                           sql::may_pass(failure) || (earlier_ && failure.code() == Errc::refused);
    return (job_ || earlier_) && may_go_on;
}

}  // namespace doppel::migration
