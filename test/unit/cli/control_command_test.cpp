// SPDX-License-Identifier: Apache-2.0
//
// Words to a running migration with a fake of the run, options of the throttle, and how it is
// shown.
#include "tools/doppel/dispatch.hpp"
#include "tools/doppel/options.hpp"
#include "tools/doppel/render_text.hpp"
#include "tools/doppel/render_throttle.hpp"
#include "unit/cli/fakes.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace doppel::cli {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class ControlCommands : public testing::Test {
protected:
    ExitCode run(const std::vector<std::string>& words) {
        output_.out.clear();
        output_.err.clear();
        CommandContext context{
            system_, output_, input_, false, [] { return std::size_t{0}; }, stopped_clock(), {}};
        context.send_control =
            [this](const std::string& table, const ConnectionOptions&, const std::string& socket, const ControlRequest& request, const Logger&) {
                table_ = table;
                socket_ = socket;
                request_ = request;
                return result_;
            };
        context.read_status = [this](const std::string&, const ConnectionOptions&, const Logger&) {
            return StatusResult{{true, Errc::failed, "", std::nullopt}, status_};
        };
        return dispatch(words, context);
    }

    FakeSystem system_;
    CapturedOutput output_;
    std::istringstream input_;
    ControlResult result_{
        {true, Errc::failed, "it is done", std::nullopt}, R"({"ok":true,"message":"it is done"})"};
    MigrationStatus status_;
    std::string table_;
    std::string socket_;
    ControlRequest request_;
};

TEST_F(ControlCommands, SendTheirWord) {
    for (const std::string command : {"pause", "resume", "cutover", "abort"}) {
        EXPECT_EQ(run({command, "--control-socket=/run/x", "shop.orders"}), ExitCode::done);
        EXPECT_EQ(output_.out, "it is done\n");
        EXPECT_EQ(table_, "shop.orders");
        EXPECT_EQ(socket_, "/run/x");
        EXPECT_EQ(request_.command, command);
        EXPECT_EQ(run({command}), ExitCode::usage);
        EXPECT_EQ(run({command, "--help"}), ExitCode::done);
        EXPECT_THAT(output_.out, HasSubstr("doppel " + command + " [options] db.t"));
    }
    EXPECT_EQ(run({"set", "max-load=Threads_running=25", "shop.orders"}), ExitCode::done);
    EXPECT_EQ(request_.command, "set");
    EXPECT_EQ(request_.name, "max-load");
    EXPECT_EQ(request_.value, "Threads_running=25");
    for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
             {"set"}, {"set", "nice=0"}, {"set", "nice", "t"}, {"set", "=1", "t"}}) {
        EXPECT_EQ(run(bad), ExitCode::usage);
        EXPECT_THAT(output_.err, HasSubstr("doppel set max-lag=500ms db.t"));
    }
    EXPECT_EQ(run({"set", "--help"}), ExitCode::done);
    EXPECT_THAT(output_.out, HasSubstr("max-lag, critical-lag, "));
}

TEST_F(ControlCommands, AnswerInJson) {
    EXPECT_EQ(run({"pause", "--json", "s.t"}), ExitCode::done);
    EXPECT_EQ(
        output_.out,
        R"({"event":"control","time":"2026-01-02T03:04:05.006Z","command":"pause","table":"s.t",)"
        R"("ok":true,"message":"it is done"})"
        "\n"
    );
    result_ = {{false, Errc::refused, "no such run", std::nullopt}, ""};
    EXPECT_EQ(run({"pause", "--json", "s.t"}), ExitCode::refused);
    EXPECT_EQ(output_.err, "doppel: no such run\n");
    EXPECT_THAT(output_.out, HasSubstr(R"("exit_code":3)"));
}

TEST_F(ControlCommands, StatusShowsWhatTheRunSaysOrWhatItWroteDown) {
    status_.state = MigrationState::running;
    status_.table = "s.t";
    status_.connection = 12;
    status_.checkpoint.emplace();
    status_.checkpoint->phase = "copying";
    status_.checkpoint->copy_share = 0;
    status_.checkpoint->throttle_reason = "old news";
    result_.details =
        R"({"ok":true,"throttle":{"copy_share":0.35,"reason":"replica db2:3306 is 0.6s)"
        R"( behind, --max-lag is 1s","replicas":[{"address":"db2:3306",)"
        R"("lag_seconds":0.61},{"address":"db3:3306","problem":"refused",)"
        R"("counts":false}],"held":[{"cause":"replica-lag","seconds":12.34}]}})";
    EXPECT_EQ(run({"status", "s.t"}), ExitCode::done);
    EXPECT_EQ(request_.command, "status");
    EXPECT_THAT(
        output_.out,
        HasSubstr(
            "  throttle    held back to 35 %: replica db2:3306 is 0.6s behind, --max-lag is 1s\n"
            "  replicas    db2:3306 0.6s, db3:3306 cannot be read and does not count (refused)\n"
            "  so far      held back for 12.3s (replica-lag 12.3s)\n"
        )
    );
    result_ = {{false, Errc::refused, "no such run", std::nullopt}, ""};
    EXPECT_EQ(run({"status", "s.t"}), ExitCode::done);
    EXPECT_THAT(output_.out, HasSubstr("  throttle    on hold: old news\n"));
}

