// SPDX-License-Identifier: Apache-2.0
//
// The comparison before the swap: it must see every way in which a copy can be wrong, repair it,
// stop when it comes back, and never take a change that is on its way for a difference. Runs do not
// see what a test writes into the shadow: their feed passes over it.
#include "integration/command_fixture.hpp"
#include "support/held_run.hpp"
#include "support/held_verifier.hpp"
#include "support/twin.hpp"

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kSmallChunks{"--chunk-rows=10"};

/// One way to spoil a row of the copy.
struct Corruption {
    const char* name;
    const char* before;  ///< assignments that the row gets in the source
    const char* after;   ///< assignments that spoil it in the shadow
};

const std::vector<Corruption>& corruptions() {
    static const std::vector<Corruption> all{
        {"an integer", "i = 1", "i = 2"},
        {"NULL for a number", "i = 0", "i = NULL"},
        {"a decimal's last digit", "n = 1.230", "n = 1.231"},
        {"one bit of a FLOAT", "f = 0.1", "f = 0.10000001"},
        {"-0 in a FLOAT", "f = 0", "f = -0e0"},
        {"one bit of a DOUBLE", "d = 0.1", "d = 0.10000000000000002"},
        {"-0 in a DOUBLE", "d = 0", "d = -0e0"},
        {"case in CHAR", "c = 'a'", "c = 'A'"},
        {"case in VARCHAR", "v = 'a'", "v = 'A'"},
        {"an accent", "v = 'e'", "v = 'é'"},
        {"a trailing space", "v = 'a'", "v = 'a '"},
        {"a trailing NUL", "v = 'a'", "v = 'a\\0'"},
        {"NULL for ''", "v = ''", "v = NULL"},
        {"'' for NULL", "v = NULL", "v = ''"},
        {"a trailing space in TEXT", "x = 'a'", "x = 'a '"},
        {"case in latin1", "l = 'ä'", "l = 'Ä'"},
        {"swapped columns", "p = 'ab', q = 'c'", "p = 'c', q2 = 'ab'"},
        {"the border between columns", "p = 'ab', q = 'c'", "p = 'a', q2 = 'bc'"},
        {"a byte of BINARY", "bn = x'01020304'", "bn = x'01020305'"},
        {"a NUL more in VARBINARY", "vb = x'01'", "vb = x'0100'"},
        {"a BLOB", "bl = 'a'", "bl = 'A'"},
        {"an ENUM", "e = 'a'", "e = 'b'"},
        {"a SET", "s = 'x,y'", "s = 'x,z'"},
        {"microseconds", "dt = '2024-01-01 00:00:00.123'", "dt = '2024-01-01 00:00:00.123001'"},
        {"a TIME", "tm = '-12:00:00'", "tm = '-12:00:00.000001'"},
        {"a TIMESTAMP", "ts = '2024-01-01 00:00:00'", "ts = '2024-01-01 00:00:00.001'"},
        {"a zero date", "da = '2024-01-01'", "da = '0000-00-00'"},
        {"a YEAR", "y = 2024", "y = 2025"},
        {"the lowest of 64 bits", "b = x'8000000000000000'", "b = x'8000000000000001'"},
        {"JSON 1 and 1.0", "j = '1'", "j = '1.0'"},
        {"a number in JSON", "j = '{\"a\": [1]}'", "j = '{\"a\": [\"1\"]}'"},
        {"case in JSON", "j = '\"a\"'", "j = '\"A\"'"},
        {"JSON null", "j = 'null'", "j = NULL"},
        {"a date in JSON", "j = CAST(DATE'2024-01-01' AS JSON)", "j = '\"2024-01-01\"'"},
        {"a point", "g = ST_GeomFromText('POINT(1 2)')", "g = ST_GeomFromText('POINT(1 3)')"},
        {"an SRID",
         "g = ST_GeomFromText('POINT(1 2)', 0)",
         "g = ST_GeomFromText('POINT(1 2)', 3857)"},
        {"a VECTOR", "w = STRING_TO_VECTOR('[1,2]')", "w = STRING_TO_VECTOR('[1,2.0000002]')"},
        {"a converted number", "cn = 5", "cn = '6'"},
        {"a space in a converted number", "cn = 5", "cn = '5 '"},
        {"NULL in a converted number", "cn = 5", "cn = NULL"},
        {"a converted ENUM", "ce = 'p'", "ce = 'q'"},
        {"case after a change of charset", "cu = 'a'", "cu = 'A'"},
        {"a shortened fraction", "cd = '2024-01-01 00:00:00.6'", "cd = '2024-01-01 00:00:00'"},
    };
    return all;
}

