// SPDX-License-Identifier: Apache-2.0
//
// native::attempt against a real server; see table_fixture.hpp.
#include "native/native.hpp"

#include "integration/table_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doppel::native {
namespace {

using std::chrono::milliseconds;
using test::error_of;
using test::parsed;
using ::testing::HasSubstr;

/// Passes everything on until the connection is cut: before a statement that begins with `text`, or
/// right after it.
class CutSession final : public sql::Session {
public:
    enum class When { before, after };
    CutSession(sql::Session& session, std::string text, When when)
        : session_(session), text_(std::move(text)), when_(when) {}

    std::uint64_t execute(std::string_view statement) override {
        const bool cut = statement.substr(0, text_.size()) == text_;
        if (!cut || when_ == When::after) {
            session_.execute(statement);
        }
        if (cut) {
            throw Error(Errc::interrupted, "Lost connection", ServerError{2013, "HY000"});
        }
        return 0;
    }
    sql::Rows query(std::string_view statement) override { return session_.query(statement); }
    [[nodiscard]] std::uint64_t connection_id() const override { return session_.connection_id(); }

private:
    sql::Session& session_;
    std::string text_;
    When when_;
};

class NativeChange : public test::TableTest {
protected:
    void SetUp() override {
        TableTest::SetUp();
        if (session_) {
            session_->execute(
                "CREATE TABLE t (id INT PRIMARY KEY, a INT, v VARCHAR(20) CHARACTER SET utf8mb4 "
                "NOT NULL,"
                " e ENUM('a'), KEY ka (a), UNIQUE kv (v))"
            );
            session_->execute("INSERT INTO t VALUES (1, 1, 'x', 'a'), (2, 2, 'y', 'a')");
        }
        environment_.connect = [this] { return another_session(); };
        environment_.pause = [this](milliseconds duration) {
            pauses_.push_back(duration);
            return go_on_;
        };
    }

    Outcome run(const std::string& clauses) { return run_on(*session_, clauses); }

    Outcome run_on(sql::Session& session, const std::string& clauses) {
        return attempt(
            session, read("t"), parsed("ALTER TABLE t " + clauses), version_, options_, environment_
        );
    }

