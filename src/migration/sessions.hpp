// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/log.hpp"
#include "doppel/options.hpp"
#include "sql/async_session.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace doppel::migration {

/// For writing into the shadow: READ COMMITTED, so that INSERT .. SELECT reads without row locks;
/// strict, so that no value is cut or zeroed; zero dates and a literal 0 for AUTO_INCREMENT are
/// kept.
[[nodiscard]] sql::SessionSettings writer_settings();

/// A run makes fewer sessions than this.
inline constexpr unsigned kSessionsOfARunMax = 64;
/// The GET_LOCK name that session `number` (from 1 on) of a run holds for as long as it is
/// connected.
[[nodiscard]] std::string session_lock_name(const std::string& run_id, unsigned number);

/// Makes the sessions of one run. Each gets a lock name of its own (see sql::AsyncSession).
class SessionFactory final {
public:
    /// `statement_timeout`: see sql::SessionSettings.
    SessionFactory(
        ConnectionOptions options, std::chrono::milliseconds statement_timeout, Logger logger
    );

    /// For statements that the server shall judge as in a session of the user: its default
    /// sql_mode.
    [[nodiscard]] std::unique_ptr<sql::AsyncSession> plain();
    [[nodiscard]] sql::SessionSettings plain_settings() const;
    /// With `writer_settings`, in the server's default time zone, which conversions between
    /// TIMESTAMP and other types depend on, unless `use_utc` was called.
    [[nodiscard]] std::unique_ptr<sql::AsyncSession> writer();
    /// For looks at the server and heartbeats (throttle::Probe).
    [[nodiscard]] sql::SessionSettings probe_settings() const;
    /// The same, under a program name of its own: it reads much, and who looks for the cause of
    /// load shall find it.
    [[nodiscard]] std::unique_ptr<sql::AsyncSession> verifier();
    /// A writer for a statement that may take hours and shows what became of it: it is left to end
    /// by itself when its connection is lost.
    [[nodiscard]] std::unique_ptr<sql::AsyncSession> builder();
    /// Writers and verifiers made from now on are in UTC, for keys with a TIMESTAMP
    /// (KeyShape::needs_utc).
    void use_utc() noexcept { utc_ = true; }

    [[nodiscard]] const ConnectionOptions& options() const noexcept { return options_; }
    /// Random; see session_lock_name.
    /// What the sessions made by this factory do.
    [[nodiscard]] const sql::Activity& activity() const noexcept { return *activity_; }
    [[nodiscard]] const std::string& run_id() const noexcept { return run_id_; }

private:
    /// Of every session that reads or writes keys: all must spell a TIMESTAMP alike.
    [[nodiscard]] sql::SessionSettings key_settings() const;
    std::unique_ptr<sql::AsyncSession> make(sql::SessionSettings settings);

    ConnectionOptions options_;
    std::chrono::milliseconds statement_timeout_;
    Logger logger_;
    std::shared_ptr<sql::Silence> silence_ = std::make_shared<sql::Silence>();
    std::shared_ptr<sql::Activity> activity_ = std::make_shared<sql::Activity>();
    std::string run_id_;
    unsigned made_ = 0;
    bool utc_ = false;
};

}  // namespace doppel::migration
