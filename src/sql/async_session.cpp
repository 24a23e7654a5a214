// SPDX-License-Identifier: Apache-2.0
#include "sql/async_session.hpp"

#include "async/event.hpp"
#include "mysql/identifier.hpp"
#include "sql/server_role.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

/// How long the server may take to end a connection of ours that was killed; rolling back a chunk
/// is the longest part.
constexpr std::chrono::seconds kOldConnectionEnds{30};
constexpr std::chrono::milliseconds kSilenceMax = std::chrono::hours{24};
constexpr std::chrono::milliseconds kBackoffInitial{100};
constexpr std::chrono::milliseconds kBackoffMax{5'000};
constexpr unsigned kNoSuchThread = 1094;

/// A member that has lost its group answers, but its commits do not.
void require_group(Session& session) {
    if (!read_group(session)) {
        return;
    }
    const ServerRole role = read_role(session);
    if (role.group && (!role.group->online || !role.group->has_majority())) {
        throw Error(Errc::interrupted, "the server " + role.hindrance());
    }
}

/// Not silent for so long that the wait itself counts as a loss. 0: no limit.
std::chrono::seconds lock_patience(std::chrono::milliseconds statement_timeout) {
    if (statement_timeout.count() == 0) {
        return kOldConnectionEnds;
    }
    return std::clamp(
        std::chrono::floor<std::chrono::seconds>(statement_timeout / 2),
        std::chrono::seconds{1},
        kOldConnectionEnds
    );
}

}  // namespace

AsyncSession::AsyncSession(
    ConnectionOptions options,
    SessionSettings settings,
    std::string lock_name,
    Logger logger,
    std::shared_ptr<Silence> silence
)
    : options_(std::move(options)),
      settings_(std::move(settings)),
      lock_name_(std::move(lock_name)),
      logger_(std::move(logger)),
      silence_(silence ? std::move(silence) : std::make_shared<Silence>()) {}

Session& AsyncSession::require() const {
    if (!session_) {
        throw Error(Errc::interrupted, "not connected to the server");
    }
    if (silence_->suspects(last_answer_)) {
        throw Error(
            Errc::interrupted,
            "the server was silent on another connection, so this one is given up as well"
        );
    }
    return *session_;
}

void AsyncSession::note_failure(const Error& error, Silence::Clock::time_point began) {
    if (error.code() != Errc::interrupted) {
        note_answer();
        return;
    }
    const auto limit = settings_.statement_timeout;
    if (limit.count() > 0 && Silence::Clock::now() - began >= limit) {
        silence_->noticed();
    }
}

bool AsyncSession::was_at_work(Session& session, std::uint64_t connection) const {
    if (settings_.statement_timeout.count() == 0) {
        return false;
    }
    // The columns Id, Command and Time (MySQL manual, "SHOW PROCESSLIST Statement").
    const Rows list = session.query("SHOW PROCESSLIST");
    const std::string id = std::to_string(connection);
    const auto limit = std::chrono::floor<std::chrono::seconds>(settings_.statement_timeout);
    return std::any_of(list.rows.begin(), list.rows.end(), [&](const Row& row) {
        return row.at(0).value_or("") == id && row.at(4).value_or("") == "Query" &&
               std::strtoll(row.at(5).value_or("0").c_str(), nullptr, 10) >= limit.count();
    });
}

void AsyncSession::wait_longer() {
    silence_->withdraw();
    ++extensions_;
    const auto before = settings_.statement_timeout;
    settings_.statement_timeout = std::min(before * 2, kSilenceMax);
    logger_.warning(
        "a statement was still at work after {} s of silence; now the limit is {} s",
        std::chrono::ceil<std::chrono::seconds>(before).count(),
        std::chrono::ceil<std::chrono::seconds>(settings_.statement_timeout).count()
    );
}

std::uint64_t AsyncSession::holder_of_lock(Session& session) const {
    const auto holder =
        session.query("SELECT IS_USED_LOCK(" + mysql::quote_string(lock_name_) + ")").scalar();
    return holder ? std::stoull(*holder) : 0;
}

void AsyncSession::kill(Session& session, std::uint64_t connection) const {
    logger_.debug("ending our lost connection {}", connection);
    try {
        session.execute(fmt::format("KILL {}", connection));
    } catch (const Error& error) {
        if (error.server_errno() != kNoSuchThread) {
            throw;
        }
    }
}

void AsyncSession::take_lock(Session& session) const {
    const auto patience = lock_patience(settings_.statement_timeout).count();
    const auto locked =
        session
            .query(fmt::format("SELECT GET_LOCK({}, {})", mysql::quote_string(lock_name_), patience)
            )
            .scalar();
    if (locked.value_or("0") != "1") {
        throw Error(
            Errc::interrupted,
            fmt::format(
                "a lost connection of ours is still busy on the server after {} s", patience
            )
        );
    }
}

void AsyncSession::end_connection(Session& over) {
    if (connection_id_ != 0 && holder_of_lock(over) == connection_id_) {
        kill(over, connection_id_);
    }
    take_lock(over);
    over.execute("DO RELEASE_LOCK(" + mysql::quote_string(lock_name_) + ")");
}

void AsyncSession::connect_and_lock() {
    session_.reset();
    if (connection_id_ != 0) {
        lost_ids_ = {connection_id_};
    }
    connection_id_ = 0;
    auto session = connect(options_, settings_);
    require_group(*session);
    const std::uint64_t holder = lost_ids_.empty() ? 0 : holder_of_lock(*session);
    // Else another one has taken the name: a run that takes this one for dead.
    if (std::find(lost_ids_.begin(), lost_ids_.end(), holder) != lost_ids_.end()) {
        const bool at_work = was_at_work(*session, holder);
        kill(*session, holder);
        if (at_work) {
            wait_longer();
            session = connect(options_, settings_);  // the limit is one of the connection
        }
    }
    // It may be lost before we know that it has the name.
    lost_ids_.push_back(session->connection_id());
    take_lock(*session);
    const ServerIdentity server = read_identity(*session);
    if (first_server_) {
        require_same_history(*first_server_, server);
    } else {
        first_server_ = server;
    }
    connection_id_ = session->connection_id();
    lost_ids_.clear();
    note_answer();
    session_ = std::move(session);
}

void AsyncSession::require_same_server(Session& other) const {
    if (first_server_) {
        require_same_history(*first_server_, read_identity(other));
    }
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

async::awaitable<Rows> AsyncSession::query_surely(
    std::string statement, std::chrono::milliseconds limit
) {
    auto work = [&statement](Session& session) { return session.query(statement); };
    co_return co_await run_surely(work, limit);
}

async::awaitable<void> AsyncSession::open_again() {
    try {
        co_await open();
    } catch (const Error& error) {
        // The server took us before, so this is a state that it is in, and no reason to give up
        // what was done.
        if (error.code() == Errc::refused) {
            throw Error(Errc::interrupted, error.what(), error.server().value_or(ServerError{}));
        }
        throw;
    }
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
            co_await open_again();
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
