// SPDX-License-Identifier: Apache-2.0
//
// Several sessions reconcile at a time where that is allowed, and one where it is not.
#include "command_fixture.hpp"
#include "doppel/error.hpp"
#include "support/twin.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned kRows = 10'000;
constexpr unsigned kWriters = 4;
constexpr const char* kClauses = "ADD COLUMN note INT NOT NULL DEFAULT 7, MODIFY a BIGINT";

struct Shape {
    const char* name;
    const char* key;      ///< column and type
    const char* value;    ///< of row n
    const char* indexes;  ///< beside the primary key
    bool shares;          ///< several sessions may reconcile
};

void PrintTo(const Shape& shape, std::ostream* out) {  // NOLINT: name given by GoogleTest
    *out << shape.name;
}

class ParallelReplay : public CommandTest, public testing::WithParamInterface<Shape> {
protected:
    void SetUp() override {
        CommandTest::SetUp();
        for (const char* table : {"t", "twin"}) {
            execute(fmt::format("DROP TABLE IF EXISTS {}", table));
            execute(fmt::format(
                "CREATE TABLE {} (k {}, a INT, s VARCHAR(40) NOT NULL, PRIMARY KEY (k), {})",
                table,
                GetParam().key,
                GetParam().indexes
            ));
            execute("SET SESSION cte_max_recursion_depth = 100000");
            execute(fmt::format(
                "INSERT INTO {} WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r "
                "WHERE n < {}) SELECT {}, n, CONCAT('row ', n) FROM r",
                table,
                kRows,
                value("n")
            ));
        }
    }
    static std::string value(const std::string& n) {
        return fmt::format(fmt::runtime(GetParam().value), n);
    }
    /// Each writer has rows of its own. `a` is unique by the writer's remainder.
    static TwinTransaction next(unsigned writer, std::mt19937& random) {
        const unsigned n = writer + kWriters * static_cast<unsigned>(random() % (kRows / kWriters));
        const std::string key = value(std::to_string(n));
        switch (random() % 4) {
            case 0:
                return {fmt::format("DELETE FROM {{}} WHERE k = {}", key)};
            case 1:
                return {
                    fmt::format("DELETE FROM {{}} WHERE k = {}", key),
                    fmt::format("INSERT INTO {{}} (k, a, s) VALUES ({}, {}, 'new')", key, n)};
            default:
                return {fmt::format("UPDATE {{}} SET s = 'x{}' WHERE k = {}", random() % 99, key)};
        }
    }
    /// Sessions that have reconciled something, by their rows in the state table.
    static std::size_t reconcilers(sql::Session& session) {
        try {
            const auto count =
                session.query("SELECT COUNT(*) FROM _t_doppel WHERE id >= 16 AND seq > 0").scalar();
            return std::stoul(count.value_or("0"));
        } catch (const Error&) {
            return 0;  // there is no such table yet, or any more
        }
    }
};

TEST_P(ParallelReplay, LosesNothing) {
    const milliseconds pause = GetParam().shares ? milliseconds(0) : kModestPause;
    TwinWriters writers(server(), "app", kWriters, next, pause);
    Process process(
        server().doppel_command(
            std::string("ALTER TABLE app.t ") + kClauses,
            {"--no-native",
             "--threads=8",
             "--replay-threads=8",
             // One session does not keep up with four writers by three keys at a time.
             GetParam().shares ? "--batch-keys=3" : "--batch-keys=100",
             "--chunk-rows=20"}
        ),
        server().environment()
    );
    const auto session = application();
    std::size_t most = 0;
    while (process.running()) {
        most = std::max(most, reconcilers(*session));
        std::this_thread::sleep_for(milliseconds(2));
    }
    EXPECT_EQ(process.wait(seconds(60)), 0) << process.out() << process.err();
    EXPECT_GT(writers.stop(), 0U);
    if (GetParam().shares) {
        EXPECT_GT(most, 2U);
    } else {
        EXPECT_EQ(most, 1U);
    }
    expect_like_native(*session, kClauses, "k");
}

