// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "async/worker.hpp"
#include "checkpoint/record.hpp"
#include "doppel/error.hpp"
#include "doppel/log.hpp"
#include "doppel/migration.hpp"
#include "doppel/options.hpp"
#include "doppel/progress.hpp"
#include "migration/migration.hpp"
#include "mysql/identifier.hpp"
#include "statement/alter_statement.hpp"
#include "throttle/orders.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace doppel::migration {

/// Brings one ALTER to its end at whichever server is the primary. When that is lost, or is the
/// primary no more, it looks for the new one among the members, where the migration goes on from
/// its checkpoint as if the command had been given again. All calls on the executor's thread.
class AlterRun final {
public:
    AlterRun(
        statement::AlterStatement statement,
        std::string statement_text,
        mysql::TableName table,
        ConnectionOptions connection,
        MigrationOptions options,
        Observer& observer,
        Logger logger,
        async::asio::any_io_executor executor
    );

    /// As Migration::run.
    async::awaitable<void> run();
    void stop(std::string reason);

private:
    using Clock = std::chrono::steady_clock;

    /// Tries until `deadline`, at least once.
    async::awaitable<ConnectionOptions> find_server(Clock::time_point deadline);
    async::awaitable<void> pause();
    [[nodiscard]] ConnectionOptions candidates() const;
    void make_migration(const ConnectionOptions& server);
    /// Before another one takes its place.
    void note_what_it_did();
    /// Another server may do what this one did not.
    [[nodiscard]] bool goes_on_elsewhere(const Error& failure) const;
    void notice(std::string message);

    statement::AlterStatement statement_;
    std::string statement_text_;
    mysql::TableName table_;
    ConnectionOptions connection_;
    MigrationOptions options_;
    throttle::Orders orders_;
    std::chrono::milliseconds search_limit_;
    Observer& observer_;
    Logger logger_;
    async::asio::any_io_executor executor_;
    std::unique_ptr<Migration> migration_;
    std::string previous_run_id_;
    std::optional<checkpoint::Record> swapped_;  ///< of one that swapped the tables where it was
    std::uint64_t rows_copied_ = 0;
    bool is_displaced_ = false;
    bool stopping_ = false;
    async::Worker worker_;  ///< last, so that its thread ends first
};

}  // namespace doppel::migration
