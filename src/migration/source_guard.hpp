// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/server_version.hpp"
#include "schema/table_definition.hpp"
#include "sql/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace doppel::migration {

/// What became different in the definition of a table, its triggers, and the foreign keys from and
/// to it; nothing if it may be swapped as planned. Pure.
[[nodiscard]] std::optional<std::string> definition_difference(
    const schema::TableDefinition& planned, const std::optional<schema::TableDefinition>& now
);

/// What a run relies on and a session can change without a trace in the binlog (sql_log_bin=0, SET
/// GLOBAL): noted when the run begins, and compared before every attempt to cut over.
class SourceGuard final {
public:
    /// `planned` must outlive the guard.
    SourceGuard(const schema::TableDefinition& planned, mysql::ServerVersion version);

    /// To be called before the start position is read, with the session that read the plan. Throws
    /// Error(refused) when the server does not keep the order of commits.
    void note(sql::Session& session);
    /// The settings that values of the shadow depend on.
    [[nodiscard]] const std::vector<std::string>& settings() const noexcept { return writing_; }
    /// When binlog_order_commits was last set; empty: not told.
    [[nodiscard]] const std::string& order_set_at() const noexcept { return order_set_at_; }
    /// Throws Error(failed) with what was changed since.
    void require_unchanged(sql::Session& session) const;

private:
    const schema::TableDefinition& planned_;
    mysql::ServerVersion version_;
    std::vector<std::string> writing_;  ///< settings of the session that read the plan
    std::string order_set_at_;          ///< when binlog_order_commits was last set; empty: not told
};

}  // namespace doppel::migration
