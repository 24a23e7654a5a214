// SPDX-License-Identifier: Apache-2.0
#include "tools/load/worker.hpp"

#include <cstdio>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace doppel::load {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kDeadlock = 1213;
constexpr unsigned kLockWaitTimeout = 1205;
/// A transaction that loses this often meets something else than chance.
constexpr unsigned kAttempts = 1'000;

}  // namespace

void RunControl::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

bool RunControl::wait_until(Instant instant) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, start_ + instant, [this] { return stopped_.load(); });
}

sql::SessionSettings worker_settings() {
    sql::SessionSettings settings;
    settings.program_name = "doppel-load";
    return settings;
}

Worker::Worker(RunContext& context, std::unique_ptr<sql::Session> session, std::uint64_t seed)
    : context_(context),
      session_(std::move(session)),
      random_(seed),
      connection_id_(session_->connection_id()),
      thread_([this] { work(); }) {}

Worker::~Worker() {
    thread_.join();
}

void Worker::work() {
    RunControl& control = context_.control;
    while (!control.stopped()) {
        const auto due = context_.pacer.next();
        if (due && control.wait_until(*due)) {
            break;
        }
        perform(due.value_or(control.now()));
    }
    session_.reset();
    finished_ = true;
}

void Worker::perform(Instant due) {
    const Transaction transaction = random_transaction(random_, context_.largest_id);
    const Instant start = context_.control.now();
    context_.recorder.started(due);
    for (unsigned tries = 1; !context_.control.stopped(); ++tries) {
        try {
            if (!session_) {
                reconnect();
            }
            attempt(transaction);
            context_.recorder.committed(due, start, context_.control.now());
            return;
        } catch (const Error& error) {
            if (context_.control.stopped()) {
                return;
            }
            if (!handle(error, due, tries < kAttempts)) {
                return;
            }
        }
    }
}

void Worker::attempt(const Transaction& transaction) {
    const bool twins = !context_.twin.empty();
    const auto statements = statements_for(transaction, context_.table);
    const auto twin_statements =
        twins ? statements_for(transaction, context_.twin) : std::vector<std::string>();
    timed("BEGIN", "BEGIN");
    for (std::size_t i = 0; i < kStatements; ++i) {
        const std::uint64_t changed = timed(statement_name(i), statements[i]);
        if (twins && timed(statement_name(i), twin_statements[i]) != changed) {
            context_.recorder.twin_mismatched();
        }
    }
    timed("COMMIT", "COMMIT");
}

std::uint64_t Worker::timed(std::string_view what, const std::string& statement) {
    const Instant start = context_.control.now();
    const std::uint64_t changed = session_->execute(statement);
    context_.recorder.statement_done(what, start, context_.control.now());
    return changed;
}

bool Worker::handle(const Error& error, Instant due, bool attempts_left) {
    const unsigned number = error.server_errno();
    const bool retry = attempts_left && (number == kDeadlock || number == kLockWaitTimeout);
    if (number == kDeadlock) {
        context_.recorder.deadlocked();
    } else if (number == kLockWaitTimeout) {
        context_.recorder.lock_wait_timed_out();
    }
    if (!retry && context_.recorder.failed(due, error.what())) {
        fmt::print(stderr, "load: {}\n", error.what());
    }
    if (error.code() == Errc::interrupted) {
        connection_id_ = 0;
        session_.reset();
    } else {
        try {
            // A lock wait timeout ends only its statement.
            session_->execute("ROLLBACK");
        } catch (const Error&) {
            connection_id_ = 0;
            session_.reset();
        }
    }
    // Spread the losers of a deadlock; do not spin while a table is missing or a server is down.
    pause(milliseconds(session_ ? 1 + random_.next() % 5 : 100));
    return retry;
}

void Worker::reconnect() {
    session_ = sql::connect(context_.connection, worker_settings());
    connection_id_ = session_->connection_id();
}

void Worker::pause(milliseconds duration) {
    (void)context_.control.wait_until(context_.control.now() + duration);
}

}  // namespace doppel::load
