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
constexpr unsigned kXaPercent = 6;
constexpr unsigned kSavepointPercent = 6;

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
    program_.misfit_percent = program.late_misfit_percent;
    counts_ = program.features.count("key AUTO_INCREMENT") > 0;
    set_up_session();
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

void Writer::set_up_session() {
    // MINIMAL images tell the primary key only (README, "Limits today").
    const bool primary_stays = program_.features.count("key unique") == 0 &&
                               program_.features.count("key unique descending") == 0 &&
                               program_.features.count("change drop PRIMARY KEY") == 0 &&
                               program_.features.count("change other PRIMARY KEY") == 0 &&
                               program_.features.count("change new column in PRIMARY KEY") == 0;
    Random random(program_.seed + 5);
    const unsigned choice = random.below(4);
    const char* image = choice == 0 && primary_stays ? "MINIMAL" : choice == 1 ? "NOBLOB" : "FULL";
    const bool partial = random.chance(20);
    const bool compressed = random.chance(20);
    program_.features.insert(fmt::format("write image {}", image));
    session_.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    session_.execute(fmt::format(
        "SET SESSION binlog_row_image = {}, binlog_row_value_options = '{}', "
        "binlog_transaction_compression = {}",
        image,
        partial ? "PARTIAL_JSON" : "",
        compressed ? "ON" : "OFF"
    ));
    if (partial) {
        program_.features.insert("write partial JSON");
    }
    if (compressed) {
        program_.features.insert("write compressed");
    }
}

void Writer::begin(const std::string& xid) {
    // CURRENT_TIMESTAMP must be the same for both.
    session_.execute(
        fmt::format("SET SESSION timestamp = {}.{:06}", 1'700'000'000 + committed_, 123)
    );
    session_.execute(xid.empty() ? "START TRANSACTION" : "XA START " + xid);
}

void Writer::end(const std::string& xid, bool commit) {
    if (!xid.empty()) {
        session_.execute("XA END " + xid);
        session_.execute("XA PREPARE " + xid);
    }
    const std::string last = commit ? "COMMIT" : "ROLLBACK";
    session_.execute(xid.empty() ? last : "XA " + last + " " + xid);
    if (!commit) {
        program_.features.insert("write ROLLBACK");
    } else if (!xid.empty()) {
        program_.features.insert("write XA");
    }
    committed_ += commit ? 1 : 0;
}

bool Writer::write_once(Random& random) {
    auto statements = random_transaction(program_, rows_, random);
    std::string xid;
    if (random.chance(kXaPercent)) {
        xid = fmt::format("'{}-{}'", ours_, ++begun_);
    } else if (random.chance(kSavepointPercent)) {
        roll_back_part(statements, random);
        program_.features.insert("write SAVEPOINT");
    }
    begin(xid);
    // Holds the table's definition as a write does, so that the swap cannot come between here and
    // the commit, nor a deadlock with it.
    session_.query(fmt::format("SELECT 1 FROM {} LIMIT 0 FOR UPDATE", ours_));
    if (try_execute(session_, fmt::format("SELECT 1 FROM {} LIMIT 0", old_)) != kTableUnknown) {
        end(xid, false);
        return false;
    }
    bool same = true;
    for (const std::string& statement : statements) {
        same = same && write_both(statement);
    }
    if (!problem_.empty()) {
        return false;
    }
    end(xid, same && !random.chance(kRollBackPercent));
    return true;
}

std::string Writer::last_number() {
    if (!counts_) {
        return "";
    }
    return session_.query("SELECT LAST_INSERT_ID()").scalar().value_or("");
}

/// False when the transaction has to be given up; after a deadlock it is over already.
bool Writer::write_both(const std::string& statement) {
    const unsigned ours = try_execute(session_, for_table(statement, ours_));
    if (ours == kDeadlock || ours == kLockWaitTimeout) {
        problem_ = fmt::format("error {}, which makes the counters differ", ours);
        return false;
    }
    const auto number = last_number();
    const bool same = ours == try_execute(session_, for_table(statement, twin_));
    if (same && number != last_number()) {
        // Seen once in some thousand cases, of two tables that were written to alike.
        problem_ = "the server gave the tables different AUTO_INCREMENT numbers";
        return false;
    }
    return same;
}

}  // namespace doppel::differential
