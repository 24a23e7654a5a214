// SPDX-License-Identifier: Apache-2.0
#include "throttle/probe.hpp"

#include <utility>

#include <fmt/format.h>

namespace doppel::throttle {
namespace {

constexpr std::chrono::seconds kBetweenTries{1};

}  // namespace

Probe::Probe(ConnectionOptions options, sql::SessionSettings settings, std::string uuid)
    : options_(std::move(options)),
      settings_(std::move(settings)),
      expected_uuid_(std::move(uuid)) {
    options_.connect_timeout = kPatience;
    options_.read_timeout = kPatience;
    options_.default_schema.clear();
    settings_.statement_timeout = kPatience;
}

async::awaitable<sql::Rows> Probe::query(std::string statement) {
    auto work = [&statement](sql::Session& session) { return session.query(statement); };
    co_return co_await run(work);
}

void Probe::connect() {
    auto session = sql::connect(options_, settings_);
    const std::string uuid = session->query("SELECT @@server_uuid").scalar().value_or("");
    if (!expected_uuid_.empty() && uuid != expected_uuid_) {
        throw Error(
            Errc::interrupted, fmt::format("another server answers there (server_uuid {})", uuid)
        );
    }
    uuid_ = uuid;
    session_ = std::move(session);
}

sql::Session& Probe::require() {
    if (session_) {
        return *session_;
    }
    if (failure_ && Clock::now() < next_try_) {
        throw *failure_;
    }
    try {
        connect();
    } catch (const Error& error) {
        failure_ = error;
        next_try_ = Clock::now() + kBetweenTries;
        throw;
    }
    failure_.reset();
    return *session_;
}

void Probe::note(const Error& error) {
    if (error.code() == Errc::interrupted) {
        session_.reset();
        failure_ = error;
        next_try_ = Clock::now() + kBetweenTries;
    }
}

}  // namespace doppel::throttle
