// SPDX-License-Identifier: Apache-2.0
#include "differential/writer.hpp"

#include "doppel/error.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace doppel::differential {
namespace {

constexpr unsigned kTableUnknown = 1146;
constexpr unsigned kLockWaitTimeout = 1205;
constexpr unsigned kDeadlock = 1213;
/// A writer without an end keeps rows that break a new unique index coming and going for ever.
constexpr unsigned kTransactionsMax = 250;
constexpr unsigned kPauseMaxMs = 40;
constexpr unsigned kRollBackPercent = 5;

std::string for_table(std::string statement, const std::string& table) {
    const auto at = statement.find("{}");
    return at == std::string::npos ? statement : statement.replace(at, 2, table);
}

}  // namespace

unsigned try_execute(sql::Session& session, const std::string& statement, std::string* text) {
    try {
        session.execute(statement);
        return 0;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted || error.server_errno() == 0) {
            throw;
        }
        if (text != nullptr) {
            *text = error.what();
        }
        return error.server_errno();
    }
}

Writer::Writer(sql::Session& session, const Program& program, std::string schema)
    : session_(session),
      program_(program),
      ours_(schema + ".t"),
      twin_(schema + "_twin.t"),
      old_(schema + "._t_old"),
      rows_(program.rows) {
    program_.misfits = program.misfits || program.late_misfits;
    session_.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    thread_ = std::thread([this] { write(); });
}

Writer::~Writer() {
    stop();
}

unsigned Writer::stop() {
    stopping_ = true;
    if (thread_.joinable()) {
        thread_.join();
    }
    return committed_;
}

void Writer::write() {
    Random random(program_.seed + 77);
    try {
        // Busy at first and slower later, so that a slow run is written to until its end as well.
        while (!stopping_ && committed_ < kTransactionsMax && write_once(random)) {
            const unsigned pause = std::min(committed_ / 8, kPauseMaxMs);
            std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        }
    } catch (const std::exception& error) {
        problem_ = error.what();
    }
}

bool Writer::write_once(Random& random) {
    const auto statements = random_transaction(program_, rows_, random);
    // CURRENT_TIMESTAMP must be the same for both.
    session_.execute(
        fmt::format("SET SESSION timestamp = {}.{:06}", 1'700'000'000 + committed_, 123)
    );
    session_.execute("START TRANSACTION");
    // Holds the table's definition as a write does, so that the swap cannot come between here and
    // the commit, nor a deadlock with it.
    session_.query(fmt::format("SELECT 1 FROM {} LIMIT 0 FOR UPDATE", ours_));
    if (try_execute(session_, fmt::format("SELECT 1 FROM {} LIMIT 0", old_)) != kTableUnknown) {
        session_.execute("ROLLBACK");
        return false;
    }
    bool same = true;
    for (const std::string& statement : statements) {
        same = same && write_both(statement);
    }
    const bool commit = same && !random.chance(kRollBackPercent);
    session_.execute(commit ? "COMMIT" : "ROLLBACK");
    if (!commit) {
        program_.features.insert("write ROLLBACK");
    }
    committed_ += commit ? 1 : 0;
    return true;
}

/// False when the transaction has to be given up; after a deadlock it is over already.
bool Writer::write_both(const std::string& statement) {
    const unsigned ours = try_execute(session_, for_table(statement, ours_));
    if (ours == kDeadlock || ours == kLockWaitTimeout) {
        problem_ = fmt::format("error {}, which makes the counters differ", ours);
        stopping_ = true;
        return false;
    }
    return ours == try_execute(session_, for_table(statement, twin_));
}

}  // namespace doppel::differential
