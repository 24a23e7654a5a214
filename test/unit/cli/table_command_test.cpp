// SPDX-License-Identifier: Apache-2.0
//
// doppel status and doppel cleanup with fakes of what they ask of the library.
#include "tools/doppel/dispatch.hpp"
#include "unit/cli/fakes.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace doppel::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class TableCommands : public testing::Test {
protected:
    ExitCode run(const std::vector<std::string>& words) {
        output_.out.clear();
        output_.err.clear();
        CommandContext context{
            system_, output_, input_, false, [] { return std::size_t{0}; }, stopped_clock(), {}};
        context.can_ask = can_ask_;
        context.read_status =
            [this](const std::string& table, const ConnectionOptions& connection, const Logger&) {
                table_ = table;
                connection_ = connection;
                return StatusResult{outcome_, status_};
            };
        context.run_cleanup =
            [this](const std::string& table, const ConnectionOptions& connection, CleanupDialogue& dialogue, const Logger&) {
                table_ = table;
                connection_ = connection;
                confirmed_ = false;
                try {
                    confirmed_ = dialogue.confirm(plan_);
                } catch (const Error& error) {
                    return Outcome{false, error.code(), error.what(), std::nullopt};
                }
                if (!confirmed_) {
                    return Outcome{false, Errc::stopped, "not confirmed", std::nullopt};
                }
                for (const CleanupTable& table_to_remove : plan_.remove) {
                    dialogue.removed(table_to_remove);
                }
                return outcome_;
            };
        return dispatch(words, context);
    }

    void plan_something() {
        plan_.table = "s.t";
        plan_.statement = "ALTER TABLE s.t FORCE";
        plan_.host = "admin1";
        plan_.process_id = 77;
        plan_.began_at = "2026-01-02T03:04:05Z";
        plan_.remove = {
            {CleanupTable::Kind::shadow, "s._t_new", 1234},
            {CleanupTable::Kind::state, "s._t_doppel", 69}};
        plan_.keep = {{"s._t_old", "it is the former table"}};
    }

    FakeSystem system_;
    CapturedOutput output_;
    std::istringstream input_;
    Outcome outcome_{true, Errc::failed, ""};
    MigrationStatus status_;
    CleanupPlan plan_;
    bool can_ask_ = false;
    bool confirmed_ = false;
    std::string table_;
    ConnectionOptions connection_;
};

TEST_F(TableCommands, TakeOneTableAndTheConnection) {
    // Group [doppel] is shared with alter, whose options must not be in the way.
    system_.files["/etc/my.cnf"] = "[client]\nuser=bob\n[doppel]\ndrop-old\nchunk-rows=50\n";
    status_.table = plan_.table = "s.t";
    for (const std::string command : {"status", "cleanup"}) {
        table_.clear();
        EXPECT_EQ(run({command, "-hdb1", "--database=s", "`t`"}), ExitCode::done) << output_.err;
        EXPECT_EQ(table_, "`t`");
        EXPECT_EQ(connection_.describe(), "bob@db1:3306");
        EXPECT_EQ(connection_.default_schema, "s");
        EXPECT_EQ(run({command}), ExitCode::usage);
        EXPECT_THAT(output_.err, HasSubstr("write doppel " + command + " db.t"));
        EXPECT_EQ(run({command, "a", "b"}), ExitCode::usage);
        EXPECT_EQ(run({command, "--chunk-rows=5", "a"}), ExitCode::usage);
        EXPECT_EQ(run({command, "--help"}), ExitCode::done);
        EXPECT_THAT(output_.out, HasSubstr("doppel " + command + " [options] db.t"));
        outcome_ = {false, Errc::refused, "no"};
        EXPECT_EQ(run({command, "--json", "a"}), ExitCode::refused);
        EXPECT_EQ(output_.err, "doppel: no\n");
        EXPECT_THAT(output_.out, HasSubstr(R"("exit_code":3)"));
        outcome_ = {true, Errc::failed, ""};
    }
    EXPECT_EQ(run({"status", "--yes", "a"}), ExitCode::usage);
}

