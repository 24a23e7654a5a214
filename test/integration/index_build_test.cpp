// SPDX-License-Identifier: Apache-2.0
//
// Indexes that are built after the copy: when, and what may happen meanwhile.
#include "doppel/error.hpp"
#include "integration/command_fixture.hpp"
#include "support/twin.hpp"

#include <csignal>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kClauses = "ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'n', ADD INDEX (s)";
constexpr unsigned kManyRows = 60'000;

std::string statement() {
    return std::string("ALTER TABLE app.t ") + kClauses;
}

/// What `out` of a run says of its phases.
bool passed(const std::string& out, const std::string& phase) {
    return out.find("\"phase\":\"" + phase + "\"") != std::string::npos;
}

/// Rows 1 to `rows`; `values` are made of `i`.
void fill_numbered(
    Schema& schema, unsigned rows, const std::string& columns, const std::string& values
) {
    schema.execute(fmt::format("SET SESSION cte_max_recursion_depth = {}", rows));
    schema.execute(fmt::format(
        "INSERT INTO t ({}) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
        "i < {}) SELECT {} FROM n",
        columns,
        rows,
        values
    ));
}

void make_twin(Schema& schema) {
    schema.execute("CREATE TABLE twin LIKE t");
    schema.execute("INSERT INTO twin SELECT * FROM t");
}

class IndexBuildTest : public CommandTest {
protected:
    void fill_twins(unsigned rows) {
        fill(rows);
        execute("CREATE TABLE twin LIKE t");
        execute("INSERT INTO twin SELECT * FROM t");
    }
};

TEST_F(IndexBuildTest, FollowsTheCopyOfALargeTable) {
    fill_twins(kManyRows);
    const auto run = server().run_doppel(statement(), {"--no-native"});
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(passed(run.out, "indexing")) << run.out;
    expect_like_native(schema_->session(), kClauses, "id");
}

// It reads the binary log as a replica does, but nobody reads what it has.
TEST_F(IndexBuildTest, DoesNotTakeAnotherRunForAReplica) {
    fill_twins(kManyRows);
    execute("CREATE TABLE other (id INT PRIMARY KEY)");
    const auto other = std::make_unique<Process>(
        server().doppel_command(
            "ALTER TABLE app.other ADD COLUMN a INT", {"--no-native", "--postpone-cutover"}
        ),
        server().environment()
    );
    ASSERT_TRUE(other->wait_for("postponed", seconds(30))) << other->out();
    const auto run = server().run_doppel(statement(), {"--no-native"});
    EXPECT_EQ(run.code, 0) << run.err;
    EXPECT_TRUE(passed(run.out, "indexing")) << run.out;
    other->signal(SIGINT);
    EXPECT_EQ(other->wait(seconds(20)), 130) << other->err();
    expect_like_native(schema_->session(), kClauses, "id");
}

