// SPDX-License-Identifier: Apache-2.0
//
// doppel cleanup: removes what a killed run left, all of it and nothing else, and changes nothing
// when it refuses.
#include "doppel/cleanup.hpp"

#include "checkpoint/record.hpp"
#include "integration/killed_run_fixture.hpp"

#include <functional>
#include <utility>

#include <gmock/gmock.h>

namespace doppel::test {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::HasSubstr;

class Cleanup : public KilledRunTest {
protected:
    static Finished cleanup(const std::vector<std::string>& more = {"--yes"}) {
        auto words = more;
        words.emplace_back("app.t");
        return run("cleanup", words);
    }
    void expect_refused(const Finished& finished, const std::string& reason) {
        EXPECT_EQ(finished.code, 3) << finished.out << finished.err;
        EXPECT_THAT(finished.err, HasSubstr(reason));
        EXPECT_THAT(finished.err, HasSubstr("Nothing was changed"));
    }
    void expect_refused_unchanged(const std::string& reason) {
        const std::string before = contents_of(*schema_);
        expect_refused(cleanup(), reason);
        EXPECT_EQ(contents_of(*schema_), before);
    }
};

TEST_F(Cleanup, RemovesWhatAKilledRunLeft) {
    fill(kRows);
    const std::string untouched = contents_of(*schema_);
    kill_run();
    const std::string left = contents_of(*schema_);
    const auto listed = cleanup({});
    expect_refused(listed, "add --yes");
    EXPECT_EQ(event_of(listed, "cleanup").at("remove").size(), 2U);
    EXPECT_EQ(contents_of(*schema_), left);

    EXPECT_EQ(cleanup().code, 0);
    EXPECT_EQ(contents_of(*schema_), untouched);
    const auto again = cleanup();
    EXPECT_EQ(again.code, 0);
    EXPECT_TRUE(event_of(again, "cleanup").at("remove").empty());
    EXPECT_EQ(event_of(run("status", {"app.t"}), "status").at("state"), "none");
}

TEST_F(Cleanup, DoesNotDisturbARunThatGoesOn) {
    fill(kRows);
    const auto process = start_run();
    const auto lock =
        "SELECT IS_USED_LOCK(" + mysql::quote_string(shadow::lock_name({"app", "t"})) + ")";
    expect_refused(cleanup(), fmt::format("connection {} holds its lock", scalar(lock)));
    EXPECT_EQ(schema_->tables(), "_t_doppel,_t_new,t");
    const auto before = rows_copied("t");
    const auto goes_on = [&] { return !process->running() || rows_copied("t") > before; };
    EXPECT_TRUE(eventually(goes_on, seconds(30)));
    EXPECT_TRUE(process->running()) << process->err();
}

TEST_F(Cleanup, KilledBetweenTwoStepsGoesOn) {
    put_leftovers();
    // Holds the state table, so that the clean-up waits when the shadow is gone.
    const auto holder = application();
    holder->execute("BEGIN");
    holder->query("SELECT id FROM _t_doppel LIMIT 1");
    Process killed(command("cleanup", {"--yes", "app.t"}), server().environment());
    ASSERT_TRUE(killed.wait_for("\"removed\"", seconds(30))) << killed.err();
    const std::string waiting =
        "SELECT ID FROM performance_schema.processlist WHERE STATE = 'Waiting for table metadata "
        "lock' AND INFO LIKE 'DROP TABLE%'";
    EXPECT_TRUE(eventually([&] { return scalar(waiting) != "NULL"; }, seconds(30)));
    killed.signal(SIGKILL);
    killed.wait(seconds(10));
    if (const auto connection = scalar(waiting); connection != "NULL") {
        execute("KILL " + connection);
    }
    EXPECT_TRUE(eventually([&] { return scalar(waiting) == "NULL"; }, seconds(30)));
    holder->execute("ROLLBACK");
    EXPECT_EQ(schema_->tables(), "_t_doppel,t");
    EXPECT_EQ(event_of(run("status", {"app.t"}), "status").at("state"), "stopped");

    const auto last = cleanup();
    EXPECT_EQ(last.code, 0) << last.err;
    EXPECT_EQ(event_of(last, "removed").at("kind"), "state");
    EXPECT_EQ(schema_->tables(), "t");
}

TEST_F(Cleanup, EndsConnectionsOfTheDeadRun) {
    put_leftovers();
    const auto run_id = scalar("SELECT record->>'$.run_id' FROM _t_doppel WHERE id = 0");
    const auto busy = application();
    busy->query("SELECT GET_LOCK('" + migration::session_lock_name(run_id, 7) + "', 10)");
    const auto refused = cleanup({});
    EXPECT_EQ(refused.code, 3);
    EXPECT_EQ(busy->query("SELECT 1").scalar(), "1") << "a refusal ends nothing";
    EXPECT_EQ(cleanup().code, 0);
    EXPECT_THROW(busy->query("SELECT 1"), Error);
    EXPECT_EQ(schema_->tables(), "t");
}

TEST_F(Cleanup, NeverTouchesTablesOfOthers) {
    fill(10);
    execute("CREATE TABLE _t_new (x INT)");
    execute("CREATE TABLE _t_doppel (x INT)");
    const std::string before = contents_of(*schema_);
    const auto finished = cleanup();
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(event_of(finished, "cleanup").at("keep").size(), 2U);
    EXPECT_EQ(contents_of(*schema_), before);
}

TEST_F(Cleanup, ATableThatTookTheShadowsNameIsNotTheShadow) {
    put_leftovers();
    execute("RENAME TABLE _t_new TO kept");
    execute("CREATE TABLE _t_new (x INT)");
    expect_refused_unchanged("app._t_new is not defined as the migration made it");
    execute("DROP TABLE _t_new");
    EXPECT_EQ(cleanup().code, 0);
    EXPECT_EQ(schema_->tables(), "kept,t");
}

TEST_F(Cleanup, ARunThatHadCopiedNothingHasNoShadowWithRows) {
    put_leftovers();
    set_in_record("$.stage", "'preparing'");
    const auto finished = cleanup();
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(event_of(finished, "cleanup").at("keep").at(0).at("table"), "app._t_new");
    EXPECT_EQ(schema_->tables(), "_t_new,t");
}

TEST_F(Cleanup, WhatItCannotReadItDoesNotTouch) {
    put_leftovers();
    set_in_record("$.format", "1");
    expect_refused_unchanged("written in format 1 by another version");
    set_in_record("$.format", std::to_string(checkpoint::kFormat));
    execute("RENAME TABLE _t_doppel TO _u_doppel, _t_new TO _u_new");
    const std::string before = contents_of(*schema_);
    expect_refused(run("cleanup", {"--yes", "app.u"}), "its record tells of another table, t");
    EXPECT_EQ(contents_of(*schema_), before);
}

TEST_F(Cleanup, NeedsNoSource) {
    put_leftovers();
    execute("DROP TABLE t");
    EXPECT_EQ(cleanup().code, 0);
    EXPECT_EQ(schema_->tables(), "NULL");
}

TEST_F(Cleanup, AfterTheSwapTheFormerTableStays) {
    put_leftovers();
    swap_by_hand();
    const auto finished = cleanup();
    EXPECT_EQ(finished.code, 0) << finished.err;
    EXPECT_EQ(event_of(finished, "cleanup").at("swapped"), true);
    EXPECT_EQ(schema_->tables(), "_t_old,t");
}

TEST_F(Cleanup, AfterTheSwapTheFormerTableGoesIfTheRunHadBeenToldSo) {
    fill(kRows);
    execute("ALTER TABLE t ADD CHECK (a >= 0)");
    kill_run("t", {"--drop-old"});
    swap_by_hand();
    EXPECT_EQ(cleanup().code, 0);
    EXPECT_EQ(schema_->tables(), "t");
    EXPECT_EQ(definition_of(schema_->session(), "t").find("note") == std::string::npos, false);
}

TEST_F(Cleanup, IsNotDoneAtAReplica) {
    put_leftovers();
    const auto replica = server().connect_replica();
    const auto arrived = [&] {
        return !replica
                    ->query(
                        "SELECT 1 FROM information_schema.tables WHERE table_schema = 'app' AND "
                        "table_name = '_t_doppel'"
                    )
                    .empty();
    };
    replica->query(fmt::format(
        "SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', 30)", scalar("SELECT @@GLOBAL.gtid_executed")
    ));
    EXPECT_TRUE(arrived());
    expect_refused(run_at_replica("cleanup", {"--yes", "app.t"}), "this server is a replica of");
    EXPECT_TRUE(arrived());
    // Promoted: it follows nobody any more.
    replica->execute("STOP REPLICA");
    replica->execute("SET GLOBAL super_read_only = OFF");
    replica->execute("SET GLOBAL read_only = OFF");
    EXPECT_EQ(run_at_replica("cleanup", {"--yes", "app.t"}).code, 0);
    EXPECT_FALSE(arrived());
    replica->execute("SET GLOBAL super_read_only = ON");
    replica->execute("START REPLICA");
}

/// Says yes, and somebody swaps the tables in the same moment.
class MeddlingDialogue final : public CleanupDialogue {
public:
    explicit MeddlingDialogue(std::function<void()> meddle) : meddle_(std::move(meddle)) {}
    bool confirm(const CleanupPlan& plan) override {
        confirmed_ = plan;
        meddle_();
        return true;
    }
    void removed(const CleanupTable& table) override { ADD_FAILURE() << table.table; }
    [[nodiscard]] const CleanupPlan& confirmed() const { return confirmed_; }

private:
    std::function<void()> meddle_;
    CleanupPlan confirmed_;
};

TEST_F(Cleanup, RemovesNothingThatWasNotConfirmed) {
    put_leftovers();
    set_in_record("$.drop_old", "true");
    // From now on the former table is among what is to be removed.
    const auto meddle = [this] {
        swap_by_hand();
        execute("UPDATE _t_doppel SET record = JSON_SET(record, '$.stage', 'swapped') WHERE id = 0"
        );
    };
    MeddlingDialogue dialogue(meddle);
    const auto outcome = run_cleanup("app.t", server().primary(), dialogue, Logger());
    EXPECT_EQ(outcome.code, Errc::refused) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr("changed by somebody else just now"));
    EXPECT_THAT(outcome.message, HasSubstr("Nothing was changed"));
    ASSERT_EQ(dialogue.confirmed().remove.size(), 2U);
    EXPECT_EQ(dialogue.confirmed().remove.front().table, "app._t_new");
    EXPECT_EQ(schema_->tables(), "_t_doppel,_t_old,t");
    const auto again = cleanup();
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(schema_->tables(), "t");
}

TEST_F(Cleanup, ReachesTablesWithOddNames) {
    const std::string name = "o`d'd .t";
    fill(kRows);
    execute("RENAME TABLE t TO " + quoted(name));
    kill_run(name);
    EXPECT_EQ(run("cleanup", {"--yes", "app." + quoted(name)}).code, 0);
    EXPECT_EQ(schema_->tables(), name);
}

TEST_F(Cleanup, AnAccountThatMayNotDropChangesNothing) {
    put_leftovers();
    execute("CREATE USER IF NOT EXISTS 'looker' IDENTIFIED BY 'doppel'");
    execute("GRANT SELECT ON app.* TO 'looker'");
    const std::string before = contents_of(*schema_);
    expect_refused(run("cleanup", {"--yes", "--user=looker", "app.t"}), "app._t_new could not be");
    EXPECT_EQ(contents_of(*schema_), before);
}

}  // namespace
}  // namespace doppel::test