constexpr const char* kEveryType =
    "(id INT NOT NULL PRIMARY KEY, i INT, n DECIMAL(10,3), f FLOAT, d DOUBLE, c CHAR(10), "
    "v VARCHAR(20), x TEXT, l VARCHAR(20) CHARACTER SET latin1, p VARCHAR(10), q VARCHAR(10), "
    "bn BINARY(4), vb VARBINARY(20), bl BLOB, e ENUM('a','b'), s SET('x','y','z'), "
    "dt DATETIME(3), tm TIME(6), ts TIMESTAMP(3) NULL, da DATE NOT NULL DEFAULT '2024-01-01', "
    "y YEAR, b BIT(64), j JSON, g GEOMETRY, w VECTOR(2), cn INT, ce ENUM('p','q','r'), "
    "cu VARCHAR(10) CHARACTER SET utf8mb3, cd DATETIME(3), cs VARCHAR(10))";
constexpr const char* kChangeOfMany =
    "RENAME COLUMN q TO q2, MODIFY dt DATETIME(6), MODIFY cn VARCHAR(20), "
    "MODIFY ce ENUM('r','q','p'), MODIFY cu VARCHAR(10) CHARACTER SET utf8mb4, "
    "MODIFY cd DATETIME, MODIFY cs CHAR(10), ADD COLUMN note VARCHAR(10) NOT NULL DEFAULT 'new'";

class VerifyTest : public CommandTest {
protected:
    /// The run waits in its first chunk, and nothing of the table has been verified.
    std::unique_ptr<HeldRun> hold(const std::string& clauses, const std::string& gate) {
        auto run = std::make_unique<HeldRun>(
            server(), "app", "ALTER TABLE app.t " + clauses, kSmallChunks, gate
        );
        verifier_ = std::make_unique<HeldVerifier>(server());
        run->release();
        EXPECT_TRUE(run->process().wait_for("\"phase\":\"verifying\"", seconds(60)))
            << run->process().out() << run->process().err();
        return run;
    }

    Finished let_go(HeldRun& run) {
        verifier_->release();
        return run.finish();
    }

    Finished verify(const std::vector<std::string>& words) {
        auto command = server().doppel_command(words.back());
        command.at(1) = "verify";
        command.insert(command.end() - 1, words.begin(), words.end() - 1);
        return run_process(command, seconds(60), server().environment());
    }

    static std::uint64_t of_summary(const Finished& finished, const char* field) {
        const json summary = last_of(finished.out, "summary");
        return summary.is_object() ? summary.at("progress").at(field).get<std::uint64_t>() : 999;
    }

    std::unique_ptr<HeldVerifier> verifier_;
};

