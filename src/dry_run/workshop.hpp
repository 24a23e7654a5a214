// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "mysql/identifier.hpp"
#include "shadow/names.hpp"
#include "sql/session.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace doppel::dry_run {

/// Makes the scratch tables of a dry run and sees to it that they go, whatever happens to the
/// connection meanwhile. Its session keeps what it does out of the binary log. One thread.
class Workshop final {
public:
    /// Connects. Throws what sql::connect throws.
    Workshop(ConnectionOptions connection, Logger logger, const mysql::TableName& source);
    /// Removes what is left; does not throw.
    ~Workshop();
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;

    /// Gets ready: no binary log, no other dry run of the table, nothing of a killed one left.
    /// Empty, or why no scratch table can be made; nothing is changed then.
    [[nodiscard]] std::string open();

    /// For statements about the table that is kept out of the binary log. The server's default
    /// sql_mode and time zone: it judges clauses as a native ALTER would.
    [[nodiscard]] sql::Session& session() { return *session_; }
    [[nodiscard]] const mysql::TableName& quiet() const { return quiet_; }
    [[nodiscard]] const mysql::TableName& probe() const { return probe_; }

    /// Does `work`, which makes such a table. `logged`: it is in the binary log.
    void make(bool logged, const std::function<void()>& work);
    /// An empty clone of the source with the mark of a scratch table.
    void clone();
    /// Marks the table, after it was made or changed.
    void mark(sql::Session& session, const mysql::TableName& table) const;
    /// Drops the table that is not in the binary log.
    void drop_quiet();
    /// Removes all, over another connection if need be. Throws when that does not work, naming what
    /// is left.
    void remove_all();

private:
    [[nodiscard]] std::string sweep();
    [[nodiscard]] std::unique_ptr<sql::Session> connect() const;
    void drop(sql::Session& session, const mysql::TableName& table, bool logged) const;
    void remove_over(sql::Session& session);

    ConnectionOptions connection_;
    Logger logger_;
    mysql::TableName source_;
    mysql::TableName quiet_;
    mysql::TableName probe_;
    std::unique_ptr<sql::Session> session_;
    bool quiet_made_ = false;
    bool probe_made_ = false;
};

}  // namespace doppel::dry_run