TEST(Throttle, IsShownInProgressAndAtTheEnd) {
    Progress progress;
    progress.phase = Phase::copying;
    progress.throttle.copy_share = 0;
    progress.throttle.reason = "paused by doppel pause for 2s; doppel resume ends it";
    EXPECT_THAT(
        format_progress(progress), HasSubstr("; on hold: paused by doppel pause for 2s; doppel")
    );
    progress.phase = Phase::draining;
    EXPECT_EQ(format_progress(progress).find("on hold"), std::string::npos);
    Summary summary;
    summary.method = "shadow";
    summary.table = "s.t";
    summary.progress.throttle.held = {{"replica-lag", 10.1}, {"window", 2.2}, {"paused", 0.01}};
    EXPECT_THAT(
        format_summary(summary), HasSubstr("; held back for 12.3s (replica-lag 10.1s, window 2.2s)")
    );
}

MigrationOptions options_of(const std::vector<std::string>& words) {
    FakeSystem system;
    const OptionTable table = alter_option_table();
    const Settings settings =
        read_settings(table, parse_command_line(table, words), "doppel", system);
    return migration_options(settings);
}

TEST(ThrottleOptionsOfTheCommand, DefaultsAreTheLibrarys) {
    const ThrottleOptions given = options_of({}).throttle;
    EXPECT_EQ(given.max_lag, milliseconds(1'000));
    EXPECT_TRUE(given.find_replicas);
    EXPECT_FALSE(given.postpone_cutover);
    EXPECT_EQ(given.grace, milliseconds(5'000));
    EXPECT_TRUE(options_of({}).control);
}

TEST(ThrottleOptionsOfTheCommand, EveryFieldHasAnOption) {
    const MigrationOptions options = options_of(
        {"--max-lag=500ms",
         "--critical-lag=1m",
         "--replica=db2",
         "--replica=db3:3307",
         "--replica-may-vanish=db4",
         "--ignore-replica=db5",
         "--max-load=Threads_running=25",
         "--critical-load=Threads_running=50",
         "--max-commit-latency=20ms",
         "--critical-commit-latency=1s",
         "--max-history-length=100k",
         "--critical-history-length=1M",
         "--throttle-query=SELECT 0",
         "--throttle-http=http://h/ok",
         "--throttle-flag-file=/tmp/f",
         "--throttle-grace=2s",
         "--critical-action=pause",
         "--nice=0.25",
         "--window=22:00-06:00 UTC",
         "--cutover-window=23:00-23:30",
         "--postpone-cutover=/tmp/p",
         "--control=off",
         "--control-socket=/tmp/s"}
    );
    const ThrottleOptions& given = options.throttle;
    EXPECT_EQ(given.max_lag, milliseconds(500));
    EXPECT_EQ(given.critical_lag, milliseconds(60'000));
    EXPECT_EQ(given.replicas.size(), 2U);
    EXPECT_EQ(given.may_vanish.size(), 1U);
    EXPECT_EQ(given.ignored.size(), 1U);
    EXPECT_EQ(given.max_load, (std::vector<StatusLimit>{{"Threads_running", 25}}));
    EXPECT_EQ(given.critical_load, (std::vector<StatusLimit>{{"Threads_running", 50}}));
    EXPECT_EQ(given.max_commit_latency, milliseconds(20));
    EXPECT_EQ(given.critical_commit_latency, milliseconds(1'000));
    EXPECT_EQ(given.max_history_length, 100'000U);
    EXPECT_EQ(given.critical_history_length, 1'000'000U);
    EXPECT_EQ(given.query, "SELECT 0");
    EXPECT_EQ(given.http, "http://h/ok");
    EXPECT_EQ(given.flag_file, "/tmp/f");
    EXPECT_EQ(given.grace, milliseconds(2'000));
    EXPECT_EQ(given.critical_action, CriticalAction::pause);
    EXPECT_EQ(given.nice, 0.25);
    EXPECT_EQ(given.window, (DailyWindow{22 * 60, 6 * 60, "UTC"}));
    EXPECT_EQ(given.cutover_window, (DailyWindow{23 * 60, 23 * 60 + 30, ""}));
    EXPECT_EQ(given.postpone_file, "/tmp/p");
    EXPECT_FALSE(given.postpone_cutover);
    EXPECT_FALSE(options.control);
    EXPECT_EQ(options.control_socket, "/tmp/s");
    EXPECT_TRUE(options_of({"--postpone-cutover"}).throttle.postpone_cutover);
    EXPECT_FALSE(options_of({"--replica=none"}).throttle.find_replicas);
}

TEST(ThrottleOptionsOfTheCommand, ABadValueIsSaidWithItsOption) {
    EXPECT_EQ(
        usage_error([] { (void)options_of({"--max-lag=1ms"}); }),
        "--max-lag: 1ms is not between 50ms and 1h"
    );
    EXPECT_THAT(
        usage_error([] { (void)options_of({"--window=22-6"}); }), HasSubstr("--window: '22-6'")
    );
    EXPECT_THAT(usage_error([] { (void)options_of({"--control=maybe"}); }), HasSubstr("on or off"));
    EXPECT_THAT(
        usage_error([] { (void)options_of({"--critical-lag=500ms"}); }),
        HasSubstr("--critical-lag (500ms) is below max-lag (1s)")
    );
}

}  // namespace
}  // namespace doppel::cli