INSTANTIATE_TEST_SUITE_P(
    With,
    ParallelReplay,
    testing::Values(
        Shape{"Integers", "INT", "{}", "KEY (a), KEY (s)", true},
        Shape{"BinaryStrings", "VARBINARY(12)", "CONCAT('k', {})", "KEY (a)", true},
        Shape{"AUniqueIndexOverTheKey", "INT", "{}", "UNIQUE KEY (a, k)", true},
        Shape{"AUniqueIndex", "INT", "{}", "UNIQUE KEY (a)", false},
        Shape{"Text", "VARCHAR(12)", "CONCAT('k', {})", "KEY (a)", false}
    ),
    [](const auto& shape) { return std::string(shape.param.name); }
);

/// Batches of helpers that the shadow refuses.
class HandedOver : public CommandTest {
protected:
    void SetUp() override {
        CommandTest::SetUp();
        fill(2'000);
        execute("UPDATE t SET a = id % 100");
        execute("CREATE TABLE twin LIKE t");
        execute("INSERT INTO twin SELECT * FROM t");
        // Two transactions in one statement, since a value that is there for as long as this
        // process may be late is no matter of a moment.
        for (const char* table : {"t", "twin"}) {
            execute(fmt::format(
                "CREATE PROCEDURE for_a_moment_{0} (row_id INT) BEGIN "
                "UPDATE {0} SET a = 1000 WHERE id = row_id; COMMIT; DO SLEEP(0.003); "
                "UPDATE {0} SET a = 7 WHERE id = row_id; COMMIT; END",
                table
            ));
        }
    }
    /// Values that do not fit, for a moment.
    static TwinTransaction next(unsigned writer, std::mt19937& random) {
        const unsigned id = 1 + writer + kWriters * static_cast<unsigned>(random() % 499);
        const bool fits = random() % 40 != 0;
        const auto own = fits ? fmt::format("UPDATE {{}} SET a = 7 WHERE id = {}", 1 + writer)
                              : fmt::format("CALL for_a_moment_{{}}({})", 1 + writer);
        return {fmt::format("UPDATE {{}} SET a = {} WHERE id = {}", random() % 100, id), own};
    }
    Finished alter() {
        return server().run_doppel(
            "ALTER TABLE app.t MODIFY a TINYINT NOT NULL",
            {"--no-native",
             "--threads=8",
             "--replay-threads=8",
             "--batch-keys=3",
             "--chunk-rows=20"}
        );
    }
};

TEST_F(HandedOver, ValuesThatDoNotFitForAMomentHoldNothingUp) {
    TwinWriters writers(server(), "app", kWriters, [](unsigned writer, std::mt19937& random) {
        // After the swap the table refuses what it took before.
        return next(writer, random);
    });
    const auto run = alter();
    try {
        writers.stop();
    } catch (const Error& error) {
        EXPECT_EQ(error.server_errno(), 1264U) << error.what();
    }
    ASSERT_EQ(run.code, 0) << run.out << run.err;
    execute("UPDATE twin SET a = 7 WHERE a > 100");
    execute("UPDATE t SET a = 7 WHERE id <= 4");
    execute("UPDATE twin SET a = 7 WHERE id <= 4");
    expect_like_native(schema_->session(), "MODIFY a TINYINT NOT NULL", "id");
}

TEST_F(HandedOver, ValuesThatDoNotFitEndTheRun) {
    std::atomic<bool> stopping = false;
    std::atomic<unsigned> turns = 0;
    std::thread writer([&stopping, &turns] {
        const auto session = application();
        for (unsigned turn = 0; !stopping; ++turn) {
            session->execute(fmt::format("UPDATE t SET a = {} WHERE id = 9", 1'000 + turn % 2));
            session->execute(
                fmt::format("UPDATE t SET s = 'x{}' WHERE id = {}", turn, 1 + turn % 2'000)
            );
            ++turns;
        }
    });
    // Else the table may have its new definition, which refuses the writer's value.
    EXPECT_TRUE(eventually([&] { return turns > 0; }, seconds(30)));
    const auto run = alter();
    stopping = true;
    writer.join();
    EXPECT_EQ(run.code, 5) << run.out << run.err;
    EXPECT_EQ(last_of(run.out, "error").value("keys", nlohmann::json()), nlohmann::json({"(9)"}));
}

}  // namespace
}  // namespace doppel::test