    Options options_{std::chrono::seconds(1), 2};
    Environment environment_;
    std::vector<milliseconds> pauses_;
    bool go_on_ = true;
};

TEST_F(NativeChange, MakesInstantChanges) {
    for (const char* clauses :
         {"ADD COLUMN n INT",
          "DROP COLUMN n",
          "RENAME COLUMN a TO b",
          "ALTER COLUMN b SET DEFAULT 5",
          "MODIFY e ENUM('a','b')",
          "ADD COLUMN x INT, DROP COLUMN e"}) {
        EXPECT_EQ(run(clauses).method, Method::instant) << clauses;
    }
}

TEST_F(NativeChange, MakesMetadataOnlyChangesInPlace) {
    for (const char* clauses :
         {"RENAME INDEX ka TO kb",
          "ALTER INDEX kb INVISIBLE",
          "COMMENT='now'",
          "MODIFY v VARCHAR(63) CHARACTER SET utf8mb4 NOT NULL",
          "STATS_PERSISTENT=1, AUTO_INCREMENT=7",
          "DROP INDEX kb, DROP INDEX kv",
          "DEFAULT CHARACTER SET latin1"}) {
        const Outcome outcome = run(clauses);
        EXPECT_EQ(outcome.method, Method::inplace) << clauses << ": " << outcome.reason;
    }
    EXPECT_EQ(read("t").column("v")->length_characters, 63U);
}

TEST_F(NativeChange, LeavesChangesOfRowsAlone) {
    const std::string before = read("t").create_text;
    for (const char* clauses :
         {"MODIFY a BIGINT",
          "ADD INDEX (a)",
          "ENGINE=InnoDB",
          "FORCE",
          "MODIFY v VARCHAR(64) CHARACTER SET utf8mb4 NOT NULL",
          "MODIFY v VARCHAR(63) CHARACTER SET utf8mb4 NULL",
          "MODIFY v VARCHAR(63) CHARACTER SET latin1 NOT NULL",
          "MODIFY v VARCHAR(19) CHARACTER SET utf8mb4 NOT NULL",
          "MODIFY v VARCHAR(63) CHARACTER SET utf8mb4 NOT NULL FIRST",
          "DROP PRIMARY KEY, ADD PRIMARY KEY (v)",
          "PARTITION BY HASH (id) PARTITIONS 2",
          "RENAME INDEX ka TO kb, ADD INDEX (v, a)",
          "CONVERT TO CHARACTER SET latin1"}) {
        const Outcome outcome = run(clauses);
        EXPECT_EQ(outcome.method, Method::not_possible) << clauses;
        EXPECT_FALSE(outcome.reason.empty());
    }
    EXPECT_EQ(read("t").create_text, before);
}

TEST_F(NativeChange, StopsWhenAllInstantRowVersionsAreUsed) {
    Outcome outcome;
    int done = 0;
    // 64 in MySQL 8.0 and 8.4, 255 in 9.1 and later (manual, "Online DDL Operations").
    for (int i = 0; i < 300; ++i) {
        outcome = run("ADD COLUMN n" + std::to_string(i) + " INT");
        if (outcome.method != Method::instant) {
            break;
        }
        ++done;
    }
    EXPECT_GE(done, 64);
    EXPECT_EQ(outcome.method, Method::not_possible);
    EXPECT_THAT(outcome.reason, HasSubstr("Maximum row versions"));
}

TEST_F(NativeChange, SaysWhatIsWrongWithTheStatement) {
    for (const char* clauses :
         {"DROP COLUMN nothing",
          "ADD COLUMN a INT",
          "ADD COLUMN b INT AFTER nothing",
          "RENAME INDEX nothing TO x",
          "ADD COLUMN b NOTYPE",
          "ADD COLUMN b INT DEFAULT 'x'"}) {
        const Error error = error_of([&] { (void)run(clauses); });
        EXPECT_EQ(error.code(), Errc::usage) << clauses;
        EXPECT_THAT(error.what(), HasSubstr("the server refuses the statement"));
    }
}

TEST_F(NativeChange, GivesUpAfterBoundedWaitsForTheLock) {
    const auto reader = another_session();
    reader->execute("START TRANSACTION");
    (void)reader->query("SELECT * FROM t");
    const Outcome outcome = run("ADD COLUMN n INT");
    EXPECT_EQ(outcome.method, Method::not_possible);
    EXPECT_THAT(outcome.reason, HasSubstr("in each of 2 attempts"));
    EXPECT_EQ(pauses_, std::vector<milliseconds>{milliseconds(500)});
    reader->execute("ROLLBACK");
    EXPECT_EQ(run("ADD COLUMN n INT").method, Method::instant);
}

TEST_F(NativeChange, StopsBetweenAttemptsWhenAsked) {
    const auto reader = another_session();
    reader->execute("START TRANSACTION");
    (void)reader->query("SELECT * FROM t");
    go_on_ = false;
    EXPECT_EQ(error_of([&] { (void)run("ADD COLUMN n INT"); }).code(), Errc::stopped);
}

TEST_F(NativeChange, SeesAfterALossThatItWasDone) {
    CutSession cut(*session_, "ALTER", CutSession::When::after);
    EXPECT_EQ(run_on(cut, "ADD COLUMN n INT").method, Method::instant);
    EXPECT_NE(read("t").column("n"), nullptr);
}

TEST_F(NativeChange, GoesOnAfterALossWithNothingDone) {
    CutSession cut(*session_, "ALTER", CutSession::When::before);
    EXPECT_EQ(run_on(cut, "ADD COLUMN n INT").method, Method::instant);
    EXPECT_NE(read("t").column("n"), nullptr);
}

TEST_F(NativeChange, WaitsAfterALossUntilTheLostStatementEnded) {
    const auto blocker = another_session();
    blocker->execute("LOCK TABLES t READ");
    // The first session's statement goes on in the server while its client believes it to be lost.
    class Impatient final : public sql::Session {
    public:
        Impatient(std::unique_ptr<sql::Session> session, std::unique_ptr<sql::Session> watcher)
            : session_(std::move(session)), watcher_(std::move(watcher)) {}
        ~Impatient() override { thread_.join(); }
        std::uint64_t execute(std::string_view statement) override {
            if (statement.substr(0, 5) != "ALTER") {
                return session_->execute(statement);
            }
            thread_ =
                std::thread([this, text = std::string(statement)] { session_->execute(text); });
            const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(15);
            while (!waits_for_table() && std::chrono::steady_clock::now() < until) {
                std::this_thread::sleep_for(milliseconds(20));
            }
            throw Error(Errc::interrupted, "Lost connection", ServerError{2013, "HY000"});
        }
        sql::Rows query(std::string_view statement) override { return session_->query(statement); }
        [[nodiscard]] std::uint64_t connection_id() const override {
            return session_->connection_id();
        }

    private:
        bool waits_for_table() {
            // The columns Id and State (MySQL manual, "SHOW PROCESSLIST Statement").
            const auto list = watcher_->query("SHOW PROCESSLIST");
            const std::string id = std::to_string(connection_id());
            return std::any_of(list.rows.begin(), list.rows.end(), [&](const sql::Row& row) {
                return row.at(0).value_or("") == id &&
                       row.at(6).value_or("") == "Waiting for table metadata lock";
            });
        }

        std::unique_ptr<sql::Session> session_;
        std::unique_ptr<sql::Session> watcher_;
        std::thread thread_;
    };
    options_.lock_wait_timeout = std::chrono::seconds(20);
    environment_.pause = [&](milliseconds) {
        blocker->execute("UNLOCK TABLES");
        std::this_thread::sleep_for(milliseconds(50));
        return true;
    };
    Impatient session(another_session(), another_session());
    EXPECT_EQ(run_on(session, "ADD COLUMN n INT").method, Method::instant);
}

TEST_F(NativeChange, CannotTellWhenTheServerIsAway) {
    CutSession cut(*session_, "ALTER", CutSession::When::before);
    environment_.connect = []() -> std::unique_ptr<sql::Session> {
        throw Error(Errc::interrupted, "Can't connect", ServerError{2003, "HY000"});
    };
    const Error error = error_of([&] { (void)run_on(cut, "ADD COLUMN n INT"); });
    EXPECT_EQ(error.code(), Errc::interrupted);
    EXPECT_THAT(error.what(), HasSubstr("cannot be told"));
}

}  // namespace
}  // namespace doppel::native