MigrationStatus running() {
    MigrationStatus status;
    status.state = MigrationState::running;
    status.table = "s.t";
    status.connection = 12;
    status.statement = "ALTER TABLE s.t ADD note TEXT";
    status.host = "admin1";
    status.process_id = 77;
    status.began_at = "2026-01-02T03:04:05Z";
    status.server_uuid = "uuid";
    status.checkpoint =
        MigrationCheckpoint{0.25, "copying", 30'000, 120'000, 1'000, 90.0, 1'005, 0.5};
    status.shadow = "s._t_new";
    status.state_table = "s._t_doppel";
    return status;
}

TEST_F(TableCommands, StatusOfARunThatGoesOn) {
    status_ = running();
    EXPECT_EQ(run({"status", "s.t"}), ExitCode::done);
    EXPECT_EQ(
        output_.out,
        "s.t: a migration is running\n"
        "  statement   ALTER TABLE s.t ADD note TEXT\n"
        "  phase       copying\n"
        "  progress    30,000 of ~120,000 rows copied (25.0 %), 1000/s, ETA 1m30s\n"
        "  replay      1,005 keys pending, lag 0.5s\n"
        "  checkpoint  250ms ago\n"
        "  process     77 on admin1, since 2026-01-02T03:04:05Z; connection 12 holds the lock\n"
        "  tables      s._t_new (shadow), s._t_doppel (state)\n"
    );
    EXPECT_EQ(run({"status", "--json", "s.t"}), ExitCode::done);
    EXPECT_EQ(
        output_.out,
        R"({"event":"status","time":"2026-01-02T03:04:05.006Z","table":"s.t","state":"running",)"
        R"("table_exists":true,"running":true,"connection":12,"other_server":false,"problem":null,)"
        R"("statement":"ALTER TABLE s.t ADD note TEXT","host":"admin1","process_id":77,)"
        R"("began_at":"2026-01-02T03:04:05Z","server_uuid":"uuid","checkpoint":{"age_seconds":0.25,)"
        R"("phase":"copying","rows_copied":30000,"rows_estimated":120000,"percent":25.0,)"
        R"("rows_per_second":1000.0,"eta_seconds":90.0,"keys_pending":1005,"feed_lag_seconds":0.5,)"
        R"("copy_share":1.0,"throttle_reason":null},)"
        R"("shadow":"s._t_new","state_table":"s._t_doppel","old_table":null,"in_the_way":[],)"
        R"("live":null})"
        "\n"
    );
}

