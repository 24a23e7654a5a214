// SPDX-License-Identifier: Apache-2.0
#include "differential/runner.hpp"

#include "differential/contents.hpp"
#include "doppel/error.hpp"

#include <atomic>
#include <csignal>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace doppel::differential {
namespace {

constexpr std::chrono::seconds kDoppelLimit{20};
constexpr unsigned kTableUnknown = 1146;
constexpr unsigned kLockWaitTimeout = 1205;
constexpr unsigned kDeadlock = 1213;
constexpr std::string_view kNoValueForRows = "is NOT NULL and has no DEFAULT";
/// A writer without an end keeps rows that break a new unique index coming and going for as long as
/// Doppel tries again, which is minutes.
constexpr unsigned kTransactionsMax = 200;
constexpr unsigned kExitRefused = 3;
constexpr unsigned kExitMisfit = 5;
constexpr unsigned kExitStopped = 130;

std::string for_table(std::string statement, const std::string& table) {
    const auto at = statement.find("{}");
    return at == std::string::npos ? statement : statement.replace(at, 2, table);
}

/// The server's number, 0 when it worked.
unsigned try_execute(sql::Session& session, const std::string& statement, std::string* text = {}) {
    try {
        session.execute(statement);
        return 0;
    } catch (const Error& error) {
        if (error.code() == Errc::interrupted) {
            throw;
        }
        if (text != nullptr) {
            *text = error.what();
        }
        return error.server_errno();
    }
}

/// The id of the first refusal, or the last line.
std::string finding_of(const std::string& out) {
    std::istringstream lines(out);
    std::string last;
    for (std::string line; std::getline(lines, line);) {
        const auto parsed = nlohmann::json::parse(line, nullptr, false);
        if (parsed.is_object() && parsed.contains("findings")) {
            for (const auto& finding : parsed["findings"]) {
                if (finding.value("level", "") == "refusal") {
                    return finding.value("id", "");
                }
            }
        }
        if (!line.empty()) {
            last = line;
        }
    }
    return last;
}

}  // namespace

