// SPDX-License-Identifier: Apache-2.0
//
// Whole runs whose ALTER changes the key, or whose key is a time of day that comes twice: what
// verification makes of a shadow that somebody spoils. verify_keys_test.cpp has all kinds of keys.
#include "integration/command_fixture.hpp"
#include "support/dst_sandbox.hpp"
#include "support/held_run.hpp"
#include "support/held_verifier.hpp"
#include "support/twin.hpp"

namespace doppel::test {
namespace {

/// What a whole run makes of it.
class VerifyKeyRuns : public CommandTest {
protected:
    void make_twins(const std::string& columns, const std::string& rows) {
        for (const char* table : {"t", "twin"}) {
            execute(fmt::format("CREATE TABLE {} ({})", table, columns));
            execute(fmt::format("INSERT INTO {} VALUES {}", table, rows));
        }
    }
    /// `spoil` changes the shadow when everything is copied and nothing is compared.
    void expect_repairs(
        const std::string& clauses,
        const std::string& gate,
        const std::vector<std::string>& spoil,
        const std::string& order_by
    ) {
        HeldRun run(server(), "app", "ALTER TABLE app.t " + clauses, {"--chunk-rows=10"}, gate);
        HeldVerifier verifier(server());
        run.release();
        EXPECT_TRUE(run.process().wait_for("\"phase\":\"verifying\"", std::chrono::seconds(60)))
            << run.process().out() << run.process().err();
        for (const std::string& statement : spoil) {
            execute(statement);
        }
        verifier.release();
        const auto finished = run.finish();
        EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
        const auto summary = last_of(finished.out, "summary");
        ASSERT_TRUE(summary.is_object()) << finished.out;
        EXPECT_EQ(summary.at("progress").at("differences"), spoil.size()) << finished.err;
        EXPECT_EQ(summary.at("progress").at("repairs"), spoil.size()) << finished.err;
        expect_like_native(schema_->session(), clauses, order_by);
    }
};

TEST_F(VerifyKeyRuns, AnotherCollation) {
    make_twins(
        "k VARCHAR(20) COLLATE utf8mb4_0900_ai_ci NOT NULL PRIMARY KEY, v INT",
        "('a', 1), ('B', 2), ('c', 3), ('Ä2', 4)"
    );
    expect_repairs(
        "MODIFY k VARCHAR(20) COLLATE utf8mb4_bin NOT NULL",
        "INSERT INTO _t_new (k) VALUES ('a')",
        {"UPDATE _t_new SET v = 7 WHERE k = 'B'",
         "DELETE FROM _t_new WHERE k = 'c'",
         "INSERT INTO _t_new VALUES ('A', 1)"},
        "k"
    );
}

TEST_F(VerifyKeyRuns, AnotherOrder) {
    make_twins(
        "a INT NOT NULL, b INT NOT NULL, v INT, PRIMARY KEY (a, b)",
        "(1, 1, 1), (1, 2, 2), (2, 1, 3), (2, 2, 4)"
    );
    expect_repairs(
        "DROP PRIMARY KEY, ADD PRIMARY KEY (b, a DESC)",
        "INSERT INTO _t_new (a, b) VALUES (1, 1)",
        {"UPDATE _t_new SET v = 7 WHERE a = 1 AND b = 2",
         "DELETE FROM _t_new WHERE a = 2 AND b = 1",
         "INSERT INTO _t_new VALUES (3, 1, 1)"},
        "a, b"
    );
}

/// In a time zone in which an hour comes twice, rows of both hours are different rows: written by
/// the application, replayed and compared, also in the order of a descending key.
TEST(VerifyInTheHourThatComesTwice, TellsItsRowsApart) {
    const auto server = make_dst_sandbox();
    Schema schema(*server, "app");
    constexpr unsigned kSeconds = 7'200;  // 02:00 to 03:00, twice
    schema.execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", kSeconds));
    for (const char* table : {"t", "twin"}) {
        schema.execute(fmt::format(
            "CREATE TABLE {} (k TIMESTAMP NOT NULL, n INT NOT NULL, v INT NOT NULL, c INT, "
            "PRIMARY KEY (k DESC, n DESC))",
            table
        ));
    }
    // 2024-10-27 00:00:00 UTC is 02:00 in summer time.
    schema.execute("SET SESSION time_zone = '+00:00'");
    for (const char* table : {"t", "twin"}) {
        schema.execute(fmt::format(
            "INSERT INTO {} WITH RECURSIVE r (i) AS (SELECT 0 UNION ALL SELECT i + 20 FROM r WHERE "
            "i < {}) SELECT FROM_UNIXTIME(1729987200 + i), i % 3, 0, i FROM r",
            table,
            kSeconds - 20
        ));
        schema.execute(
            fmt::format("INSERT INTO {} (k, n, v) VALUES ('2024-10-25 22:00:00', 0, 0)", table)
        );
    }
    TwinWriters writers(*server, "app", 2, [](unsigned writer, std::mt19937& random) {
        const auto i = static_cast<unsigned>(random() % 180) * 40 + 20 * writer;
        const auto row = fmt::format("k = FROM_UNIXTIME({}) AND n = {}", 1729987200 + i, i % 3);
        return TwinTransaction{
            "SET SESSION time_zone = '+00:00'",
            fmt::format("UPDATE {{}} SET v = v + 1 WHERE {}", row),
            fmt::format("UPDATE {{}} SET c = c + 1 WHERE {}", row)};
    });
    ASSERT_TRUE(wait_until([&] { return writers.committed() > 20; }, std::chrono::seconds(20)));
    const std::string clauses = "ADD COLUMN note INT, MODIFY c VARCHAR(20)";
    HeldRun run(
        *server,
        "app",
        "ALTER TABLE app.t " + clauses,
        {"--chunk-rows=10"},
        "INSERT INTO _t_new (k, n, v) VALUES ('2024-10-26', 0, 0)"
    );
    HeldVerifier verifier(*server);
    run.release();
    ASSERT_TRUE(run.process().wait_for("\"phase\":\"verifying\"", std::chrono::seconds(60)))
        << run.process().out();
    // A row of the first hour that no writer changes lands in the second one.
    schema.execute("INSERT INTO twin (k, n, v) VALUES (FROM_UNIXTIME(1729987210), 9, 0)");
    schema.execute("INSERT INTO t (k, n, v) VALUES (FROM_UNIXTIME(1729987210), 9, 0)");
    EXPECT_TRUE(wait_until(
        [&] { return schema.scalar("SELECT COUNT(*) FROM _t_new WHERE n = 9") == "1"; },
        std::chrono::seconds(20)
    ));
    schema.execute("UPDATE _t_new SET k = FROM_UNIXTIME(1729990810) WHERE n = 9");
    verifier.release();
    const auto finished = run.finish();
    writers.stop();
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    const auto summary = last_of(finished.out, "summary");
    ASSERT_TRUE(summary.is_object()) << finished.out;
    EXPECT_EQ(summary.at("progress").at("differences"), 2) << finished.err;
    EXPECT_EQ(summary.at("progress").at("repairs"), 2) << finished.err;
    EXPECT_EQ(summary.at("progress").at("rows_verified"), 362) << finished.err;
    expect_like_native(schema.session(), clauses, "k, n");
}

}  // namespace
}  // namespace doppel::test