TEST_F(VerifyTest, SeesAndRepairsEveryKindOfDifference) {
    execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES'");
    int rows = 0;
    for (const char* table : {"t", "twin"}) {
        execute(fmt::format("CREATE TABLE {} {}", table, kEveryType));
        rows = 0;
        for (const Corruption& corruption : corruptions()) {
            execute(fmt::format(
                "INSERT INTO {} SET id = {}, {}, cs = 'a '", table, ++rows, corruption.before
            ));
        }
        execute(fmt::format("INSERT INTO {} (id) VALUES ({}), ({})", table, rows + 1, rows + 2));
    }
    const auto run = hold(kChangeOfMany, "INSERT INTO _t_new (id) VALUES (1)");
    int row = 0;
    for (const Corruption& corruption : corruptions()) {
        const std::string spoil =
            fmt::format("UPDATE _t_new SET {} WHERE id = {}", corruption.after, ++row);
        if (schema_->session().execute(spoil) == 0) {
            // The server takes 1.0 for 1 and leaves the row alone.
            execute(fmt::format("UPDATE _t_new SET j = NULL WHERE id = {}", row));
            ASSERT_EQ(schema_->session().execute(spoil), 1U) << corruption.name;
        }
    }
    execute(fmt::format("DELETE FROM _t_new WHERE id = {}", rows + 1));
    execute("INSERT INTO _t_new (id) VALUES (-5), (100000)");
    const auto finished = let_go(*run);
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    const std::uint64_t expected = corruptions().size() + 3;
    EXPECT_EQ(of_summary(finished, "differences"), expected);
    EXPECT_EQ(of_summary(finished, "repairs"), expected);
    EXPECT_EQ(of_summary(finished, "rows_verified"), static_cast<unsigned>(rows) + 2);
    const json event = last_of(finished.out, "differences");
    ASSERT_TRUE(event.is_object()) << finished.out;
    EXPECT_EQ(event.at("action"), "repairing");
    EXPECT_THAT(finished.err, HasSubstr("46 row(s) of app.t and app._t_new differ"));
    for (int id = 1; id <= rows; ++id) {
        EXPECT_EQ(scalar(fmt::format("SELECT COUNT(*) FROM t WHERE id = {}", id)), "1");
    }
    expect_like_native(schema_->session(), kChangeOfMany, "id");
    for (const char* column : {"f", "d"}) {
        // The comparison above rounds them.
        EXPECT_EQ(
            scalar(fmt::format(
                "SELECT COUNT(*) FROM t JOIN twin USING (id) WHERE NOT (t.{0} <=> twin.{0} AND "
                "CAST(t.{0} AS CHAR) <=> CAST(twin.{0} AS CHAR))",
                column
            )),
            "0"
        );
    }
    EXPECT_EQ(verify({"app.t", "app.twin"}).code, 0);
    if (HasFailure()) {
        fmt::print("{}\n", finished.err);
    }
}

TEST_F(VerifyTest, SeesKeysThatTheServerTakesForTheSame) {
    for (const char* table : {"t", "twin"}) {
        execute(fmt::format(
            "CREATE TABLE {} (k VARCHAR(20) NOT NULL, e ENUM('x','y') NOT NULL, v INT, "
            "PRIMARY KEY (k, e))",
            table
        ));
        execute(fmt::format(
            "INSERT INTO {} VALUES ('a','x',1), ('a','y',2), ('É','x',3), ('m','x',4), "
            "('z','y',5), ('zz','x',6)",
            table
        ));
    }
    const std::string clauses = "ADD COLUMN note INT";
    const auto run = hold(clauses, "INSERT INTO _t_new (k, e) VALUES ('a', 'x')");
    execute("UPDATE _t_new SET k = 'A' WHERE k = 'a' AND e = 'y'");
    execute("UPDATE _t_new SET k = 'e' WHERE k = 'É'");
    execute("UPDATE _t_new SET e = 'y' WHERE k = 'm'");
    execute("DELETE FROM _t_new WHERE k = 'zz'");
    const auto finished = let_go(*run);
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    EXPECT_EQ(of_summary(finished, "differences"), 5U) << finished.err;
    EXPECT_EQ(of_summary(finished, "repairs"), 5U) << finished.err;
    expect_like_native(schema_->session(), clauses, "k, e");
}

