// SPDX-License-Identifier: Apache-2.0
#include "migration/sessions.hpp"

#include <random>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

std::string random_id() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

std::string session_lock_name(const std::string& run_id, unsigned number) {
    return fmt::format("doppel.{}.{}", run_id, number);
}

SessionFactory::SessionFactory(
    ConnectionOptions options, std::chrono::milliseconds statement_timeout, Logger logger
)
    : options_(std::move(options)),
      statement_timeout_(statement_timeout),
      logger_(std::move(logger)),
      run_id_(random_id()) {}

std::unique_ptr<sql::AsyncSession> SessionFactory::make(sql::SessionSettings settings) {
    settings.statement_timeout = statement_timeout_;
    settings.activity = activity_;
    return std::make_unique<sql::AsyncSession>(
        options_, std::move(settings), session_lock_name(run_id_, ++made_), logger_, silence_
    );
}

sql::SessionSettings SessionFactory::plain_settings() const {
    sql::SessionSettings settings;
    settings.statement_timeout = statement_timeout_;
    settings.statements = {
        sql::kKeepIdleConnection,
        // The server's default is a year.
        "SET SESSION lock_wait_timeout = 30",
    };
    return settings;
}

std::unique_ptr<sql::AsyncSession> SessionFactory::plain() {
    return make(plain_settings());
}

sql::SessionSettings writer_settings() {
    sql::SessionSettings settings;
    settings.statements = {
        sql::kKeepIdleConnection,
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        // One statement, since a run opens a dozen such sessions. A division by zero in a generated
        // column is judged as in a native ALTER. What a row is refused for is read out of the
        // server's words. Long IN lists must not turn into full scans (MySQL manual, "Limiting
        // Memory Use for Range Optimization").
        "SET SESSION sql_mode = CONCAT('STRICT_ALL_TABLES,STRICT_TRANS_TABLES,"
        "NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', IF(FIND_IN_SET("
        "'ERROR_FOR_DIVISION_BY_ZERO', @@GLOBAL.sql_mode), ',ERROR_FOR_DIVISION_BY_ZERO', '')), "
        "SESSION lc_messages = 'en_US', "
        "SESSION innodb_lock_wait_timeout = 5, "
        "SESSION lock_wait_timeout = 60, "
        "SESSION range_optimizer_max_mem_size = 0, "
        "SESSION max_execution_time = 0, "
        "SESSION sql_big_selects = 1",
    };
    return settings;
}

sql::SessionSettings SessionFactory::probe_settings() const {
    sql::SessionSettings settings;
    settings.program_name = "doppel throttle";
    settings.activity = activity_;
    settings.statements = {
        sql::kKeepIdleConnection,
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        // A heartbeat must not hold up the lock of the cut-over, nor a query of the user's a probe.
        "SET SESSION lock_wait_timeout = 1, SESSION innodb_lock_wait_timeout = 1",
        "SET SESSION max_execution_time = 1500",
    };
    return settings;
}

sql::SessionSettings SessionFactory::key_settings() const {
    sql::SessionSettings settings = writer_settings();
    if (utc_) {
        settings.statements.emplace_back("SET SESSION time_zone = '+00:00'");
    }
    return settings;
}

std::unique_ptr<sql::AsyncSession> SessionFactory::writer() {
    return make(key_settings());
}

std::unique_ptr<sql::AsyncSession> SessionFactory::builder() {
    sql::SessionSettings settings = key_settings();
    settings.leave_at_work = true;
    return make(std::move(settings));
}

std::unique_ptr<sql::AsyncSession> SessionFactory::verifier() {
    sql::SessionSettings settings = key_settings();
    settings.program_name = "doppel verify";
    return make(std::move(settings));
}

}  // namespace doppel::migration
