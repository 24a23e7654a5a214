// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/contents.hpp"
#include "differential/program.hpp"
#include "support/sandbox.hpp"

#include <memory>
#include <string>

namespace doppel::differential {

enum class Verdict {
    agreed,          ///< both changed the table, alike
    agreed_to_fail,  ///< and nothing was touched
    refused,         ///< by Doppel for a documented limit; the server could
    unusable,        ///< the server does not take the table, or the writer could not do its work
    failed,
};

struct Outcome {
    Verdict verdict = Verdict::unusable;
    /// Of a failure: its kind, the same for the same fault. Else the reason in few words.
    std::string kind;
    std::string detail;
    unsigned transactions = 0;
    std::set<std::string> features{};  ///< of the program and of what its writer did
};

/// A server for all runners.
class Server final {
public:
    struct Options {
        std::string doppel;  ///< another program than the one that was built; may be empty
        bool replica = false;
    };
    explicit Server(Options options);

    /// For all sessions that are opened from now on.
    void set_sql_mode(const std::string& mode);
    [[nodiscard]] std::unique_ptr<sql::Session> connect() const;
    /// Nothing when there is no replica.
    [[nodiscard]] std::unique_ptr<sql::Session> connect_replica() const;
    [[nodiscard]] std::vector<std::string> doppel_command(
        const std::string& statement, const std::vector<std::string>& settings
    ) const;
    [[nodiscard]] test::Process::Environment environment() const { return sandbox_.environment(); }

private:
    Options options_;
    test::Sandbox sandbox_;
};

/// Runs programs one after another in two schemas of its own.
class Runner final {
public:
    Runner(const Server& server, unsigned number);

    /// The first program of the seed whose statements are valid; for a share of the seeds any.
    [[nodiscard]] Program choose(std::uint64_t seed);
    [[nodiscard]] Outcome run(const Program& program);

private:
    struct Finished {
        test::Finished process;
        bool hung = false;
    };

    [[nodiscard]] bool statements_work(const Program& program);
    [[nodiscard]] bool prepare(const Program& program, Outcome& outcome);
    void make_schemas();
    [[nodiscard]] Finished run_doppel(const Program& program) const;
    [[nodiscard]] Outcome judge(const Program& program, const Finished& finished);
    [[nodiscard]] Outcome judge_success(const Contents& before);
    [[nodiscard]] Outcome judge_refusal(const Finished& finished) const;
    [[nodiscard]] Outcome judge_misfit(
        const Program& program, const Finished& finished, const Contents& before
    );
    /// Empty when the source is as `before` and nothing else is there.
    [[nodiscard]] std::string traces(const Contents& before);
    [[nodiscard]] Outcome compare_replica();
    [[nodiscard]] std::string tables();

    const Server& server_;
    std::string schema_;
    std::string twin_schema_;
    std::unique_ptr<sql::Session> session_;
    std::unique_ptr<sql::Session> reader_session_;  ///< prints definitions in one way
    std::unique_ptr<sql::Session> writer_session_;
    std::unique_ptr<sql::Session> replica_session_;
    bool native_works_ = false;
    std::string native_error_;
    unsigned runs_ = 0;
};

}  // namespace doppel::differential
