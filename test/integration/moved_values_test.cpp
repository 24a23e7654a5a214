// SPDX-License-Identifier: Apache-2.0
#include "command_fixture.hpp"
#include "doppel/error.hpp"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// Writers of an application that run until the test ends.
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
    Finished add_unique(std::vector<std::string> options = {}) {
        options.emplace_back("--no-native");
        return server().run_doppel("ALTER TABLE app.t ADD UNIQUE KEY ua (a)", options);
    }
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
    // The writer makes a duplicate of the first row, which has been copied by then, and goes on.
    Writers writers(applications(1), [](sql::Session& session, unsigned, unsigned turn) {
        session.execute(fmt::format("UPDATE t SET a = 1 WHERE id = 4999"));
        session.execute(fmt::format("UPDATE t SET s = 'x{}' WHERE id = {}", turn, 10 + turn % 50));
    });
    const auto run = add_unique({"--chunk-rows=50"});
    EXPECT_GT(writers.stop(), 0U);
    EXPECT_EQ(run.code, 5) << run.out << run.err;
    const json error = last_of(run.out, "error");
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

/// Between the two the table itself holds the value twice.
void swap_in_two_transactions(sql::Session& s, unsigned one, unsigned other, unsigned turn) {
    const unsigned first = turn % 2 == 0 ? other : one;
    const unsigned second = turn % 2 == 0 ? one : other;
    s.execute(fmt::format("UPDATE t SET a = {} WHERE id = {}", first, one));
    s.execute(fmt::format("UPDATE t SET a = {} WHERE id = {}", second, other));
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
}

/// The same for longer than a look and a fence take, so that a look is sure to see it.
void swap_slowly(sql::Session& s, unsigned one, unsigned other, unsigned turn) {
    const unsigned first = turn % 2 == 0 ? other : one;
    const unsigned second = turn % 2 == 0 ? one : other;
    s.execute(fmt::format("UPDATE t SET a = {} WHERE id = {}", first, one));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    s.execute(fmt::format("UPDATE t SET a = {} WHERE id = {}", second, other));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

class MovedValues : public UnderWrites, public ::testing::WithParamInterface<Swap> {
protected:
    void run_under(const Swap& swap, const std::string& clauses) {
        fill_distinct(10'000);
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
    Process run(
        server().doppel_command(
            "ALTER TABLE app.t MODIFY s VARCHAR(20) NOT NULL",
            {"--no-native", "--log-level=debug", "--progress-interval=100ms"}
        ),
        server().environment()
    );
    ASSERT_TRUE(run.wait_for("leaving rows out", seconds(30))) << run.out() << run.err();
    execute("UPDATE t SET s = 'short' WHERE id = 400");
    EXPECT_EQ(run.wait(seconds(60)), 0) << run.out() << run.err();
    EXPECT_EQ(scalar("SELECT s FROM t WHERE id = 400"), "short");
}

TEST_F(UnderWrites, ADuplicateThatIsMendedInTimeDoesNotEndTheRun) {
    fill_distinct(500);
    execute("UPDATE t SET a = 3 WHERE id = 300");
    Process run(
        server().doppel_command(
            "ALTER TABLE app.t ADD UNIQUE KEY ua (a)", {"--no-native", "--log-level=debug"}
        ),
        server().environment()
    );
    ASSERT_TRUE(run.wait_for("leaving rows out", seconds(30))) << run.out() << run.err();
    // Nothing happens to the row that was left out, so no event brings it back.
    execute("UPDATE t SET a = 600 WHERE id = 3");
    EXPECT_EQ(run.wait(seconds(60)), 0) << run.out() << run.err();
    EXPECT_EQ(scalar("SELECT GROUP_CONCAT(a ORDER BY id) FROM t WHERE id IN (3, 300)"), "600,3");
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t"), "500");
}

}  // namespace
}  // namespace doppel::test
