// SPDX-License-Identifier: Apache-2.0
//
// native::attempt against a scripted session: what the server answers, and what is concluded.
#include "doppel/error.hpp"
#include "native/native.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::native {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Answers ALTER statements with the errors of a script in turn; 0 means success.
class ScriptedSession final : public sql::Session {
public:
    ScriptedSession(std::deque<unsigned>& script, std::vector<std::string>& alters)
        : script_(script), alters_(alters) {}

    std::uint64_t execute(std::string_view statement) override {
        if (statement.substr(0, 5) != "ALTER") {
            return 0;
        }
        alters_.emplace_back(statement);
        const unsigned number = script_.empty() ? 0 : script_.front();
        if (!script_.empty()) {
            script_.pop_front();
        }
        if (number != 0) {
            const bool lost = sql::is_connection_loss(number);
            throw Error(
                lost ? Errc::interrupted : Errc::failed,
                "error " + std::to_string(number),
                ServerError{number, "HY000"}
            );
        }
        return 0;
    }

    // Looking after a loss: the table is gone, and connection 7 runs `running`.
    sql::Rows query(std::string_view statement) override {
        if (statement == "SHOW FULL PROCESSLIST") {
            sql::Rows list;
            list.rows.push_back({"7", "u", "h", "s", "Query", "1", "altering table", running});
            list.rows.push_back({"8", "u", "h", "s", "Sleep", "1", "", std::nullopt});
            return list;
        }
        return {};
    }
    [[nodiscard]] std::uint64_t connection_id() const override { return 7; }

    std::string running;

private:
    std::deque<unsigned>& script_;
    std::vector<std::string>& alters_;
};

class NativeAttempt : public ::testing::Test {
protected:
    NativeAttempt() {
        source_.name = {"s", "t"};
        source_.create_text = "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB";
        environment_.connect = [this] {
            auto session = std::make_unique<ScriptedSession>(script_, alters_);
            session->running = running_ ? alters_.back() : "COMMIT";
            return session;
        };
        environment_.pause = [this](milliseconds duration) {
            pauses_.push_back(duration);
            return true;
        };
    }

    Outcome run(std::deque<unsigned> script, const std::string& clauses = "ADD COLUMN n INT") {
        script_ = std::move(script);
        ScriptedSession session(script_, alters_);
        const auto parsed = statement::parse_alter("ALTER TABLE t " + clauses);
        return attempt(session, source_, parsed.value(), {}, options_, environment_);
    }

    Error failure(std::deque<unsigned> script) {
        try {
            (void)run(std::move(script));
        } catch (const Error& error) {
            return error;
        }
        throw std::logic_error("nothing was thrown");
    }

    schema::TableDefinition source_;
    Options options_{std::chrono::seconds(1), 4, milliseconds(500), milliseconds(800)};
    Environment environment_;
    std::deque<unsigned> script_;
    std::vector<std::string> alters_;
    std::vector<milliseconds> pauses_;
    bool running_ = false;  ///< the lost statement still does
};

TEST_F(NativeAttempt, TakesTheInstantChangeWhenAccepted) {
    EXPECT_EQ(run({0}).method, Method::instant);
    EXPECT_THAT(alters_, ElementsAre("ALTER TABLE `s`.`t` ALGORITHM=INSTANT, ADD COLUMN n INT"));
    EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(NativeAttempt, DoesNotTryInplaceForOtherThanMetadata) {
    for (const unsigned refusal : {1845U, 1846U, 1221U, 1235U, 4092U, 1031U}) {
        alters_.clear();
        const Outcome outcome = run({refusal});
        EXPECT_EQ(outcome.method, Method::not_possible);
        EXPECT_THAT(outcome.reason, HasSubstr(std::to_string(refusal)));
        EXPECT_EQ(alters_.size(), 1U);
    }
}

TEST_F(NativeAttempt, TriesInplaceForMetadata) {
    EXPECT_EQ(run({1845, 0}, "COMMENT 'x'").method, Method::inplace);
    EXPECT_EQ(alters_.at(1), "ALTER TABLE `s`.`t` ALGORITHM=INPLACE, LOCK=NONE, COMMENT 'x'");
    EXPECT_EQ(run({1845, 1846}, "COMMENT 'x'").method, Method::not_possible);
}

TEST_F(NativeAttempt, RepeatsAfterLockWaitTimeoutsWithGrowingPauses) {
    EXPECT_EQ(run({1205, 1213, 1205, 0}).method, Method::instant);
    EXPECT_THAT(pauses_, ElementsAre(milliseconds(500), milliseconds(800), milliseconds(800)));
}

TEST_F(NativeAttempt, FallsThroughWhenTheLockNeverComes) {
    const Outcome outcome = run({1205, 1205, 1205, 1205, 0});
    EXPECT_EQ(outcome.method, Method::not_possible);
    EXPECT_THAT(outcome.reason, HasSubstr("in each of 4 attempts"));
    EXPECT_EQ(alters_.size(), 4U);
}

TEST_F(NativeAttempt, ReportsMistakesOfTheStatementAndMissingRights) {
    EXPECT_EQ(failure({1054}).code(), Errc::usage);
    EXPECT_EQ(failure({1064}).code(), Errc::usage);
    EXPECT_EQ(failure({1142}).code(), Errc::refused);
}

TEST_F(NativeAttempt, CannotTellWhileTheLostStatementRuns) {
    running_ = true;
    options_.look_limit = std::chrono::seconds(1);
    const Error error = failure({2013});
    EXPECT_EQ(error.code(), Errc::interrupted);
    EXPECT_THAT(error.what(), HasSubstr("it is still running"));
    EXPECT_EQ(pauses_.size(), 5U);
}

TEST_F(NativeAttempt, CannotTellWhenTheTableIsGoneAfterALoss) {
    const Error error = failure({2013});
    EXPECT_EQ(error.code(), Errc::interrupted);
    EXPECT_THAT(error.what(), HasSubstr("the table cannot be seen"));
}

TEST_F(NativeAttempt, StopsWhenAskedTo) {
    environment_.pause = [](milliseconds) { return false; };
    EXPECT_EQ(failure({1205}).code(), Errc::stopped);
}

}  // namespace
}  // namespace doppel::native