/// An application that writes to both tables until stopped, or until the tables are swapped.
class Runner::Writer final {
public:
    Writer(const test::Sandbox& sandbox, const Program& program)
        : program_(program), rows_(program.rows), session_(sandbox.connect()) {
        session_->execute("USE fuzz");
        session_->execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
        thread_ = std::thread([this] { write(); });
    }
    ~Writer() { stop(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    unsigned stop() {
        stopping_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
        return committed_;
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    void write() {
        Random random(program_.seed + 77);
        try {
            while (!stopping_ && committed_ < kTransactionsMax && write_once(random)) {
            }
        } catch (const Error& error) {
            problem_ = error.what();
        }
    }

    bool write_once(Random& random) {
        const auto statements = random_transaction(program_, rows_, random);
        session_->execute("START TRANSACTION");
        // Holds the table's definition as a write does, so that the swap cannot come between here
        // and the commit, nor a deadlock with it.
        session_->query("SELECT 1 FROM t LIMIT 0 FOR UPDATE");
        if (try_execute(*session_, "SELECT 1 FROM _t_old LIMIT 0") != kTableUnknown) {
            session_->execute("ROLLBACK");
            return false;
        }
        bool same = true;
        for (const std::string& statement : statements) {
            same = same && write_both(statement);
        }
        session_->execute(same ? "COMMIT" : "ROLLBACK");
        committed_ += same ? 1 : 0;
        return true;
    }

    /// False when the transaction has to be given up; after a deadlock it is over already.
    bool write_both(const std::string& statement) {
        const unsigned ours = try_execute(*session_, for_table(statement, "t"));
        if (ours == kDeadlock || ours == kLockWaitTimeout) {
            return false;
        }
        return ours == try_execute(*session_, for_table(statement, "twin"));
    }

    const Program& program_;
    std::vector<std::vector<std::string>> rows_;
    std::unique_ptr<sql::Session> session_;
    std::atomic<bool> stopping_ = false;
    unsigned committed_ = 0;
    std::string problem_;
    std::thread thread_;
};

// Nothing here is about crashes, so the disk need not be waited for.
Runner::Runner()
    : sandbox_({"--option", "sync_binlog=0", "--option", "innodb_flush_log_at_trx_commit=0"}),
      session_(sandbox_.connect()) {}

bool Runner::prepare(const Program& program, Outcome& outcome) {
    session_->execute("DROP DATABASE IF EXISTS fuzz");
    session_->execute("SET GLOBAL sql_mode = '" + program.sql_mode() + "'");
    session_ = sandbox_.connect();
    session_->execute("CREATE DATABASE fuzz");
    session_->execute("USE fuzz");
    std::string error;
    if (try_execute(*session_, program.create_sql("t"), &error) != 0) {
        outcome.detail = error;
        return false;
    }
    session_->execute(program.create_sql("twin"));
    session_->execute("START TRANSACTION");
    for (const auto& row : program.rows) {
        const bool ours = try_execute(*session_, program.insert_sql("t", row)) == 0;
        const bool others = try_execute(*session_, program.insert_sql("twin", row)) == 0;
        if (ours != others) {
            outcome.detail = "the twins differ from the start";
            return false;
        }
    }
    session_->execute("COMMIT");
    return true;
}

test::Finished Runner::run_doppel(const Program& program) const {
    const std::vector<std::string> options{
        "--no-native", "--chunk-rows=10", "--cutover-backoff=500ms", "--heartbeat=100ms"};
    test::Process process(
        sandbox_.doppel_command(program.alter_sql("fuzz.t"), options), sandbox_.environment()
    );
    const auto deadline = std::chrono::steady_clock::now() + kDoppelLimit;
    while (process.running() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    test::Finished finished;
    if (process.running()) {
        process.signal(SIGINT);
        finished.err = "it did not end by itself; ";
    }
    finished.code = process.wait(kDoppelLimit);
    finished.out = process.out();
    finished.err += process.err();
    return finished;
}

std::string Runner::tables() {
    return session_
        ->query(
            "SELECT GROUP_CONCAT(TABLE_NAME ORDER BY TABLE_NAME) FROM INFORMATION_SCHEMA.TABLES "
            "WHERE TABLE_SCHEMA = 'fuzz'"
        )
        .scalar()
        .value_or("");
}

Outcome Runner::run(const Program& program) {
    Outcome outcome;
    if (!prepare(program, outcome)) {
        return outcome;
    }
    test::Finished finished;
    unsigned transactions = 0;
    if (program.writes) {
        Writer writer(sandbox_, program);
        finished = run_doppel(program);
        transactions = writer.stop();
        if (!writer.problem().empty()) {
            outcome.detail = "the writer: " + writer.problem();
            return outcome;
        }
    } else {
        finished = run_doppel(program);
    }
    outcome = judge(program, finished);
    outcome.transactions = transactions;
    return outcome;
}

Outcome Runner::judge(const Program& program, test::Finished& finished) {
    Contents before;
    if (finished.code != 0) {
        before = read_contents(*session_, "twin");
    }
    native_error_.clear();
    const bool native_works =
        try_execute(*session_, program.alter_sql("twin"), &native_error_) == 0;
    if (finished.code != 0) {
        const std::string left = tables();
        const Difference touched = compare(read_contents(*session_, "t"), before);
        if (left != "t,twin" || !touched.what.empty()) {
            return {Verdict::failed, "not untouched", left + "\n" + touched.text + finished.out, 0};
        }
        return judge_failure(program, finished, native_works);
    }
    if (!native_works) {
        return {Verdict::failed, "native fails", native_error_, 0};
    }
    if (const std::string left = tables(); left != "_t_old,t,twin") {
        return {Verdict::failed, "left behind", left, 0};
    }
    const Difference difference =
        compare(read_contents(*session_, "t"), read_contents(*session_, "twin"));
    if (!difference.what.empty()) {
        return {Verdict::failed, difference.what, difference.text, 0};
    }
    return {Verdict::agreed, "", "", 0};
}

Outcome Runner::judge_failure(const Program& program, test::Finished& finished, bool native_works) {
    const unsigned code = static_cast<unsigned>(finished.code);
    const std::string why = finding_of(finished.out);
    if (code == kExitRefused) {
        return {native_works ? Verdict::refused : Verdict::agreed_to_fail, native_error_, "", 0};
    }
    const bool undecided = code == kExitStopped && program.writes;
    if (undecided && !native_works) {
        return {Verdict::agreed_to_fail, native_error_, "", 0};
    }
    if (code != 2 && code != kExitMisfit && !undecided) {
        return {Verdict::failed, fmt::format("exit {}", code), finished.out + finished.err, 0};
    }
    if (!native_works) {
        return {Verdict::agreed_to_fail, native_error_, "", 0};
    }
    if (finished.out.find(kNoValueForRows) != std::string::npos) {
        // A limit: the server invents a value of JSON, GEOMETRY and the like for existing rows.
        return {Verdict::refused, "added column without a value for the rows", "", 0};
    }
    if ((code == kExitMisfit || undecided) && program.writes) {
        // The row may be gone since. Without a writer the table is what the twin was.
        test::Finished again = run_doppel(program);
        if (again.code == 0) {
            const Difference difference =
                compare(read_contents(*session_, "t"), read_contents(*session_, "twin"));
            return difference.what.empty()
                       ? Outcome{Verdict::agreed, "", "", 0}
                       : Outcome{Verdict::failed, difference.what, difference.text, 0};
        }
        finished = again;
    }
    return {
        Verdict::failed,
        fmt::format("exit {} where native works", finished.code),
        finished.out + finished.err,
        0};
}

}  // namespace doppel::differential
