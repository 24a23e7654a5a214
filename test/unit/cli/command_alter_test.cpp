// SPDX-License-Identifier: Apache-2.0
#include "tools/doppel/dispatch.hpp"
#include "unit/cli/fakes.hpp"

#include <sstream>

#include <gmock/gmock.h>

namespace doppel::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Command : public testing::Test {
protected:
    ExitCode run(const std::vector<std::string>& words) {
        output_.out.clear();
        output_.err.clear();
        const CommandContext context{
            system_,
            output_,
            input_,
            false,
            [] { return std::size_t{0}; },
            stopped_clock(),
            [this](
                const std::string& statement,
                const ConnectionOptions& connection,
                const MigrationOptions& options,
                Observer& observer,
                const Logger& logger
            ) {
                ++runs_;
                statement_ = statement;
                connection_ = connection;
                options_ = options;
                logger.debug("connecting to {}", connection.describe());
                for (const ProgressEvent& event : events_) {
                    observer.on_event(event);
                }
                return outcome_;
            },
            [this](const VerifyRequest& request, const ConnectionOptions& connection, const VerifyOptions& options, Observer&, const Logger&) {
                request_ = request;
                connection_ = connection;
                verify_options_ = options;
                return outcome_;
            }};
        return dispatch(words, context);
    }

    FakeSystem system_;
    CapturedOutput output_;
    std::istringstream input_;
    std::vector<ProgressEvent> events_;
    Outcome outcome_{true, Errc::failed, ""};
    int runs_ = 0;
    std::string statement_;
    ConnectionOptions connection_;
    MigrationOptions options_;
    VerifyRequest request_;
    VerifyOptions verify_options_;
};

TEST_F(Command, PassesEverythingToTheMigration) {
    system_.files["/etc/my.cnf"] =
        "[client]\nuser=bob\npassword='pa ss'\n[doppel]\nchunk-rows=50\n";
    events_ = {Summary{"instant", "shop.t", "", {}, {}}};
    EXPECT_EQ(run({"alter", "-hdb1", "--drop-old", "ALTER TABLE t"}), ExitCode::done);
    EXPECT_EQ(statement_, "ALTER TABLE t");
    EXPECT_EQ(connection_.describe(), "bob@db1:3306");
    EXPECT_EQ(connection_.password, "pa ss");
    EXPECT_EQ(options_.chunk_rows_max, 50U);
    EXPECT_TRUE(options_.drop_old);
    EXPECT_EQ(output_.out, "2026-01-02T03:04:05.006Z done: shop.t was changed in 0ms (instant)\n");
    EXPECT_EQ(output_.err, "");
}

TEST_F(Command, VerifyPassesBothTablesOn) {
    // Group [doppel] is shared with alter, whose options must not be in the way.
    system_.files["/etc/my.cnf"] = "[client]\nuser=bob\n[doppel]\ndrop-old\nchunk-rows=50\n";
    EXPECT_EQ(run({"verify", "-hdb1", "--columns=x=y", "s.a", "s.b"}), ExitCode::done);
    EXPECT_EQ(request_.first, "s.a");
    EXPECT_EQ(request_.second, "s.b");
    EXPECT_EQ(request_.columns, "x=y");
    EXPECT_EQ(verify_options_.chunk_rows_max, 50U);
    EXPECT_EQ(verify_options_.silence_limit, MigrationOptions().silence_limit);
    EXPECT_EQ(connection_.describe(), "bob@db1:3306");
    outcome_ = {false, Errc::failed, "s.a and s.b differ"};
    EXPECT_EQ(run({"verify", "s.a", "s.b"}), ExitCode::failed);
    EXPECT_EQ(output_.err, "doppel: s.a and s.b differ\n");
    EXPECT_EQ(run({"verify", "s.a"}), ExitCode::usage);
    EXPECT_EQ(run({"verify", "--drop-old", "s.a", "s.b"}), ExitCode::usage);
    EXPECT_EQ(run({"verify", "--help"}), ExitCode::done);
    EXPECT_THAT(output_.out, HasSubstr("doppel verify [options] db.a db.b"));
}

TEST_F(Command, VerificationOfAMigrationCanBeSwitchedOff) {
    EXPECT_EQ(run({"alter", "x"}), ExitCode::done);
    EXPECT_TRUE(options_.verify);
    EXPECT_EQ(run({"alter", "--verify=off", "x"}), ExitCode::done);
    EXPECT_FALSE(options_.verify);
    EXPECT_EQ(run({"alter", "--verify=on", "x"}), ExitCode::done);
    EXPECT_TRUE(options_.verify);
    EXPECT_EQ(run({"alter", "--verify=maybe", "x"}), ExitCode::usage);
    EXPECT_THAT(output_.err, HasSubstr("neither on nor off"));
}

TEST_F(Command, EveryOutcomeHasItsExitCode) {
    const std::vector<std::pair<Errc, int>> codes{
        {Errc::failed, 1},
        {Errc::usage, 2},
        {Errc::refused, 3},
        {Errc::interrupted, 4},
        {Errc::data_misfit, 5},
        {Errc::stopped, 130}};
    for (const auto& [code, number] : codes) {
        outcome_ = {false, code, "it went wrong"};
        EXPECT_EQ(static_cast<int>(run({"alter", "x"})), number);
        EXPECT_EQ(output_.err, "doppel: it went wrong\n");
    }
}

