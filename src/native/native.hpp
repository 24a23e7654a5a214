// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "mysql/server_version.hpp"
#include "schema/table_definition.hpp"
#include "sql/session.hpp"
#include "statement/alter_statement.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace doppel::native {

enum class Method {
    not_possible,  ///< nothing was changed; the change needs a copy
    instant,       ///< done by ALGORITHM=INSTANT
    inplace,       ///< done by ALGORITHM=INPLACE, LOCK=NONE as a change of metadata only
};

struct Outcome {
    Method method = Method::not_possible;
    std::string reason;  ///< for not_possible: why, a sentence for the operator
};

struct Options {
    std::chrono::seconds lock_wait_timeout{
        1};                  ///< 1 s .. 1 h; how long one attempt waits for the table lock
    unsigned attempts = 10;  ///< 1 .. 10,000
    std::chrono::milliseconds backoff_initial{
        500};  ///< pause after the first lock wait timeout; doubles
    std::chrono::milliseconds backoff_max{8'000};
    std::chrono::seconds look_limit{30};  ///< how long a lost statement may still be running
};

/// What `attempt` needs from the outside.
struct Environment {
    /// A new session to look with after the first one was lost. Called a few times at most.
    std::function<std::unique_ptr<sql::Session>()> connect;
    /// Waits; returns false when the run was asked to stop, which ends the attempts at once.
    std::function<bool(std::chrono::milliseconds)> pause;
    Logger logger;
};

/// Tries to make the change without a copy. `source` is the definition read just before.
///
/// A server that refuses the algorithm, and a table lock that does not come within all attempts,
/// give not_possible. Throws Error(usage) when the server refuses the statement as such (unknown
/// column, syntax), Error(stopped) when asked to stop, and Error(interrupted) when the connection
/// was lost and it cannot be told whether the change was made. A lost connection whose outcome can
/// be seen gives that outcome, or, when nothing was done, the attempts go on with a session of its
/// own; the caller's is then of no more use. Leaves `lock_wait_timeout` of the session changed.
[[nodiscard]] Outcome attempt(
    sql::Session& session,
    const schema::TableDefinition& source,
    const statement::AlterStatement& statement,
    const mysql::ServerVersion& version,
    const Options& options,
    const Environment& environment
);

}  // namespace doppel::native
