// SPDX-License-Identifier: Apache-2.0
#include "sql/async_session.hpp"

#include "async/event.hpp"
#include "mysql/identifier.hpp"
#include "sql/server_role.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

/// How long the server may take to end a connection of ours that was killed; rolling back a chunk
/// is the longest part.
constexpr int kOldConnectionEndsSeconds = 30;
constexpr std::chrono::milliseconds kBackoffInitial{100};
constexpr std::chrono::milliseconds kBackoffMax{5'000};
constexpr unsigned kNoSuchThread = 1094;

/// A member that has lost its group answers, but its commits do not.
void require_group(Session& session) {
    const ServerRole role = read_role(session);
    if (role.group && (!role.group->online || !role.group->has_majority())) {
        throw Error(Errc::interrupted, "the server " + role.hindrance());
    }
}

}  // namespace

AsyncSession::AsyncSession(
    ConnectionOptions options, SessionSettings settings, std::string lock_name, Logger logger
)
    : options_(std::move(options)),
      settings_(std::move(settings)),
      lock_name_(std::move(lock_name)),
      logger_(std::move(logger)) {}

Session& AsyncSession::require() const {
    if (!session_) {
        throw Error(Errc::interrupted, "not connected to the server");
    }
    return *session_;
}

void AsyncSession::connect_and_lock() {
    session_.reset();
    if (connection_id_ != 0) {
        lost_id_ = connection_id_;
    }
    connection_id_ = 0;
    auto session = connect(options_, settings_);
    require_group(*session);
    const std::string name = mysql::quote_string(lock_name_);
    const auto holder = session->query("SELECT IS_USED_LOCK(" + name + ")").scalar();
    // Another one has taken the name: a run that takes this one for dead.
    if (holder && *holder == std::to_string(lost_id_)) {
        logger_.debug("ending our lost connection {}", *holder);
        try {
            session->execute("KILL " + *holder);
        } catch (const Error& error) {
            if (error.server_errno() != kNoSuchThread) {
                throw;
            }
        }
    }
    const auto locked =
        session->query(fmt::format("SELECT GET_LOCK({}, {})", name, kOldConnectionEndsSeconds))
            .scalar();
    if (locked.value_or("0") != "1") {
        throw Error(
            Errc::interrupted,
            fmt::format(
                "a lost connection of ours is still busy on the server after {} s",
                kOldConnectionEndsSeconds
            )
        );
    }
    const ServerIdentity server = read_identity(*session);
    if (first_server_) {
        require_same_history(*first_server_, server);
    } else {
        first_server_ = server;
    }
    connection_id_ = session->connection_id();
    session_ = std::move(session);
}

async::awaitable<void> AsyncSession::open() {
    co_await worker_.run([this] { connect_and_lock(); });
}

async::awaitable<void> AsyncSession::execute(std::string statement) {
    co_await run([&statement](Session& session) { session.execute(statement); });
}

async::awaitable<Rows> AsyncSession::query(std::string statement) {
    co_return co_await run([&statement](Session& session) { return session.query(statement); });
}

async::awaitable<void> AsyncSession::reconnect(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    std::chrono::milliseconds pause = kBackoffInitial;
    while (true) {
        if (giving_up_) {
            throw Error(Errc::interrupted, "the connection was lost while the run was ending");
        }
        std::string reason;
        try {
            co_await open();
            co_return;
        } catch (const Error& error) {
            if (error.code() != Errc::interrupted || giving_up_ ||
                std::chrono::steady_clock::now() + pause > deadline) {
                throw;
            }
            reason = error.what();
        }
        logger_.debug("connecting again in {} ms: {}", pause.count(), reason);
        co_await async::sleep(pause);
        pause = std::min(pause * 2, kBackoffMax);
    }
}

async::awaitable<void> AsyncSession::close() {
    co_await worker_.run([this] {
        session_.reset();
        connection_id_ = 0;
    });
}

}  // namespace doppel::sql