TEST_F(VerifyTest, FindsRealDifferencesWhileTheTableIsBusy) {
    for (const char* table : {"t", "twin"}) {
        execute(fmt::format(
            "CREATE TABLE {} (k VARCHAR(20) NOT NULL PRIMARY KEY, v INT NOT NULL)", table
        ));
        std::string rows;
        for (int n = 0; n < 400; ++n) {
            rows += fmt::format("{}('k{:04}', 0)", n == 0 ? "" : ", ", n);
        }
        execute(fmt::format("INSERT INTO {} VALUES {}", table, rows));
    }
    // Writers leave the rows from 300 on alone; row 0 of each is hot.
    TwinWriters writers(server(), "app", 3, [](unsigned writer, std::mt19937& random) {
        const auto key = [&](unsigned n) { return fmt::format("'K{:04}'", n * 3 + writer); };
        const auto n = static_cast<unsigned>(random() % 90);
        return TwinTransaction{
            fmt::format("UPDATE {{}} SET v = v + 1 WHERE k = {}", key(0)),
            fmt::format("UPDATE {{}} SET v = v + 1 WHERE k = {}", key(n)),
            fmt::format("DELETE FROM {{}} WHERE k = {}", key(n + 1)),
            fmt::format("INSERT INTO {{}} (k, v) VALUES ({}, 1)", key(n + 1))};
    });
    ASSERT_TRUE(wait_until([&] { return writers.committed() > 60; }, seconds(20)));
    const std::string clauses = "ADD COLUMN note INT, MODIFY v BIGINT NOT NULL";
    const auto run = hold(clauses, "INSERT INTO _t_new (k, v) VALUES ('k0001', 0)");
    execute("UPDATE _t_new SET v = -1 WHERE k = 'k0350'");
    execute("DELETE FROM _t_new WHERE k = 'k0351'");
    execute("INSERT INTO _t_new (k, v) VALUES ('x', 0)");
    const auto finished = let_go(*run);
    EXPECT_TRUE(wait_until([&] { return writers.committed() > 100; }, seconds(20)));
    writers.stop();
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    EXPECT_EQ(of_summary(finished, "differences"), 3U) << finished.err;
    EXPECT_EQ(of_summary(finished, "repairs"), 3U) << finished.err;
    expect_like_native(schema_->session(), clauses, "k");
}

TEST_F(VerifyTest, ADifferenceThatComesBackStopsTheRun) {
    fill(30);
    const std::string before = contents_of(*schema_);
    const auto run = hold("ADD COLUMN note INT", "INSERT INTO _t_new (id, a, s) VALUES (1, 1, '')");
    execute("UPDATE _t_new SET s = 'spoilt' WHERE id = 7");
    execute("SET SESSION sql_log_bin = 0");  // what the feed shows would end the run
    execute(
        "CREATE TRIGGER spoil BEFORE INSERT ON _t_new FOR EACH ROW "
        "SET NEW.s = IF(NEW.id = 7, 'spoilt', NEW.s)"
    );
    const auto finished = let_go(*run);
    EXPECT_EQ(finished.code, 1) << finished.out << finished.err;
    const json error = last_of(finished.out, "error");
    ASSERT_TRUE(error.is_object()) << finished.out;
    EXPECT_THAT(error.at("message").get<std::string>(), HasSubstr("(7)"));
    const json event = last_of(finished.out, "differences");
    ASSERT_TRUE(event.is_object()) << finished.out;
    EXPECT_EQ(event.at("action"), "stopping");
    EXPECT_EQ(event.at("keys"), json::array({"(7)"}));
    EXPECT_EQ(contents_of(*schema_), before) << "something was changed or left behind";
}