TEST_F(TableCommands, StatusOfARunThatStoppedTellsWhatToDo) {
    status_ = running();
    status_.state = MigrationState::stopped;
    status_.connection.reset();
    EXPECT_EQ(run({"status", "s.t"}), ExitCode::done);
    EXPECT_THAT(output_.out, StartsWith("s.t: a migration is not running, and can go on\n"));
    EXPECT_THAT(output_.out, HasSubstr("(25.0 %), last 1000/s, ETA 1m30s from when it goes on\n"));
    EXPECT_THAT(output_.out, HasSubstr("since 2026-01-02T03:04:05Z; gone\n"));
    EXPECT_THAT(
        output_.out, HasSubstr("the same doppel alter goes on with it; doppel cleanup s.t")
    );
    EXPECT_EQ(run({"status", "--json", "s.t"}), ExitCode::done);
    const auto object = nlohmann::json::parse(output_.out);
    EXPECT_EQ(object.at("state"), "stopped");
    EXPECT_EQ(object.at("running"), false);
    EXPECT_EQ(object.at("checkpoint").at("eta_seconds"), 90);
    EXPECT_EQ(object.at("checkpoint").at("rows_per_second"), 1'000);
    EXPECT_EQ(object.at("checkpoint").at("feed_lag_seconds"), 0.5);
}

TEST_F(TableCommands, StatusOfEveryOtherKind) {
    const auto text = [&](MigrationState state) {
        status_.state = state;
        EXPECT_EQ(run({"status", "s.t"}), ExitCode::done);
        return output_.out;
    };
    status_.table = "s.t";
    EXPECT_EQ(text(MigrationState::none), "s.t: there is no migration\n");
    status_.table_exists = false;
    EXPECT_THAT(text(MigrationState::none), HasSubstr("does not exist"));
    status_.in_the_way = {"s._t_new"};
    EXPECT_THAT(text(MigrationState::none), HasSubstr("s._t_new, which is not the migration's"));
    status_.problem = "its record\x1b is wrong";
    EXPECT_THAT(text(MigrationState::unreadable), HasSubstr("its record\\x1b is wrong"));
    status_.old_table = "s._t_old";
    EXPECT_THAT(text(MigrationState::swapped), HasSubstr("but has not cleaned up"));
    EXPECT_THAT(text(MigrationState::swapped), HasSubstr("s._t_old (former table)"));
    status_.connection = 3;
    EXPECT_THAT(text(MigrationState::swapped), HasSubstr("done, and cleaning up"));
    EXPECT_THAT(text(MigrationState::preparing), HasSubstr("connection 3 holds the lock"));
    EXPECT_THAT(text(MigrationState::preparing), Not(HasSubstr("what to do")));
}

TEST_F(TableCommands, CleanupAsksOnATerminal) {
    plan_something();
    can_ask_ = true;
    input_.str("yes\n");
    EXPECT_EQ(run({"cleanup", "s.t"}), ExitCode::done);
    EXPECT_EQ(
        output_.out,
        "s.t: what is left of a migration that is not done, last run by process 77 on admin1 since "
        "2026-01-02T03:04:05Z:\n"
        "  ALTER TABLE s.t FORCE\n"
        "to remove: s._t_new (the shadow, ~1,234 rows)\n"
        "to remove: s._t_doppel (the migration's state)\n"
        "stays: s._t_old (it is the former table)\n"
        "Remove what is named? Write yes: removed s._t_new\n"
        "removed s._t_doppel\n"
    );
    for (const char* answer : {"", "y\n", "no\n", "yes, no\n"}) {
        input_.clear();
        input_.str(answer);
        EXPECT_EQ(run({"cleanup", "s.t"}), ExitCode::stopped) << answer;
        EXPECT_THAT(output_.out, Not(HasSubstr("removed")));
    }
}

TEST_F(TableCommands, CleanupWithoutATerminalNeedsYes) {
    plan_something();
    input_.str("yes\n");
    EXPECT_EQ(run({"cleanup", "s.t"}), ExitCode::refused);
    EXPECT_THAT(output_.out, HasSubstr("to remove: s._t_new"));
    EXPECT_THAT(output_.err, HasSubstr("add --yes"));
    EXPECT_FALSE(confirmed_);
    can_ask_ = true;
    EXPECT_EQ(run({"cleanup", "--json", "s.t"}), ExitCode::refused);
    EXPECT_FALSE(confirmed_);
    can_ask_ = false;
    EXPECT_EQ(run({"cleanup", "--yes", "--quiet", "s.t"}), ExitCode::done);
    EXPECT_EQ(output_.out, "");
    EXPECT_TRUE(confirmed_);
}

TEST_F(TableCommands, CleanupAsJson) {
    plan_something();
    EXPECT_EQ(run({"cleanup", "--yes", "--json", "s.t"}), ExitCode::done);
    EXPECT_EQ(
        output_.out,
        R"({"event":"cleanup","time":"2026-01-02T03:04:05.006Z","table":"s.t","swapped":false,)"
        R"("statement":"ALTER TABLE s.t FORCE","host":"admin1","process_id":77,)"
        R"("began_at":"2026-01-02T03:04:05Z",)"
        R"("remove":[{"kind":"shadow","table":"s._t_new","rows_estimated":1234},)"
        R"({"kind":"state","table":"s._t_doppel","rows_estimated":69}],)"
        R"("keep":[{"table":"s._t_old","reason":"it is the former table"}]})"
        "\n"
        R"({"event":"removed","time":"2026-01-02T03:04:05.006Z","kind":"shadow","table":"s._t_new"})"
        "\n"
        R"({"event":"removed","time":"2026-01-02T03:04:05.006Z","kind":"state","table":"s._t_doppel"})"
        "\n"
    );
}

TEST_F(TableCommands, CleanupOfNothingAsksNothing) {
    plan_.table = "s.t";
    plan_.keep = {{"s._t_new", "no state table marks it"}};
    EXPECT_EQ(run({"cleanup", "s.t"}), ExitCode::done);
    EXPECT_EQ(
        output_.out,
        "s.t: there is nothing to clean up\nstays: s._t_new (no state table marks it)\n"
    );
}

}  // namespace
}  // namespace doppel::cli
