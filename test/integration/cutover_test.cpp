// SPDX-License-Identifier: Apache-2.0
//
// The swap of the tables against an application that is in the way, and how a run ends when it is
// stopped or killed, through the real program.
#include "integration/command_fixture.hpp"
#include "support/postponed_swap.hpp"

#include <atomic>
#include <csignal>
#include <mutex>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Clock = std::chrono::steady_clock;

constexpr const char* kAddColumn = "ALTER TABLE app.t ADD COLUMN note VARCHAR(20) DEFAULT 'none'";

/// An application that writes to and reads from a table without a break, and notes how long its
/// statements wait and every error.
class Probe final {
public:
    explicit Probe(std::unique_ptr<sql::Session> session)
        : session_(std::move(session)), thread_([this] { work(); }) {}
    ~Probe() { stop(); }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    void stop() {
        stopped_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    /// One that still waits counts too.
    [[nodiscard]] milliseconds longest_wait() const {
        const std::lock_guard lock(mutex_);
        const auto current = began_ ? Clock::now() - *began_ : Clock::duration::zero();
        return std::chrono::duration_cast<milliseconds>(std::max(longest_, current));
    }
    [[nodiscard]] std::vector<std::string> errors() const {
        const std::lock_guard lock(mutex_);
        return errors_;
    }
    [[nodiscard]] unsigned statements() const { return statements_; }

private:
    void work() {
        while (!stopped_) {
            // A new row each time, and one that is there already.
            run("INSERT INTO t (a, s) VALUES (1, 'probe')");
            run("UPDATE t SET a = a + 1 WHERE id = 1");
            run("SELECT COUNT(*) FROM t WHERE id < 10");
            std::this_thread::sleep_for(milliseconds(2));  // its rate, not a synchronisation
        }
    }
    void run(const std::string& statement) {
        {
            const std::lock_guard lock(mutex_);
            began_ = Clock::now();
        }
        std::string error;
        try {
            session_->query(statement);
        } catch (const std::exception& failure) {
            error = failure.what();
        }
        const std::lock_guard lock(mutex_);
        longest_ = std::max(longest_, Clock::now() - *began_);
        began_.reset();
        ++statements_;
        if (!error.empty()) {
            errors_.push_back(statement + ": " + error);
        }
    }

    std::unique_ptr<sql::Session> session_;
    mutable std::mutex mutex_;
    std::optional<Clock::time_point> began_;
    Clock::duration longest_{0};
    std::vector<std::string> errors_;
    std::atomic<unsigned> statements_{0};
    std::atomic<bool> stopped_{false};
    std::thread thread_;
};

/// A transaction of the application's that has read the table and stays open.
class OpenTransaction final {
public:
    explicit OpenTransaction(std::unique_ptr<sql::Session> session) : session_(std::move(session)) {
        session_->execute("BEGIN");
        session_->query("SELECT * FROM t LIMIT 1");
    }
    void end() { session_->execute("COMMIT"); }

private:
    std::unique_ptr<sql::Session> session_;
};

class CutoverRun : public CommandTest {
protected:
    static std::unique_ptr<Process> start(
        const std::string& statement, std::vector<std::string> options = {}
    ) {
        options.insert(options.begin(), "--no-native");
        return std::make_unique<Process>(
            server().doppel_command(statement, options), server().environment()
        );
    }
    static json summary_of(const Process& process) { return last_of(process.out(), "summary"); }
    static std::string error_of(const Process& process) {
        const json error = last_of(process.out(), "error");
        return error.is_object() ? error.at("message").get<std::string>() : process.out();
    }
    /// A run that copies ten rows at a time, after it copied some. With the tables of these tests
    /// the rest takes long enough to do something about it.
    static std::unique_ptr<Process> start_copying(std::vector<std::string> options = {}) {
        options.insert(options.end(), {"--chunk-rows=10", "--progress-interval=100ms"});
        auto process = start(kAddColumn, options);
        const bool copies = eventually(
            [&] {
                const json progress = last_of(process->out(), "progress");
                return progress.is_object() && progress.at("rows_copied") > 0;
            },
            seconds(30)
        );
        EXPECT_TRUE(copies) << process->out() << process->err();
        EXPECT_THAT(process->out(), ::testing::Not(HasSubstr("\"draining\"")));
        return process;
    }
    std::string id_of_next_row() {
        execute("INSERT INTO t (a, s) VALUES (0, 'next')");
        return scalar("SELECT LAST_INSERT_ID()");
    }
    std::string connection_running(const std::string& pattern) {
        return scalar(
            "SELECT MIN(ID) FROM performance_schema.processlist WHERE INFO LIKE '" + pattern + "'"
        );
    }
};

TEST_F(CutoverRun, GivesWayToATransactionAndSwapsOnceItEnds) {
    fill(500);
    OpenTransaction transaction(application());
    Probe probe(application());
    const auto process = start(kAddColumn, {"--lock-wait-timeout=1s", "--cutover-backoff=500ms"});
    ASSERT_TRUE(process->wait_for("cut-over waits for a transaction on the table", seconds(30)))
        << process->out();
    ASSERT_TRUE(process->wait_for("cut-over attempt 1 failed", seconds(30))) << process->out();
    // A statement behind the waiting LOCK TABLES waits as long as that does, which was one second.
    EXPECT_GT(probe.longest_wait(), milliseconds(500)) << "the probe did not meet the attempt";
    const unsigned before = probe.statements();
    EXPECT_TRUE(eventually([&] { return probe.statements() > before + 6; }, seconds(10)));
    EXPECT_LT(probe.longest_wait(), seconds(4));
    transaction.end();
    EXPECT_EQ(process->wait(seconds(60)), 0) << process->out() << process->err();
    probe.stop();
    EXPECT_LT(probe.longest_wait(), seconds(4));
    EXPECT_THAT(probe.errors(), IsEmpty());
    EXPECT_GE(summary_of(*process).at("progress").at("cutover_attempts"), 2);
    EXPECT_EQ(schema_->tables(), "_t_old,t");
    // Not one of the probe's writes was lost.
    EXPECT_EQ(
        scalar("SELECT COUNT(*) FROM t WHERE note = 'none' OR note IS NULL"),
        scalar("SELECT MAX(id) FROM t")
    );
}

TEST_F(CutoverRun, IsGivenUpAfterItsAttemptsAndMayBeTriedAgain) {
    fill(100);
    OpenTransaction transaction(application());
    const auto process = start(kAddColumn, {"--cutover-attempts=2"});
    EXPECT_EQ(process->wait(seconds(60)), 4) << process->out();
    EXPECT_THAT(error_of(*process), HasSubstr("cut-over was given up after 2 attempts"));
    EXPECT_THAT(error_of(*process), HasSubstr("app.t is untouched; how far the change has come"));
    EXPECT_EQ(schema_->tables(), "_t_doppel,_t_new,t");
    transaction.end();
    const auto again = start(kAddColumn);
    EXPECT_EQ(again->wait(seconds(60)), 0) << again->out();
    EXPECT_THAT(again->out(), HasSubstr("100 rows were copied"));
    EXPECT_EQ(schema_->tables(), "_t_old,t");
}

TEST_F(CutoverRun, SurvivesAKillWhileItWaitsForTheLock) {
    fill(100);
    OpenTransaction transaction(application());
    const auto process = start(kAddColumn, {"--lock-wait-timeout=60s"});
    std::string waiting = "NULL";
    ASSERT_TRUE(eventually(
        [&] { return (waiting = connection_running("LOCK TABLES %")) != "NULL"; }, seconds(30)
    )) << process->out();
    execute("KILL " + waiting);
    ASSERT_TRUE(process->wait_for("cut-over attempt 1 failed", seconds(20))) << process->out();
    EXPECT_TRUE(process->running());
    transaction.end();
    EXPECT_EQ(process->wait(seconds(60)), 0) << process->out() << process->err();
    EXPECT_GE(summary_of(*process).at("progress").at("cutover_attempts"), 2);
    EXPECT_EQ(schema_->tables(), "_t_old,t");
}

TEST_F(CutoverRun, KeepsTheOldTableAsItWas) {
    fill(500);
    const std::string definition = definition_of(schema_->session(), "t");
    const auto rows = rows_of(schema_->session(), "t", "id");
    const auto run =
        server().run_doppel("ALTER TABLE app.t DROP COLUMN s, ADD COLUMN b INT", {"--no-native"});
    ASSERT_EQ(run.code, 0) << run.out;
    EXPECT_EQ(last_of(run.out, "summary").value("old_table", ""), "app._t_old");
    EXPECT_EQ(schema_->tables(), "_t_old,t");
    EXPECT_EQ(definition_of(schema_->session(), "_t_old"), definition);
    EXPECT_EQ(rows_of(schema_->session(), "_t_old", "id"), rows);
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t WHERE b IS NULL"), "500");
}

TEST_F(CutoverRun, DropsTheOldTableWhenAsked) {
    fill(500);
    const auto run = server().run_doppel(kAddColumn, {"--no-native", "--drop-old"});
    ASSERT_EQ(run.code, 0) << run.out;
    EXPECT_TRUE(last_of(run.out, "summary").at("old_table").is_null());
    EXPECT_EQ(schema_->tables(), "t");
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t WHERE note = 'none'"), "500");
}

TEST_F(CutoverRun, CarriesAutoIncrementOverADeletedTail) {
    fill(10);
    execute("DELETE FROM t WHERE id > 5");
    ASSERT_EQ(server().run_doppel(kAddColumn, {"--no-native"}).code, 0);
    EXPECT_EQ(id_of_next_row(), "11");
}

TEST_F(CutoverRun, CarriesAutoIncrementOfAnEmptyTable) {
    fill(1);
    execute("ALTER TABLE t AUTO_INCREMENT = 5000");
    execute("DELETE FROM t");
    ASSERT_EQ(server().run_doppel(kAddColumn, {"--no-native"}).code, 0);
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t"), "0");
    EXPECT_EQ(id_of_next_row(), "5000");
}

TEST_F(CutoverRun, CarriesAutoIncrementThatGrewDuringTheRun) {
    fill(10);
    OpenTransaction transaction(application());
    const auto process = start(kAddColumn);
    ASSERT_TRUE(process->wait_for("cut-over waits for a transaction", seconds(30)));
    // The shadow never sees a row of this height.
    execute("INSERT INTO t (id, a, s) VALUES (700, 0, '')");
    execute("DELETE FROM t WHERE id = 700");
    transaction.end();
    ASSERT_EQ(process->wait(seconds(60)), 0) << process->out();
    EXPECT_EQ(id_of_next_row(), "701");
}

TEST_F(CutoverRun, StopsCleanlyOnControlC) {
    fill(50'000);
    const std::string before = definition_of(schema_->session(), "t");
    const auto process = start_copying();
    process->signal(SIGINT);
    EXPECT_EQ(process->wait(seconds(15)), 130) << process->out();
    EXPECT_THAT(error_of(*process), HasSubstr("stopped"));
    EXPECT_THAT(error_of(*process), HasSubstr("app.t is untouched; how far the change has come"));
    EXPECT_EQ(definition_of(schema_->session(), "t"), before);
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t"), "50000");
    EXPECT_EQ(schema_->tables(), "_t_doppel,_t_new,t");
}

TEST_F(CutoverRun, RefusesASecondRunOnTheSameTable) {
    fill(20'000);
    const PostponedSwap postponed;
    const auto first = start_copying({postponed.option()});
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{}, std::vector<std::string>{"--no-native"}}) {
        const auto second = server().run_doppel(kAddColumn, options);
        EXPECT_EQ(second.code, 3) << second.out;
        EXPECT_THAT(second.out, HasSubstr("another migration of table app.t is running"));
        // To drop the tables of a run that goes on is the worst advice.
        EXPECT_THAT(second.out, ::testing::Not(HasSubstr("DROP TABLE")));
    }
    EXPECT_TRUE(first->running()) << "it ended too early to be in the way: " << first->out();
    postponed.end();
    EXPECT_EQ(first->wait(seconds(120)), 0) << first->out();
    EXPECT_EQ(scalar("SELECT COUNT(*) FROM t WHERE note = 'none'"), "20000");
}

}  // namespace
}  // namespace doppel::test