TEST_F(VerifyTest, MoreDifferencesThanAnAccidentMakesStopTheRun) {
    fill(1'500);
    const auto run = hold("ADD COLUMN note INT", "INSERT INTO _t_new (id, a, s) VALUES (1, 1, '')");
    execute("UPDATE _t_new SET s = 'spoilt'");
    const auto finished = let_go(*run);
    EXPECT_EQ(finished.code, 1) << finished.err;
    EXPECT_THAT(finished.err, HasSubstr("no accident"));
    EXPECT_EQ(schema_->tables(), "t");
}

TEST_F(VerifyTest, ChangesOnTheirWayAreNoDifferences) {
    for (const char* table : {"t", "twin"}) {
        execute(fmt::format(
            "CREATE TABLE {} (k VARCHAR(20) NOT NULL, n INT NOT NULL, v INT NOT NULL, "
            "c VARCHAR(20), PRIMARY KEY (k, n))",
            table
        ));
        std::string rows;
        for (int n = 0; n < 2'000; ++n) {
            rows += fmt::format("{}('k{:03}', {}, 0, {})", n == 0 ? "" : ", ", n / 10, n, n);
        }
        execute(fmt::format("INSERT INTO {} VALUES {}", table, rows));
    }
    TwinWriters writers(server(), "app", 3, [](unsigned writer, std::mt19937& random) {
        const auto n = static_cast<unsigned>(random() % 600) * 3 + writer;
        return TwinTransaction{
            fmt::format("UPDATE {{}} SET v = v + 1 WHERE k = 'k000' AND n = {}", writer),
            fmt::format(
                "UPDATE {{}} SET k = UPPER(k), c = {} WHERE k = 'k{:03}' AND n = {}",
                random() % 1'000,
                n / 10,
                n
            ),
            fmt::format("DELETE FROM {{}} WHERE k = 'K{:03}' AND n = {}", (n + 30) / 10, n + 30),
            fmt::format(
                "INSERT INTO {{}} (k, n, v, c) VALUES ('k{:03}', {}, 1, '7')", (n + 30) / 10, n + 30
            )};
    });
    ASSERT_TRUE(wait_until([&] { return writers.committed() > 60; }, seconds(20)));
    const std::string clauses = "ADD COLUMN note INT, MODIFY c INT";
    const auto finished = server().run_doppel("ALTER TABLE app.t " + clauses, kSmallChunks);
    writers.stop();
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    EXPECT_EQ(of_summary(finished, "differences"), 0U) << finished.err;
    EXPECT_GE(of_summary(finished, "rows_verified"), 1'000U);
    expect_like_native(schema_->session(), clauses, "k, n");
}

TEST_F(VerifyTest, LeavesTheFeedItsLimitOfPendingKeys) {
    constexpr unsigned kRows = 6'000;
    constexpr unsigned kLimit = 1'000;
    fill(kRows);
    auto run = std::make_unique<HeldRun>(
        server(),
        "app",
        "ALTER TABLE app.t ADD COLUMN note INT",
        std::vector<std::string>{"--pending-keys=1000"},
        "INSERT INTO _t_new (id, a, s) VALUES (1, 1, '')"
    );
    const auto replay_gate = application();
    const auto watcher = application();
    verifier_ = std::make_unique<HeldVerifier>(server());
    run->release();
    ASSERT_TRUE(run->process().wait_for("\"phase\":\"verifying\"", seconds(60)));
    execute("UPDATE _t_new SET s = 'spoilt' WHERE id = 5000");
    replay_gate->execute("BEGIN");
    replay_gate->execute("UPDATE _t_new SET a = a + 1 WHERE id = 2");
    for (unsigned first = 1; first < 4'900; first += 100) {
        watcher->execute(
            fmt::format("UPDATE t SET a = a + 1 WHERE id BETWEEN {} AND {}", first, first + 99)
        );
    }
    const auto most_pending = [&] {
        std::uint64_t most = 0;
        for (const json& line : json_lines(run->process().out())) {
            most = std::max(most, line.value("keys_pending", std::uint64_t{0}));
        }
        return most;
    };
    ASSERT_TRUE(wait_until([&] { return most_pending() > kLimit; }, seconds(20)));
    verifier_->release();
    // Until the verifier has connected again and waits for its fence.
    std::this_thread::sleep_for(seconds(3));
    EXPECT_LT(most_pending(), 2 * kLimit);
    replay_gate->execute("ROLLBACK");
    const auto finished = run->finish();
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    EXPECT_EQ(of_summary(finished, "differences"), 1U) << finished.err;
}

TEST_F(VerifyTest, CanBeSwitchedOff) {
    fill(100);
    const auto off =
        server().run_doppel("ALTER TABLE app.t FORCE", {"--no-native", "--verify=off"});
    EXPECT_EQ(off.code, 0) << off.err;
    EXPECT_EQ(of_summary(off, "rows_verified"), 0U);
    EXPECT_THAT(off.out, Not(HasSubstr("verifying")));
    execute("DROP TABLE _t_old");
    const auto on = server().run_doppel("ALTER TABLE app.t FORCE", {"--no-native"});
    EXPECT_EQ(on.code, 0) << on.err;
    EXPECT_EQ(of_summary(on, "rows_verified"), 100U);
}

TEST_F(VerifyTest, ConvertedColumnsTakeAPrivilegeThatIsAskedForByName) {
    fill(10);
    execute("CREATE USER IF NOT EXISTS limited IDENTIFIED BY 'doppel'");
    execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, LOCK TABLES, TRIGGER ON "
        "app.* TO limited"
    );
    execute("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO limited");
    const std::string statement = "ALTER TABLE app.t MODIFY a VARCHAR(20) NOT NULL";
    const auto refused = server().run_doppel(statement, {"--no-native", "--user=limited"});
    EXPECT_EQ(refused.code, 3) << refused.out << refused.err;
    const json findings = last_of(refused.out, "findings");
    ASSERT_TRUE(findings.is_object()) << refused.out;
    EXPECT_THAT(findings.dump(), HasSubstr("CREATE TEMPORARY TABLES"));
    EXPECT_THAT(findings.dump(), HasSubstr("--verify=off"));
    EXPECT_EQ(schema_->tables(), "t");
    const auto off =
        server().run_doppel(statement, {"--no-native", "--user=limited", "--verify=off"});
    EXPECT_EQ(off.code, 0) << off.out << off.err;
    execute("DROP TABLE _t_old");
    const auto plain =
        server().run_doppel("ALTER TABLE app.t FORCE", {"--no-native", "--user=limited"});
    EXPECT_EQ(plain.code, 0) << plain.out << plain.err;
    execute("DROP USER limited");
}

TEST_F(VerifyTest, TheCommandComparesAnyTwoTables) {
    fill(2'500);
    execute(
        "CREATE TABLE other (ID BIGINT NOT NULL PRIMARY KEY, a2 VARCHAR(20), s VARCHAR(40), z INT)"
    );
    execute("INSERT INTO other (ID, a2, s) SELECT id, a, s FROM t");
    const auto equal = verify({"--columns=a=a2", "app.t", "app.other"});
    EXPECT_EQ(equal.code, 0) << equal.out << equal.err;
    EXPECT_EQ(last_of(equal.out, "verified").value("rows", 0), 2'500) << equal.out;
    EXPECT_THAT(equal.out, HasSubstr("z of app.other"));
    // Without the mapping the columns have no counterpart, and the comparison says so.
    EXPECT_THAT(verify({"app.t", "app.other"}).out, HasSubstr("a of app.t"));

    execute("UPDATE other SET a2 = CONCAT(a2, ' ') WHERE id = 7");
    execute("DELETE FROM other WHERE id = 8");
    execute("INSERT INTO other (ID, a2, s) SELECT id + 10000, a, s FROM t");
    execute("DELETE FROM other WHERE id > 10100");
    const auto different = verify({"--columns=a=a2", "app.t", "app.other"});
    EXPECT_EQ(different.code, 1) << different.out << different.err;
    const json found = last_of(different.out, "differences");
    ASSERT_TRUE(found.is_object()) << different.out;
    EXPECT_EQ(found.at("count"), 102);
    EXPECT_THAT(found.dump(), HasSubstr("\"(7)\""));
    EXPECT_THAT(found.dump(), HasSubstr("(8) only in app.t"));
    EXPECT_THAT(found.dump(), HasSubstr("(10001) only in app.other"));
    EXPECT_THAT(different.err, HasSubstr("differ in 102 row(s)"));
    const auto none_named = verify({"app.other", "app.t"});
    EXPECT_EQ(none_named.code, 1);

    EXPECT_EQ(verify({"app.t"}).code, 2);
    EXPECT_EQ(verify({"app.t", "app.t"}).code, 2);
    EXPECT_EQ(verify({"app.t", "app.o ther"}).code, 2);
    EXPECT_EQ(verify({"--columns=a=nope", "app.t", "app.other"}).code, 2);
    EXPECT_EQ(verify({"app.t", "app.nope"}).code, 3);
    execute("CREATE TABLE heap (id INT, a INT)");
    EXPECT_EQ(verify({"app.t", "app.heap"}).code, 3);
    EXPECT_EQ(schema_->tables(), "heap,other,t") << "nothing is left behind";
}

TEST_F(VerifyTest, AServerThatSaysNothingIsNotWaitedForForLong) {
    execute("CREATE TABLE t (id INT PRIMARY KEY)");
    execute("CREATE TABLE other LIKE t");
    const auto holder = application();
    holder->execute("LOCK TABLES other WRITE");
    const auto lost = verify({"--silence-limit=1s", "app.t", "app.other"});
    EXPECT_EQ(lost.code, 4) << lost.out << lost.err;
    EXPECT_THAT(lost.err, HasSubstr("longer than --silence-limit (1 s)"));
}

}  // namespace
}  // namespace doppel::test