TEST_F(Command, RefusalsComeTogetherBeforeTheLastSentence) {
    const Findings findings{
        {{"a", Finding::Level::refusal, "one", "do"},
         {"b", Finding::Level::refusal, "two", "this"}}};
    events_ = {findings};
    outcome_ = {false, Errc::refused, "refused; nothing was changed"};
    EXPECT_EQ(run({"alter", "-q", "x"}), ExitCode::refused);
    EXPECT_EQ(
        output_.err,
        "refused [a]: one\n    what to do: do\nrefused [b]: two\n    what to do: this\n"
        "doppel: refused; nothing was changed\n"
    );
}

TEST_F(Command, AMessageWithoutASummaryIsShown) {
    outcome_.message = "there was nothing to do";
    EXPECT_EQ(run({"alter", "x"}), ExitCode::done);
    EXPECT_THAT(output_.out, HasSubstr("there was nothing to do"));
}

TEST_F(Command, JsonIsTheOnlyThingOnStandardOutput) {
    events_ = {PhaseChanged{Phase::connecting}};
    outcome_ = {false, Errc::interrupted, "lost the server"};
    EXPECT_EQ(run({"alter", "--json", "-v", "x"}), ExitCode::interrupted);
    EXPECT_EQ(
        output_.out,
        "{\"event\":\"phase\",\"time\":\"2026-01-02T03:04:05.006Z\",\"phase\":\"connecting\"}\n"
        "{\"event\":\"error\",\"time\":\"2026-01-02T03:04:05.006Z\",\"code\":\"interrupted\","
        "\"exit_code\":4,\"message\":\"lost the server\"}\n"
    );
    EXPECT_THAT(output_.err, HasSubstr("debug: connecting to operator@"));
    EXPECT_THAT(output_.err, HasSubstr("doppel: lost the server\n"));
}

TEST_F(Command, UsageErrorsAreJsonToo) {
    EXPECT_EQ(run({"alter", "--json", "--chunk-time=5", "x"}), ExitCode::usage);
    EXPECT_THAT(output_.out, HasSubstr("\"code\":\"usage\",\"exit_code\":2"));
    EXPECT_THAT(output_.err, StartsWith("doppel: --chunk-time: '5' has no unit"));
    EXPECT_EQ(runs_, 0);
}

TEST_F(Command, WarningsOfTheOptionsAreShownEvenWhenTheyAreWrong) {
    system_.files["/etc/my.cnf"] = "[client]\nuser=bob\n";
    system_.world_writable.insert("/etc/my.cnf");
    EXPECT_EQ(run({"alter", "--chunk-rows=x", "x"}), ExitCode::usage);
    EXPECT_THAT(output_.err, StartsWith("doppel: warning: option file /etc/my.cnf is ignored"));
}

TEST_F(Command, NoOutputHoldsThePassword) {
    events_ = {PhaseChanged{Phase::connecting}, Progress(), Summary()};
    system_.variables["MYSQL_PWD"] = "topsecret";
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"alter", "-v", "-ptopsecret", "x"},
             {"alter", "-v", "--json", "--password=topsecret", "x"},
             {"alter", "-v", "-p", "topsecret", "x"},
             {"alter", "-v", "--pasword=topsecret", "x"},
             {"alter", "-v", "x"},
             {"-ptopsecret", "alter", "x"}}) {
        for (const bool ok : {true, false}) {
            outcome_ = {ok, Errc::failed, "no"};
            (void)run(words);
            EXPECT_THAT(output_.out + output_.err, Not(HasSubstr("topsecret")));
        }
    }
}

TEST_F(Command, HelpAndVersionNeedNothingElse) {
    system_.files["/etc/my.cnf"] = "broken";
    EXPECT_EQ(run({"alter", "--help"}), ExitCode::done);
    for (const char* text :
         {"--cutover-attempts=NUMBER", "Default: 60.", "Exit codes:", "  130  "}) {
        EXPECT_THAT(output_.out, HasSubstr(text));
    }
    EXPECT_EQ(run({"--help"}), ExitCode::done);
    EXPECT_THAT(output_.out, HasSubstr("doppel alter"));
    EXPECT_EQ(run({"--version"}), ExitCode::done);
    EXPECT_THAT(output_.out, StartsWith("doppel "));
    EXPECT_EQ(runs_, 0);
}

TEST_F(Command, AnUnknownCommandNamesThoseThatExist) {
    EXPECT_EQ(run({"revert"}), ExitCode::usage);
    EXPECT_EQ(
        output_.err,
        "doppel: unknown command 'revert'; the commands are: alter, verify, status, pause, resume, "
        "cutover, abort, set, cleanup; see "
        "doppel --help\n"
    );
    EXPECT_EQ(run({"atler"}), ExitCode::usage);
    EXPECT_THAT(output_.err, HasSubstr("did you mean alter?"));
    EXPECT_EQ(run({}), ExitCode::usage);
    EXPECT_THAT(output_.err, HasSubstr("the command is missing"));
    EXPECT_EQ(run({"ALTER TABLE t ENGINE=InnoDB"}), ExitCode::usage);
    EXPECT_THAT(output_.err, HasSubstr("write: doppel alter \"ALTER TABLE ..\""));
    EXPECT_EQ(run({"-hdb1", "alter"}), ExitCode::usage);
    EXPECT_THAT(output_.err, HasSubstr("the command comes before its options"));
}

}  // namespace
}  // namespace doppel::cli
