// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/asio.hpp"
#include "checkpoint/state_table.hpp"
#include "mysql/identifier.hpp"
#include "schema/table_definition.hpp"
#include "shadow/shadow.hpp"
#include "sql/async_session.hpp"
#include "statement/alter_statement.hpp"

#include <functional>
#include <string>

namespace doppel::migration {

/// The tables that a run makes beside the source, and whether it made them: what others made under
/// these names is never touched.
class OwnTables final {
public:
    /// `run_id`: of the run, for Record::run_id.
    OwnTables(
        mysql::TableName source, mysql::TableName shadow, mysql::TableName state, std::string run_id
    );

    [[nodiscard]] const checkpoint::StateTable& state() const noexcept { return state_; }
    [[nodiscard]] const mysql::TableName& shadow() const noexcept { return shadow_; }

    /// Makes the state table, which marks the shadow as ours, then the shadow.
    [[nodiscard]] shadow::Shadow create(
        sql::Session& session,
        const checkpoint::Record& record,
        const schema::TableDefinition& source,
        const statement::AlterStatement& statement,
        const mysql::ServerVersion& version
    );

    /// They are there already, made by an earlier run that goes on.
    void adopt();

    /// After a failure that left the source in place: removes what `create` made or may have made,
    /// and tells what is left, in sentences for the operator.
    async::awaitable<std::string> remove_all(sql::AsyncSession& session);
    /// Removes what `create` made or may have made. False, and nothing is removed, when another run
    /// has taken it over.
    [[nodiscard]] bool remove(sql::Session& session);

private:
    mysql::TableName source_;
    mysql::TableName shadow_;
    checkpoint::StateTable state_;
    std::string run_id_;
    bool state_made_ = false;
    bool shadow_made_ = false;
};

}  // namespace doppel::migration
