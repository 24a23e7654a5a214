// SPDX-License-Identifier: Apache-2.0
#include "migration/sessions.hpp"

#include <random>

#include <fmt/format.h>

namespace doppel::migration {
namespace {

/// Sessions may be idle for days, between the start and the cut-over.
constexpr const char* kKeepIdle = "SET SESSION wait_timeout = 2147483";

std::string random_id() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

SessionFactory::SessionFactory(ConnectionOptions options, Logger logger)
    : options_(std::move(options)), logger_(std::move(logger)), run_id_(random_id()) {}

std::unique_ptr<sql::AsyncSession> SessionFactory::make(sql::SessionSettings settings) {
    return std::make_unique<sql::AsyncSession>(
        options_, std::move(settings), fmt::format("doppel.{}.{}", run_id_, ++made_), logger_
    );
}

std::unique_ptr<sql::AsyncSession> SessionFactory::plain() {
    sql::SessionSettings settings;
    settings.statements = {kKeepIdle};
    return make(std::move(settings));
}

std::unique_ptr<sql::AsyncSession> SessionFactory::writer() {
    sql::SessionSettings settings;
    settings.statements = {
        kKeepIdle,
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO,"
        "NO_ENGINE_SUBSTITUTION'",
        "SET SESSION innodb_lock_wait_timeout = 5",
        "SET SESSION lock_wait_timeout = 60",
        // Long IN lists must not turn into full scans (MySQL manual, "Limiting Memory Use for Range
        // Optimization").
        "SET SESSION range_optimizer_max_mem_size = 0",
        "SET SESSION max_execution_time = 0",
        "SET SESSION sql_big_selects = 1",
    };
    return make(std::move(settings));
}

}  // namespace doppel::migration
