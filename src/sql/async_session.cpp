// SPDX-License-Identifier: Apache-2.0
#include "sql/async_session.hpp"

#include "async/event.hpp"
#include "mysql/identifier.hpp"
#include "sql/server_role.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace doppel::sql {
namespace {

/// How long the server may take to end a connection of ours that was killed; rolling back a chunk
/// is the longest part.
constexpr std::chrono::seconds kOldConnectionEnds{30};
constexpr std::chrono::milliseconds kSilenceMax = std::chrono::hours{24};
constexpr std::chrono::milliseconds kBackoffInitial{100};
constexpr std::chrono::milliseconds kBackoffMax{5'000};
/// Between looks at a statement that was left at work.
constexpr std::chrono::milliseconds kLookAtWork{1'000};
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

std::optional<std::chrono::seconds> AsyncSession::time_at_work(
    Session& session, std::uint64_t connection
) {
    // The columns Id, Command and Time (MySQL manual, "SHOW PROCESSLIST Statement").
    const Rows list = session.query("SHOW PROCESSLIST");
    const std::string id = std::to_string(connection);
    const auto found = std::find_if(list.rows.begin(), list.rows.end(), [&](const Row& row) {
        return row.at(0).value_or("") == id && row.at(4).value_or("") == "Query";
    });
    if (found == list.rows.end()) {
        return std::nullopt;
    }
    return std::chrono::seconds(std::strtoll(found->at(5).value_or("0").c_str(), nullptr, 10));
}

void AsyncSession::note_left_at_work(std::uint64_t connection, std::chrono::seconds since) {
    silence_->withdraw();
    if (std::exchange(left_id_, connection) == connection) {
        return;
    }
    working_id_ = connection;
    ++found_at_work_;
    logger_.warning(
        "a statement whose connection was given up is still at work, for {} s now: its end is "
        "waited for",
        since.count()
    );
}

void AsyncSession::wait_longer() {
    silence_->withdraw();
    ++found_at_work_;
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

void AsyncSession::interrupt(Session& over) const {
    const std::uint64_t id = working_id_;
    // The lock tells it from a connection of somebody else's that got the number after a restart.
    if (id != 0 && holder_of_lock(over) == id) {
        over.execute(fmt::format("KILL QUERY {}", id));
    }
}

void AsyncSession::end_connection(Session& over) {
    if (connection_id_ != 0 && holder_of_lock(over) == connection_id_) {
        kill(over, connection_id_);
    }
    take_lock(over);
    over.execute("DO RELEASE_LOCK(" + mysql::quote_string(lock_name_) + ")");
}

bool AsyncSession::connect_and_lock() {
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
        const auto at_work = time_at_work(*session, holder);
        if (at_work && settings_.leave_at_work) {
            note_left_at_work(holder, *at_work);
            return false;
        }
        kill(*session, holder);
        const auto limit = std::chrono::floor<std::chrono::seconds>(settings_.statement_timeout);
        if (at_work && limit.count() > 0 && *at_work >= limit) {
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
    working_id_ = connection_id_;
    lost_ids_.clear();
    note_answer();
    session_ = std::move(session);
    return true;
}

void AsyncSession::require_same_server(Session& other) const {
    if (first_server_) {
        require_same_history(*first_server_, read_identity(other));
    }
}

async::awaitable<void> AsyncSession::open() {
    co_await worker_.run([this] { (void)connect_and_lock(); });  // nothing is at work yet
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

async::awaitable<bool> AsyncSession::open_again() {
    try {
        co_return co_await worker_.run([this] { return connect_and_lock(); });
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
    auto deadline = std::chrono::steady_clock::now() + limit;
    std::chrono::milliseconds pause = kBackoffInitial;
    while (true) {
        if (giving_up_) {
            throw Error(Errc::interrupted, "the connection was lost while the run was ending");
        }
        std::string reason;
        try {
            if (co_await open_again()) {
                co_return;
            }
            deadline = std::chrono::steady_clock::now() + limit;
            pause = kLookAtWork;
            reason = "what was left at work is not done";
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
        working_id_ = 0;
    });
}

}  // namespace doppel::sql
