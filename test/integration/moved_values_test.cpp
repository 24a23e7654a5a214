// SPDX-License-Identifier: Apache-2.0
#include "command_fixture.hpp"
#include "doppel/error.hpp"
#include "support/postponed_swap.hpp"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// Writers of an application that run until the test ends. They are at work when the constructor
/// returns.
class Writers final {
public:
    using Step = std::function<void(sql::Session& session, unsigned writer, unsigned turn)>;

    Writers(std::vector<std::unique_ptr<sql::Session>> sessions, const Step& step)
        : sessions_(std::move(sessions)) {
        for (unsigned i = 0; i < sessions_.size(); ++i) {
            threads_.emplace_back([this, i, step] {
                for (unsigned turn = 0; !stopping_; ++turn) {
                    try {
                        step(*sessions_[i], i, turn);
                        ++done_;
                    } catch (const Error& error) {
                        // Once the table has the unique index it refuses what it took before.
                        if (error.server_errno() != 1062 && error.server_errno() != 1205 &&
                            error.server_errno() != 1213) {
                            throw;
                        }
                        sessions_[i]->execute("ROLLBACK");
                    }
                }
            });
        }
        EXPECT_TRUE(eventually([this] { return done_ > 0; }, seconds(30)));
    }
    ~Writers() { stop(); }
    Writers(const Writers&) = delete;
    Writers& operator=(const Writers&) = delete;

    unsigned stop() {
        stopping_ = true;
        for (std::thread& thread : threads_) {
            if (thread.joinable()) {
                thread.join();
            }
        }
        return done_;
    }

private:
    std::vector<std::unique_ptr<sql::Session>> sessions_;
    std::atomic<bool> stopping_ = false;
    std::atomic<unsigned> done_ = 0;
    std::vector<std::thread> threads_;
};

/// Data that does not fit, or only for a moment, while an application writes.
class UnderWrites : public CommandTest {
protected:
    static std::vector<std::unique_ptr<sql::Session>> applications(unsigned count) {
        std::vector<std::unique_ptr<sql::Session>> sessions;
        for (unsigned i = 0; i < count; ++i) {
            sessions.push_back(application());
        }
        return sessions;
    }
    /// `rows` rows with a value of their own each.
    void fill_distinct(unsigned rows) {
        fill(rows);
        execute("UPDATE t SET a = id, s = CONCAT('row ', id)");
    }
    /// Has the server itself carry out `mending` once the copy has left a row out: the shadow has
    /// the row's neighbours, of which at least one is in its chunk and came without it. The run
    /// gives the row a second, and this process may be late.
    std::future<void> mend_when_left_out(
        const std::string& neighbours, unsigned count, const std::string& mending
    ) {
        execute(fmt::format(
            "CREATE PROCEDURE mend() BEGIN DECLARE rounds INT DEFAULT 0; SET @there = 0; "
            "WHILE @there < {1} AND rounds < 3000 DO DO SLEEP(0.02); SET rounds = rounds + 1; "
            "BEGIN DECLARE EXIT HANDLER FOR 1146 BEGIN END; "  // there is no shadow yet
            "PREPARE look FROM 'SELECT COUNT(*) INTO @there FROM _t_new WHERE id IN ({0})'; "
            "EXECUTE look; END; END WHILE; "
            "IF @there = {1} THEN DO SLEEP(0.1); {2}; END IF; END",
            neighbours,
            count,
            mending
        ));
        mender_ = application();
        auto mended = std::async(std::launch::async, [this] { mender_->execute("CALL mend()"); });
        const auto looks = [this] {
            return scalar(fmt::format(
                "SELECT COUNT(*) FROM performance_schema.processlist WHERE ID = {} AND STATE = "
                "'User sleep'",
                mender_->connection_id()
            ));
        };
        EXPECT_TRUE(eventually([&] { return looks() != "0"; }, seconds(30)));
        return mended;
    }
    static Finished add_unique() {
        return server().run_doppel("ALTER TABLE app.t ADD UNIQUE KEY ua (a)", {"--no-native"});
    }

    std::unique_ptr<sql::Session> mender_;
};

