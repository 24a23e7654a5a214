// SPDX-License-Identifier: Apache-2.0
#include "migration/own_tables.hpp"

#include "base/fault_point.hpp"
#include "shadow/names.hpp"

#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

constexpr std::chrono::seconds kReconnectLimit{5};
constexpr unsigned kTableExists = 1050;

}  // namespace

OwnTables::OwnTables(
    mysql::TableName source, mysql::TableName shadow, mysql::TableName state, std::string run_id
)
    : source_(std::move(source)),
      shadow_(std::move(shadow)),
      state_(std::move(state)),
      run_id_(std::move(run_id)) {}

void OwnTables::adopt() {
    state_made_ = true;
    shadow_made_ = true;
}

shadow::Shadow OwnTables::create(
    sql::Session& session,
    const checkpoint::Record& record,
    const schema::TableDefinition& source,
    const statement::AlterStatement& statement,
    const mysql::ServerVersion& version
) {
    // A statement whose answer is lost may have made the table, so it counts as made from before it
    // until the server says that somebody else's is in the way.
    state_made_ = true;
    try {
        state_.create(session, shadow::state_comment(source_), record);
    } catch (const Error& error) {
        state_made_ = error.server_errno() != kTableExists;
        throw;
    }
    base::fault_point("prepare.state_made");
    shadow_made_ = true;
    try {
        return shadow::create(session, source, shadow_, statement, version);
    } catch (const Error& error) {
        shadow_made_ = error.code() == Errc::interrupted;  // otherwise it left nothing
        throw;
    }
}

bool OwnTables::remove(sql::Session& session) {
    const auto owner = state_made_ ? state_.read_run_id(session) : std::nullopt;
    if (owner && *owner != run_id_) {
        return false;
    }
    // The state table marks the shadow as ours, so it goes last.
    if (shadow_made_) {
        shadow::drop(session, shadow_);
    }
    if (state_made_) {
        state_.drop(session);
    }
    return true;
}

async::awaitable<std::string> OwnTables::remove_all(sql::AsyncSession& session) {
    std::optional<std::string> problem;
    bool taken_over = false;
    // Named: g++ 12 copies closures that are temporaries of a co_await wrongly.
    const std::function<void(sql::Session&)> drop = [&](sql::Session& connected) {
        taken_over = !remove(connected);
    };
    try {
        co_await session.run_surely(drop, kReconnectLimit);
    } catch (const Error& error) {
        problem = error.what();
    }
    if (!problem && taken_over) {
        co_return fmt::format(
            "{} is untouched. Another run has taken {} over", source_.str(), shadow_.str()
        );
    }
    if (!problem) {
        co_return fmt::format("{} is untouched and nothing was left behind", source_.str());
    }
    co_return fmt::format(
        "{} is untouched. Left behind are {} and {}, which could not be removed ({}); run "
        "DROP TABLE IF EXISTS {}, {}, then the same command again",
        source_.str(),
        shadow_.str(),
        state_.name().str(),
        *problem,
        shadow_.quoted(),
        state_.name().quoted()
    );
}

}  // namespace doppel::migration
