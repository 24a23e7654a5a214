// SPDX-License-Identifier: Apache-2.0
#include "differential/runner.hpp"

#include "differential/writer.hpp"
#include "doppel/error.hpp"

#include <array>
#include <csignal>
#include <sstream>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace doppel::differential {
namespace {

constexpr std::chrono::seconds kDoppelLimit{60};
/// A new VECTOR NOT NULL without DEFAULT: natively of no bytes (docs/consistency.md).
constexpr std::string_view kNoValueForRows = "its type has no value for the rows that exist";
constexpr unsigned kAttempts = 8;
constexpr std::uint64_t kAnyStatementEvery = 30;
constexpr unsigned kPurgeEvery = 20;
constexpr int kExitUsage = 2;
constexpr int kExitRefused = 3;
constexpr int kExitMisfit = 5;

/// What Doppel may refuse although the server can do it (README, "Limits today").
constexpr std::array<std::string_view, 3> kLimits{
    "no-usable-key", "no-shared-key", "partition-management"};

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

Outcome failure(std::string kind, std::string detail) {
    return {Verdict::failed, std::move(kind), std::move(detail), 0, {}};
}

Outcome agreed_to_fail(std::string kind) {
    return {Verdict::agreed_to_fail, std::move(kind), "", 0, {}};
}

}  // namespace

Runner::Runner(const Server& server, unsigned number)
    : server_(server),
      schema_(fmt::format("fuzz{}", number)),
      twin_schema_(schema_ + "_twin"),
      session_(server.connect()),
      reader_session_(server.connect()),
      writer_session_(server.connect()),
      replica_session_(server.connect_replica()) {
    reader_session_->execute("SET SESSION sql_mode = ''");
    if (replica_session_) {
        replica_session_->execute("SET SESSION sql_mode = ''");
    }
}

void Runner::make_schemas() {
    for (const std::string& schema : {schema_, twin_schema_}) {
        session_->execute("DROP DATABASE IF EXISTS " + schema);
        session_->execute("CREATE DATABASE " + schema);
    }
}

bool Runner::statements_work(const Program& program) {
    make_schemas();
    return try_execute(*session_, program.create_sql(schema_ + ".t")) == 0 &&
           try_execute(*session_, program.alter_sql(schema_ + ".t")) == 0;
}

Program Runner::choose(std::uint64_t seed) {
    Program program = random_program(seed, 0);
    if (seed % kAnyStatementEvery == 0) {
        return program;
    }
    for (unsigned attempt = 1; attempt < kAttempts && !statements_work(program); ++attempt) {
        program = random_program(seed, attempt);
    }
    return program;
}

bool Runner::prepare(const Program& program, Outcome& outcome) {
    make_schemas();
    const std::string ours = schema_ + ".t";
    const std::string twin = twin_schema_ + ".t";
    std::string error;
    if (try_execute(*session_, program.create_sql(ours), &error) != 0) {
        outcome.detail = error;
        return false;
    }
    session_->execute(program.create_sql(twin));
    session_->execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')");
    session_->execute("START TRANSACTION");
    for (const auto& row : program.rows) {
        const unsigned one = try_execute(*session_, program.insert_sql(ours, row));
        if (one != try_execute(*session_, program.insert_sql(twin, row))) {
            outcome.detail = "the twins differ from the start";
            return false;
        }
    }
    session_->execute("COMMIT");
    session_->execute("SET SESSION sql_mode = @@GLOBAL.sql_mode");
    return true;
}