TEST_F(IndexBuildTest, IsPartOfTheCopyOfASmallTableAndWhereThatIsAskedFor) {
    fill_twins(1'000);
    const auto small = server().run_doppel(statement(), {"--no-native", "--drop-old"});
    ASSERT_EQ(small.code, 0) << small.err;
    EXPECT_FALSE(passed(small.out, "indexing")) << small.out;
    expect_like_native(schema_->session(), kClauses, "id");
    execute("DROP TABLE t");
    execute("DROP TABLE twin");
    fill_twins(kManyRows);
    const auto asked =
        server().run_doppel(statement(), {"--no-native", "--drop-old", "--index-build=inline"});
    ASSERT_EQ(asked.code, 0) << asked.err;
    EXPECT_FALSE(passed(asked.out, "indexing")) << asked.out;
    expect_like_native(schema_->session(), kClauses, "id");
}

TEST_F(IndexBuildTest, IsPartOfTheCopyWhereThereAreReplicas) {
    const Sandbox replicated({"--replica"});
    Schema schema(replicated, "app");
    schema.execute("CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, s INT, KEY (s))");
    fill_numbered(schema, kManyRows, "s", "i");
    schema.execute("ANALYZE TABLE t");
    const auto run = replicated.run_doppel(
        "ALTER TABLE app.t ADD COLUMN note INT", {"--no-native", "--drop-old"}
    );
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_FALSE(passed(run.out, "indexing")) << run.out;
    // Who asks for it all the same is told what that means for them.
    std::vector<std::string> asked{
        "--no-native", "--index-build=deferred", "--max-lag=50ms", "--replica=none"};
    const auto late = replicated.run_doppel("ALTER TABLE app.t ADD COLUMN more INT", asked);
    ASSERT_EQ(late.code, 0) << late.err;
    EXPECT_TRUE(passed(late.out, "indexing")) << late.out;
    EXPECT_THAT(late.out, HasSubstr("replicas will be behind by about "));
    asked.emplace_back("--dry-run");
    const auto dry = replicated.run_doppel("ALTER TABLE app.t ADD COLUMN most INT", asked);
    EXPECT_THAT(dry.out, HasSubstr("\"holds-up-replicas\"")) << dry.err;
}

TEST_F(IndexBuildTest, EndsWithTheRun) {
    fill_twins(1'000);
    const auto run = server().start_doppel_stopped_at(
        "index.begins", 1, statement(), {"--no-native", "--index-build=deferred"}
    );
    ASSERT_TRUE(run->running()) << run->err();
    const auto other = application();
    other->execute("LOCK TABLES _t_new READ");
    run->signal(SIGCONT);
    ASSERT_TRUE(eventually(
        [this] {
            return scalar(
                       "SELECT COUNT(*) FROM performance_schema.processlist WHERE INFO LIKE "
                       "'ALTER TABLE%_t_new%'"
                   ) == "1";
        },
        seconds(30)
    ));
    run->signal(SIGINT);
    EXPECT_EQ(run->wait(seconds(20)), 130) << run->err();
    EXPECT_THAT(run->err(), HasSubstr("app.t is untouched; how far"));
    other->execute("UNLOCK TABLES");
    const auto second = server().run_doppel(statement(), {"--no-native"});
    EXPECT_EQ(second.code, 0) << second.err;
    EXPECT_TRUE(passed(second.out, "indexing")) << second.out;
    expect_like_native(schema_->session(), kClauses, "id");
}

// The server notes what is written into the table meanwhile, in a log of limited size.
TEST_F(IndexBuildTest, IsBegunAgainWithoutReplayWhenTheServersLogOverflows) {
    constexpr unsigned kRows = 15'000;
    const Sandbox small_log(
        {"--option",
         "innodb_online_alter_log_max_size=65536",
         "--option",
         "innodb_sort_buffer_size=65536"}
    );
    Schema schema(small_log, "app");
    schema.execute("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(600) NOT NULL, KEY (s))");
    // Long to compare, so long to sort: the log is full long before the index is built.
    fill_numbered(schema, kRows, "id, s", "i, CONCAT(REPEAT('\u00e4', 500), SHA2(i, 256))");
    make_twin(schema);
    const auto run = small_log.start_doppel_stopped_at(
        "index.begins", 1, statement(), {"--no-native", "--index-build=deferred"}
    );
    ASSERT_TRUE(run->running()) << run->err();
    for (const char* table : {"t", "twin"}) {
        // So many that some are replayed while the index is built, whenever it begins.
        schema.execute(fmt::format("UPDATE {} SET s = REPEAT(SHA2(id, 256), 8)", table));
    }
    run->signal(SIGCONT);
    EXPECT_EQ(run->wait(seconds(120)), 0) << run->err();
    EXPECT_THAT(run->err(), HasSubstr("replay waits meanwhile"));
    expect_like_native(schema.session(), kClauses, "id");
}

/// A build that lasts for as long as somebody reads the table.
class LongBuildTest : public IndexBuildTest {
protected:
    static constexpr const char* kLongBuild = "ADD INDEX (s)";
    static constexpr unsigned kRows = 1'000;

    /// Its connection is given up after two seconds.
    void begin() {
        execute("CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(600) NOT NULL)");
        fill_numbered(*schema_, kRows, "id, s", "i, SHA2(i, 256)");
        make_twin(*schema_);
        run_ = server().start_doppel_stopped_at(
            "index.begins",
            1,
            alter(),
            {"--no-native",
             "--index-build=deferred",
             "--silence-limit=1s",
             "--lock-wait-timeout=1s"}
        );
        ASSERT_TRUE(run_->running()) << run_->err();
        reader_ = application();
        reader_->execute("BEGIN");
        reader_->query("SELECT id FROM _t_new LIMIT 1");
        run_->signal(SIGCONT);
    }
    static std::string alter() { return std::string("ALTER TABLE app.t ") + kLongBuild; }

    std::unique_ptr<Process> run_;
    std::unique_ptr<sql::Session> reader_;
};

// A connection need not be trusted for as long as a build may take, and no build is done twice.
TEST_F(LongBuildTest, IsLeftToEndWhereItTakesLongerThanTheLimitOfSilence) {
    begin();
    EXPECT_TRUE(run_->wait_for("is still at work", seconds(30))) << run_->out() << run_->err();
    reader_->execute("COMMIT");
    EXPECT_EQ(run_->wait(seconds(60)), 0) << run_->err();
    const std::string told = run_->err();
    EXPECT_THAT(told, Not(HasSubstr("ended without them")));
    const auto build = told.find("building the indexes");
    ASSERT_NE(build, std::string::npos) << told;
    EXPECT_THAT(told.substr(build), Not(HasSubstr("now the limit is")));
    expect_like_native(schema_->session(), kLongBuild, "id");
}

constexpr const char* kGivenUp = "its end is waited for\n";

/// False: it has ended.
bool kill_build(Schema& schema) {
    try {
        schema.execute(
            "KILL QUERY " +
            schema.scalar("SELECT COALESCE(MAX(ID), 0) FROM performance_schema.processlist "
                          "WHERE INFO LIKE 'ALTER TABLE%_t_new%ADD KEY%'")
        );
    } catch (const Error& error) {
        constexpr unsigned kNoSuchThread = 1094;
        EXPECT_EQ(error.server_errno(), kNoSuchThread) << error.what();
        return false;
    }
    return true;
}

// Nobody hears why, so it is not tried for ever; what was copied is kept.
TEST_F(LongBuildTest, ThatEndsInVainUnheardIsTriedFourTimes) {
    begin();
    const auto builds_given_up = [this] {
        const std::string told = run_->err();
        unsigned count = 0;
        for (auto at = told.find(kGivenUp); at != std::string::npos;
             at = told.find(kGivenUp, at + 1)) {
            ++count;
        }
        return count;
    };
    unsigned killed = 0;
    EXPECT_TRUE(eventually(
        [&] {
            // Its connection is given up then, so nobody hears of it.
            if (builds_given_up() > killed) {
                killed += kill_build(*schema_) ? 1U : 0U;
            }
            return !run_->running();
        },
        seconds(90)
    ));
    EXPECT_EQ(run_->wait(seconds(10)), 4) << run_->out() << run_->err();
    EXPECT_THAT(run_->err(), HasSubstr("once more, and replay waits meanwhile"));
    EXPECT_THAT(run_->err(), HasSubstr("ended 4 times without them"));
    EXPECT_THAT(run_->err(), HasSubstr("the same command goes on"));
    reader_->execute("COMMIT");
    const auto second = server().run_doppel(alter(), {"--no-native"});
    EXPECT_EQ(second.code, 0) << second.err;
    EXPECT_THAT(second.out, HasSubstr("going on with the run"));
    EXPECT_EQ(last_of(second.out, "summary").at("progress").at("rows_verified"), kRows)
        << second.out;
    EXPECT_EQ(
        scalar("SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = 'app' AND "
               "table_name = 't' AND index_name = 's'"),
        "1"
    );
}

}  // namespace
}  // namespace doppel::test
