// SPDX-License-Identifier: Apache-2.0
//
// Whether indexes of the shadow are built after the copy, and which.
#include "base/fault_point.hpp"
#include "index/deferred_indexes.hpp"
#include "migration/index_choice.hpp"
#include "migration/migration.hpp"
#include "schema/reader.hpp"
#include "sql/server_role.hpp"
#include "throttle/discovery.hpp"

#include <fmt/format.h>

namespace doppel::migration {
namespace {

std::string definition_of(
    sql::Session& session, const mysql::TableName& table, const mysql::ServerVersion& version
) {
    const auto now = schema::read_table(session, table, version);
    return now ? schema::without_auto_increment(now->create_text) : "";
}

/// The empty shadow with and without the indexes, as the server writes it; nothing where it does
/// not come out of this as it was.
std::optional<index::Definitions> leave_out(
    sql::Session& session,
    const schema::TableDefinition& made,
    const std::vector<std::string>& names,
    const std::string& build,
    const mysql::ServerVersion& version
) {
    index::Definitions definitions;
    definitions.whole = schema::without_auto_increment(made.create_text);
    const std::string drop = index::drop_statement(made.name, names);
    try {
        if (definition_of(session, made.name, version) == definitions.whole) {
            session.execute(drop);  // not so when this is done again
        }
        base::fault_point("prepare.indexes_dropped");
        definitions.bare = definition_of(session, made.name, version);
        session.execute(build);
        base::fault_point("prepare.indexes_tried");
        const bool same = definition_of(session, made.name, version) == definitions.whole;
        session.execute(drop);
        if (!same || definition_of(session, made.name, version) != definitions.bare) {
            return std::nullopt;
        }
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        return std::nullopt;
    }
    return definitions;
}

}  // namespace

bool has_replicas(sql::Session& session) {
    try {
        // Not whatever reads the binary log: other runs and change data capture do, too.
        return !throttle::find_replicas(session).empty() ||
               sql::read_role(session).group.has_value();
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        return true;
    }
}

async::awaitable<bool> Migration::look_for_replicas() {
    if (names_replicas(options_.throttle)) {
        co_return true;
    }
    auto look = [](sql::Session& session) { return has_replicas(session); };
    co_return co_await main_session_->run_surely(look, options_.reconnect_limit);
}

async::awaitable<bool> Migration::wants_deferred(std::size_t indexes) {
    const std::uint64_t rows = plan_->facts.source->rows_estimated;
    const auto hold_up = hold_up_by_build(rows, indexes, options_.throttle);
    // What does not hang on replicas needs no look at them.
    const bool with_some = builds_late(options_.index_build, rows, true);
    if (with_some == builds_late(options_.index_build, rows, false) && !(with_some && hold_up)) {
        co_return with_some;
    }
    const bool replicas = co_await look_for_replicas();
    const bool late = builds_late(options_.index_build, rows, replicas);
    if (late && replicas && hold_up) {
        notice(fmt::format("{}; {}", *hold_up, kHoldUpHint));
    }
    co_return late;
}

async::awaitable<bool> Migration::defer_indexes(
    const shadow::Shadow& made, const std::string& key_index
) {
    std::vector<std::string> names = index::deferrable(made.definition);
    std::erase(names, key_index);
    const std::string build =
        index::build_statement(made.definition.name, made.definition.create_text, names);
    if (names.empty() || build.empty()) {
        co_return true;
    }
    const bool wanted = co_await wants_deferred(names.size());
    if (!wanted) {
        logger_.debug("{} secondary indexes are filled during the copy", names.size());
        co_return true;
    }
    // A session whose sql_mode accepts what the table has: any ALTER judges all defaults anew.
    const auto session = sessions_.writer();
    co_await session->reconnect(options_.reconnect_limit);
    const mysql::ServerVersion version = plan_->facts.server.version;
    auto work = [&](sql::Session& connected) {
        return leave_out(connected, made.definition, names, build, version);
    };
    auto definitions = co_await session->run_surely(work, options_.reconnect_limit);
    co_await session->close();
    if (!definitions) {
        co_return false;
    }
    logger_.debug("{} secondary indexes are built after the copy", names.size());
    set_deferred(*std::move(definitions), build);
    co_return true;
}

void Migration::set_deferred(index::Definitions definitions, std::string statement) {
    deferred_ = DeferredIndexes{std::move(definitions), std::move(statement)};
}

void Migration::adopt_deferred() {
    const checkpoint::Record& record = earlier_->record;
    if (!record.index_statement.empty()) {
        set_deferred({record.bare_definition, record.shadow_definition}, record.index_statement);
    }
}

}  // namespace doppel::migration