Runner::Finished Runner::run_doppel(const Program& program) const {
    // What they choose must make no difference.
    const std::vector<std::string> settings{
        program.seed % 2 == 0 ? "--index-build=deferred" : "--index-build=inline",
        "--threads=" + std::to_string(1 + program.seed / 2 % 16),
        "--replay-threads=" + std::to_string(1 + program.seed % 5),
        "--batch-keys=" + std::to_string(program.seed % 3 == 0 ? 1'000 : 1 + program.seed % 7)};
    test::Process process(
        server_.doppel_command(program.alter_sql(schema_ + ".t"), settings), server_.environment()
    );
    const auto deadline = std::chrono::steady_clock::now() + kDoppelLimit;
    while (process.running() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    Finished finished;
    finished.hung = process.running();
    if (finished.hung) {
        process.signal(SIGINT);
    }
    finished.process.code = process.wait(kDoppelLimit);
    finished.process.out = process.out();
    finished.process.err = process.err();
    return finished;
}

std::string Runner::tables() {
    const auto names = session_->query(fmt::format(
        "SELECT GROUP_CONCAT(TABLE_NAME ORDER BY TABLE_NAME) FROM INFORMATION_SCHEMA.TABLES "
        "WHERE TABLE_SCHEMA = '{}'",
        schema_
    ));
    return names.scalar().value_or("");
}

Outcome Runner::run(const Program& program) {
    Outcome outcome;
    if (++runs_ % kPurgeEvery == 0) {
        session_->execute("PURGE BINARY LOGS BEFORE NOW() - INTERVAL 150 SECOND");
    }
    if (!prepare(program, outcome)) {
        return outcome;
    }
    if (!program.writes) {
        outcome = judge(program, run_doppel(program));
        outcome.features = program.features;
        return outcome;
    }
    Writer writer(*writer_session_, program, schema_);
    const Finished finished = run_doppel(program);
    const unsigned transactions = writer.stop();
    if (!writer.problem().empty()) {
        writer_session_ = server_.connect();
        outcome.detail = "the writer: " + writer.problem();
        return outcome;
    }
    outcome = judge(program, finished);
    outcome.transactions = transactions;
    outcome.features = writer.features();
    return outcome;
}

Outcome Runner::judge(const Program& program, const Finished& finished) {
    const int code = finished.process.code;
    const std::string said = finished.process.out + finished.process.err;
    const Contents before = read_contents(*reader_session_, twin_schema_, "t");
    native_error_.clear();
    native_works_ =
        try_execute(*session_, program.alter_sql(twin_schema_ + ".t"), &native_error_) == 0;
    if (finished.hung) {
        return failure("did not end", said);
    }
    if (code == 0) {
        return judge_success(before);
    }
    if (const std::string found = traces(before); !found.empty()) {
        return failure("not untouched", found + said);
    }
    switch (code) {
        case kExitUsage:
        case kExitRefused:
            return judge_refusal(finished);
        case kExitMisfit:
            return judge_misfit(program, finished, before);
        default:
            return failure(fmt::format("exit {}", code), said + "\nnative: " + native_error_);
    }
}

std::string Runner::traces(const Contents& before) {
    if (const std::string left = tables(); left != "t") {
        return "tables: " + left + "\n";
    }
    const Difference touched = compare(read_contents(*reader_session_, schema_, "t"), before);
    return touched.what.empty() ? "" : touched.what + ": " + touched.text + "\n";
}

Outcome Runner::judge_success(const Contents& before) {
    if (!native_works_) {
        return failure("native fails", native_error_);
    }
    if (const std::string left = tables(); left != "_t_old,t") {
        return failure("left behind", left);
    }
    // The tables must have been alike until the end, or the rest means nothing.
    const Difference old = compare(read_contents(*reader_session_, schema_, "_t_old"), before);
    if (!old.what.empty()) {
        return failure("old table: " + old.what, old.text);
    }
    const Contents ours = read_contents(*reader_session_, schema_, "t");
    const Difference difference = compare(ours, read_contents(*reader_session_, twin_schema_, "t"));
    if (!difference.what.empty()) {
        return failure(difference.what, difference.text + "\nbefore: " + before.definition);
    }
    return compare_replica();
}

Outcome Runner::compare_replica() {
    const Outcome agreed{Verdict::agreed, "", "", 0, {}};
    if (!replica_session_) {
        return agreed;
    }
    const std::string executed =
        session_->query("SELECT @@GLOBAL.gtid_executed").scalar().value_or("");
    const auto waited =
        replica_session_->query(fmt::format("SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 60)", executed)
        );
    if (waited.scalar().value_or("1") != "0") {
        return failure("replica does not follow", "");
    }
    const Difference difference = compare(
        without_counter(read_contents(*replica_session_, schema_, "t")),
        without_counter(read_contents(*reader_session_, schema_, "t"))
    );
    return difference.what.empty() ? agreed
                                   : failure("replica: " + difference.what, difference.text);
}

Outcome Runner::judge_refusal(const Finished& finished) const {
    const std::string why = finding_of(finished.process.out);
    if (!native_works_) {
        return agreed_to_fail(finished.process.code == kExitUsage ? "the statement is wrong" : why);
    }
    for (const std::string_view limit : kLimits) {
        if (why == limit && finished.process.code == kExitRefused) {
            return {Verdict::refused, why, "", 0, {}};
        }
    }
    return failure(
        fmt::format("exit {} where native works", finished.process.code),
        finished.process.out + finished.process.err
    );
}

Outcome Runner::judge_misfit(
    const Program& program, const Finished& finished, const Contents& before
) {
    if (native_works_ && finished.process.out.find(kNoValueForRows) != std::string::npos &&
        program.alter_sql("t").find(" vector(") != std::string::npos) {
        return {Verdict::refused, "added vector without a value for the rows", "", 0, {}};
    }
    if (!program.writes) {
        return native_works_ ? failure("exit 5 where native works", finished.process.out)
                             : agreed_to_fail("the data does not fit");
    }
    // The row may have come or gone since. Without a writer the table is what the twin was.
    const Finished again = run_doppel(program);
    if (again.hung) {
        return failure("did not end", again.process.out);
    }
    if (again.process.code == 0) {
        return judge_success(before);
    }
    if (const std::string found = traces(before); !found.empty()) {
        return failure("not untouched", found + again.process.out);
    }
    if (again.process.code != kExitMisfit) {
        return failure(
            fmt::format("exit 5 with a writer, {} without", again.process.code), again.process.out
        );
    }
    return native_works_ ? failure("exit 5 where native works", again.process.out)
                         : agreed_to_fail("the data does not fit");
}

}  // namespace doppel::differential