TEST_F(UnderWrites, RowsThatAreDuplicatesAlreadyAreToldUnderLoad) {
    fill_distinct(20'000);
    execute("UPDATE t SET a = 5 WHERE id IN (7, 15000)");
    Writers writers(applications(2), [](sql::Session& session, unsigned writer, unsigned turn) {
        // Also the rows themselves are written all the time.
        session.execute(fmt::format(
            "UPDATE t SET s = 'turn {}' WHERE id IN ({}, {})",
            turn,
            writer == 0 ? 7 : 8,
            turn % 20'000
        ));
    });
    const auto run = add_unique();
    EXPECT_GT(writers.stop(), 0U);
    EXPECT_EQ(run.code, 5) << run.out << run.err;
    const json error = last_of(run.out, "error");
    EXPECT_EQ(error.value("keys", json()), json({"(5)", "(7)", "(15000)"})) << error.dump();
    EXPECT_EQ(error.value("constraint", ""), "ua");
}

TEST_F(UnderWrites, ADuplicateWrittenDuringTheRunIsTold) {
    fill_distinct(5'000);
    // Nothing is swapped before the duplicate is there.
    const PostponedSwap postponed;
    Process run(
        server().doppel_command(
            "ALTER TABLE app.t ADD UNIQUE KEY ua (a)",
            {"--no-native", "--chunk-rows=50", postponed.option()}
        ),
        server().environment()
    );
    ASSERT_TRUE(run.wait_for("\"copying\"", seconds(30))) << run.out() << run.err();
    const auto first_is_copied = [&] {
        return !run.running() || scalar("SELECT COUNT(*) FROM _t_new WHERE id = 1") == "1";
    };
    ASSERT_TRUE(eventually(first_is_copied, seconds(30)));
    ASSERT_TRUE(run.running()) << run.out() << run.err();
    // The writer makes a duplicate of the first row and goes on.
    Writers writers(applications(1), [](sql::Session& session, unsigned, unsigned turn) {
        session.execute(fmt::format("UPDATE t SET a = 1 WHERE id = 4999"));
        session.execute(fmt::format("UPDATE t SET s = 'x{}' WHERE id = {}", turn, 10 + turn % 50));
    });
    EXPECT_EQ(run.wait(seconds(60)), 5) << run.out() << run.err();
    EXPECT_GT(writers.stop(), 0U);
    const json error = last_of(run.out(), "error");
    EXPECT_EQ(error.value("keys", json()), json({"(1)", "(4999)"})) << error.dump();
}

TEST_F(UnderWrites, AViolationWithEveryWriteEndsTheRun) {
    fill_distinct(2'000);
    Writers writers(applications(2), [](sql::Session& session, unsigned writer, unsigned turn) {
        session.execute(
            fmt::format("INSERT INTO t (a, s) VALUES ({}, 'new')", 1 + (turn * 2 + writer) % 2'000)
        );
    });
    const auto run = add_unique();
    EXPECT_GT(writers.stop(), 0U);
    EXPECT_EQ(run.code, 5) << run.out << run.err;
    EXPECT_THAT(last_of(run.out, "error").value("message", ""), HasSubstr("`ua` (`a`)"));
}

/// Moves values between rows and back: `swap` is one turn for two rows and their two values.
using Swap = std::function<void(sql::Session&, unsigned one, unsigned other, unsigned turn)>;

void swap_in_one_transaction(sql::Session& s, unsigned one, unsigned other, unsigned turn) {
    s.execute("START TRANSACTION");
    s.execute(fmt::format(
        "UPDATE t SET a = CASE id WHEN {0} THEN {2} ELSE {3} END WHERE id IN ({0}, {1})",
        one,
        other,
        turn % 2 == 0 ? other : one,
        turn % 2 == 0 ? one : other
    ));
    s.execute("COMMIT");
}

/// Each UPDATE commits by itself. Both are in one statement, since a value that is there twice for
/// as long as this process may be late is no matter of a moment.
constexpr const char* kSwapApart =
    "CREATE PROCEDURE swap_apart (one INT, ones_value INT, pause DOUBLE, other INT, others_value "
    "INT) BEGIN UPDATE t SET a = ones_value WHERE id = one; DO SLEEP(pause); "
    "UPDATE t SET a = others_value WHERE id = other; END";

void swap_apart(sql::Session& s, double pause, unsigned one, unsigned other, unsigned turn) {
    const unsigned first = turn % 2 == 0 ? other : one;
    const unsigned second = turn % 2 == 0 ? one : other;
    s.execute(fmt::format("CALL swap_apart({}, {}, {}, {}, {})", one, first, pause, other, second));
}

/// Between the two the table itself holds the value twice.
void swap_in_two_transactions(sql::Session& s, unsigned one, unsigned other, unsigned turn) {
    swap_apart(s, 0, one, other, turn);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
}

/// The same for longer than a look and a fence take, so that a look is sure to see it.
void swap_slowly(sql::Session& s, unsigned one, unsigned other, unsigned turn) {
    swap_apart(s, 0.3, one, other, turn);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

class MovedValues : public UnderWrites, public ::testing::WithParamInterface<Swap> {
protected:
    void run_under(const Swap& swap, const std::string& clauses) {
        fill_distinct(10'000);
        execute(kSwapApart);
        Writers writers(
            applications(2),
            [&swap](sql::Session& session, unsigned writer, unsigned turn) {
                // Neighbours, and rows far apart of which one is copied long before the other.
                const unsigned pair = writer * 5 + turn / 2 % 5;
                const unsigned one = 1 + pair * 7;
                swap(session, one, pair % 2 == 0 ? one + 1 : 9'990 - pair * 9, turn);
            }
        );
        const auto run = server().run_doppel(
            "ALTER TABLE app.t " + clauses, {"--chunk-rows=500", "--no-native"}
        );
        EXPECT_GT(writers.stop(), 0U);
        EXPECT_EQ(run.code, 0) << run.out << run.err;
        EXPECT_EQ(scalar("SELECT COUNT(*) FROM t"), "10000");
        EXPECT_EQ(scalar("SELECT COUNT(DISTINCT a) FROM t"), "10000");
        // No turn of a swap gets past the unique index, so nothing has changed since.
        EXPECT_EQ(
            scalar("SELECT COUNT(*) FROM t JOIN _t_old o USING (id) WHERE t.a = o.a AND t.s = o.s"),
            "10000"
        );
    }
};

TEST_P(MovedValues, NeverFailARun) {
    run_under(GetParam(), "ADD UNIQUE KEY ua (a)");
}

/// The rows in the way are read from the shadow, where the key is written otherwise.
class MovedValuesOfRetypedKeys : public MovedValues {};

TEST_P(MovedValuesOfRetypedKeys, NeverFailARun) {
    run_under(GetParam(), "ADD UNIQUE KEY ua (a), MODIFY id DECIMAL(14,2) NOT NULL");
}

INSTANTIATE_TEST_SUITE_P(Swaps, MovedValuesOfRetypedKeys, ::testing::Values(swap_slowly));

INSTANTIATE_TEST_SUITE_P(
    Swaps,
    MovedValues,
    ::testing::Values(swap_in_one_transaction, swap_in_two_transactions, swap_slowly)
);

TEST_F(UnderWrites, ARowThatIsMendedInTimeDoesNotEndTheRun) {
    fill_distinct(500);
    execute("UPDATE t SET s = REPEAT('x', 30) WHERE id = 400");
    auto mended = mend_when_left_out("399, 401", 2, "UPDATE t SET s = 'short' WHERE id = 400");
    Process run(
        server().doppel_command(
            "ALTER TABLE app.t MODIFY s VARCHAR(20) NOT NULL",
            {"--no-native", "--log-level=debug", "--progress-interval=100ms"}
        ),
        server().environment()
    );
    EXPECT_EQ(run.wait(seconds(60)), 0) << run.out() << run.err();
    mended.get();
    EXPECT_THAT(run.out() + run.err(), HasSubstr("leaving rows out"));
    EXPECT_EQ(scalar("SELECT s FROM t WHERE id = 400"), "short");
}

TEST_F(UnderWrites, ADuplicateThatIsMendedInTimeDoesNotEndTheRun) {
    fill_distinct(500);
    execute("UPDATE t SET a = 3 WHERE id = 300");
    // Nothing happens to the row that was left out, so no event brings it back.
    auto mended = mend_when_left_out("2, 4, 299, 301", 4, "UPDATE t SET a = 600 WHERE id = 3");
    Process run(
        server().doppel_command(
            "ALTER TABLE app.t ADD UNIQUE KEY ua (a)", {"--no-native", "--log-level=debug"}
        ),
        server().environment()
    );
    EXPECT_EQ(run.wait(seconds(60)), 0) << run.out() << run.err();
    mended.get();
    EXPECT_THAT(run.out() + run.err(), HasSubstr("leaving rows out"));
    EXPECT_EQ(scalar("SELECT GROUP_CONCAT(a ORDER BY id) FROM t WHERE id IN (3, 300)"), "600,3");
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t"), "500");
}

}  // namespace
}  // namespace doppel::test
