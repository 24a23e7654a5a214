// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "differential/program.hpp"
#include "support/sandbox.hpp"

#include <memory>
#include <string>

namespace doppel::differential {

enum class Verdict {
    agreed,  ///< both changed the table, alike
    agreed_to_fail,
    refused,   ///< by Doppel with exit 3, the server could
    unusable,  ///< the server does not take the table, or the writer could not do its work
    failed,
};

struct Outcome {
    Verdict verdict = Verdict::unusable;
    /// Of a failure: its kind, the same for the same fault. Of a refusal: the check.
    std::string kind;
    std::string detail;
    unsigned transactions = 0;
};

/// Runs programs on one server, one after another.
class Runner final {
public:
    Runner();

    [[nodiscard]] Outcome run(const Program& program);

private:
    class Writer;

    [[nodiscard]] bool prepare(const Program& program, Outcome& outcome);
    [[nodiscard]] Outcome judge(const Program& program, test::Finished& finished);
    [[nodiscard]] Outcome judge_failure(
        const Program& program, test::Finished& finished, bool native_works
    );
    [[nodiscard]] test::Finished run_doppel(const Program& program) const;
    [[nodiscard]] std::string tables();

    test::Sandbox sandbox_;
    std::unique_ptr<sql::Session> session_;
    std::string native_error_;
};

}  // namespace doppel::differential
