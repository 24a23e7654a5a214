// SPDX-License-Identifier: Apache-2.0
#include "throttle/beat_log.hpp"
#include "throttle/controller.hpp"
#include "throttle/held_time.hpp"
#include "throttle/http_signal.hpp"
#include "throttle/measure.hpp"
#include "throttle/orders.hpp"
#include "throttle/server_signals.hpp"

#include <cstdio>
#include <fstream>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

const Clock::time_point kBegin{std::chrono::hours(1)};

sql::Rows status(const std::string& name, const std::string& value) {
    sql::Rows rows;
    rows.columns = {"Variable_name", "Value"};
    rows.rows = {{name, value}};
    return rows;
}

TEST(BeatLog, ToldByTheNewestBeatThatAServerShows) {
    BeatLog log(41);
    EXPECT_EQ(log.lag(std::nullopt, kBegin), Clock::duration::zero()) << "nothing was written yet";
    EXPECT_EQ(log.begin(kBegin), 42U);
    EXPECT_EQ(log.begin(kBegin + milliseconds(100)), 43U);
    EXPECT_EQ(log.lag(43, kBegin + milliseconds(130)), milliseconds(30));
    EXPECT_EQ(log.lag(42, kBegin + milliseconds(130)), milliseconds(130));
}

TEST(BeatLog, BeatsOfAnEarlierRunSayNothing) {
    BeatLog log(41);
    log.begin(kBegin);
    log.begin(kBegin + seconds(5));
    EXPECT_EQ(log.lag(41, kBegin + seconds(6)), seconds(6));
    EXPECT_EQ(log.lag(7, kBegin + seconds(6)), seconds(6));
    EXPECT_FALSE(log.has_begun(41));
    EXPECT_TRUE(log.has_begun(42));
    EXPECT_EQ(log.lag(std::nullopt, kBegin + seconds(6)), seconds(6));
}

TEST(BeatLog, ANumberThatWasNotWrittenYetSaysNothing) {
    BeatLog log(0);
    log.begin(kBegin);
    log.begin(kBegin + seconds(5));
    EXPECT_FALSE(log.has_begun(3));
    EXPECT_EQ(log.lag(1'000'000, kBegin + seconds(6)), seconds(6));
}

TEST(BeatLog, WhoIsFartherBehindThanWhatIsKeptIsSoAtLeast) {
    BeatLog log(0);
    for (int i = 0; i < 40'000; ++i) {
        log.begin(kBegin + milliseconds(100) * i);
    }
    EXPECT_GE(log.lag(1, kBegin + milliseconds(100) * 40'000), seconds(3'600));
    EXPECT_EQ(log.lag(40'000, kBegin + milliseconds(100) * 40'000), milliseconds(100));
}

TEST(BeatLog, SilenceBeginsWithTheLastBeatThatWasAcknowledged) {
    BeatLog log(0);
    log.begin(kBegin);
    EXPECT_EQ(log.silence(kBegin + seconds(1)), seconds(1));
    log.acknowledged(kBegin + seconds(1));
    EXPECT_EQ(log.silence(kBegin + seconds(3)), seconds(2));
}

TEST(Measure, WhatCannotBeReadIsOverItsLimitAfterTheGrace) {
    Measure measure(kBegin);
    const Judgement judgement{"n", "max-load", "Threads_running", "", "--max-load", "", 25.0, {}};
    measure.read(kBegin, 5);
    EXPECT_LT(judge(judgement, measure, kBegin, seconds(5)).level, 1);
    measure.failed("gone away");
    EXPECT_LT(judge(judgement, measure, kBegin + seconds(4), seconds(5)).level, 1);
    const Pressure late = judge(judgement, measure, kBegin + seconds(6), seconds(5));
    EXPECT_GE(late.level, 1);
    EXPECT_EQ(late.reason, "Threads_running could not be read for 6s: gone away");
    EXPECT_FALSE(late.critical) << "that ends no run";
    measure.read(kBegin + seconds(7), 5);
    EXPECT_LT(judge(judgement, measure, kBegin + seconds(7), seconds(5)).level, 1);
}

TEST(Measure, NothingIsCopiedBeforeItWasRead) {
    Measure measure(kBegin);
    const Judgement judgement{"n", "max-load", "x", "", "--x", "", 25.0, {}};
    const Pressure first = judge(judgement, measure, kBegin, seconds(5));
    EXPECT_GE(first.level, 1);
    EXPECT_EQ(first.cause, "starting");
    EXPECT_EQ(first.reason, "x has not been read yet");
    measure.failed("no such table");
    const Pressure failed = judge(judgement, measure, kBegin + seconds(1), seconds(5));
    EXPECT_GE(failed.level, 1) << "there is no last value for which a grace could hold";
    EXPECT_EQ(failed.cause, "max-load");
    EXPECT_EQ(failed.reason, "x could not be read for 1s: no such table");
    measure.read(kBegin + seconds(2), 5);
    EXPECT_LT(judge(judgement, measure, kBegin + seconds(2), seconds(5)).level, 1);
}

TEST(Measure, AHardLimitNeedsTwoReadingsInARow) {
    Measure measure(kBegin);
    const Judgement judgement{
        "n", "max-load", "Threads_running", "", "--max-load", "--critical-load", 25.0, 50.0};
    measure.read(kBegin, 60);
    EXPECT_FALSE(judge(judgement, measure, kBegin, seconds(5)).critical);
    measure.read(kBegin + milliseconds(200), 3);
    measure.read(kBegin + milliseconds(400), 60);
    EXPECT_FALSE(judge(judgement, measure, kBegin + milliseconds(400), seconds(5)).critical);
    measure.read(kBegin + milliseconds(600), 50);
    const Pressure pressure = judge(judgement, measure, kBegin + milliseconds(600), seconds(5));
    EXPECT_TRUE(pressure.critical);
    EXPECT_EQ(pressure.reason, "Threads_running is 50, --critical-load is 50");
}

TEST(Measure, OneReadingAtTheSoftLimitStopsAndBelowItTheAverageCounts) {
    Measure measure(kBegin);
    const Judgement judgement{"n", "c", "Threads_running", "", "--max-load", "", 25.0, {}};
    measure.read(kBegin, 1);
    measure.read(kBegin + milliseconds(200), 24);
    EXPECT_LT(judge(judgement, measure, kBegin + milliseconds(200), seconds(5)).level, 0.5);
    measure.read(kBegin + milliseconds(400), 25);
    EXPECT_GE(judge(judgement, measure, kBegin + milliseconds(400), seconds(5)).level, 1);
}

TEST(LoadSignal, AsksForWhatHasALimitNow) {
    ThrottleOptions options;
    LoadSignal signal(options);
    EXPECT_EQ(signal.statement(), "");
    options.max_load = {{"Threads_running", 25}};
    options.critical_load = {{"threads_RUNNING", 50}, {"Threads_connected", 100}};
    EXPECT_THAT(signal.statement(), HasSubstr("IN ('Threads_connected', 'Threads_running')"));
    signal.read(kBegin, signal.statement(), status("Threads_running", "26"));
    std::vector<Pressure> pressures;
    signal.report(kBegin, pressures);
    ASSERT_EQ(pressures.size(), 2U);
    EXPECT_EQ(pressures[1].reason, "Threads_running is 26, --max-load is 25");
    EXPECT_GE(pressures[1].level, 1);
    options.max_load.clear();
    options.critical_load.clear();
    pressures.clear();
    signal.report(kBegin, pressures);
    EXPECT_TRUE(pressures.empty());
}

TEST(LoadSignal, AVariableThatDoesNotExistIsSaid) {
    ThrottleOptions options;
    options.max_load = {{"Threads_runing", 25}};
    LoadSignal signal(options);
    signal.read(kBegin, signal.statement(), sql::Rows());
    std::vector<Pressure> pressures;
    signal.report(kBegin + seconds(6), pressures);
    ASSERT_EQ(pressures.size(), 1U);
    EXPECT_GE(pressures[0].level, 1);
    EXPECT_THAT(pressures[0].reason, HasSubstr("the server has no such status variable"));
}

TEST(Measure, IsNotMissingBetweenTwoReadings) {
    Measure measure(kBegin);
    const Judgement judgement{"n", "c", "x", "", "--x", "", 25.0, {}};
    measure.read(kBegin, 5);
    EXPECT_LT(judge(judgement, measure, kBegin + seconds(1), milliseconds(300)).level, 1);
    measure.failed("gone away");
    EXPECT_GE(judge(judgement, measure, kBegin + seconds(1), milliseconds(300)).level, 1);
}

// Having waited for the first number says nothing about how much the server bears.
TEST(Measure, LetsAllThroughOnceItWasRead) {
    Controller controller;
    Measure measure(kBegin);
    const Judgement judgement{"n", "max-load", "x", "", "--x", "", 25.0, {}};
    const auto share_at = [&](milliseconds time) {
        controller.step(kBegin + time, {judge(judgement, measure, kBegin + time, seconds(5))});
        return controller.copy_share();
    };
    for (milliseconds time{0}; time < seconds(2); time += milliseconds(50)) {
        EXPECT_EQ(share_at(time), 0);
    }
    measure.read(kBegin + seconds(2), 5);
    EXPECT_EQ(share_at(seconds(2)), 1);
}

TEST(QuerySignal, KnowsNothingOfAnotherQuery) {
    ThrottleOptions options;
    options.query = "SELECT 0";
    QuerySignal signal(options);
    const auto cause = [&] {
        std::vector<Pressure> pressures;
        signal.report(Clock::now(), pressures);
        return pressures.at(0).level >= 1 ? pressures.at(0).cause : "";
    };
    sql::Rows zero;
    zero.rows = {{"0"}};
    signal.read(Clock::now(), "SELECT 0", zero);
    EXPECT_EQ(cause(), "");
    options.query = "SELECT 0 FROM jobs";
    EXPECT_EQ(cause(), "starting");
    signal.read(Clock::now(), "SELECT 0", zero);
    EXPECT_EQ(cause(), "starting") << "it was under way when the query was changed";
    signal.read(Clock::now(), "SELECT 0 FROM jobs", zero);
    EXPECT_EQ(cause(), "");
}

TEST(LoadSignal, KnowsNothingOfAVariableThatWasNotAskedFor) {
    ThrottleOptions options;
    options.max_load = {{"Threads_running", 25}};
    LoadSignal signal(options);
    const std::string asked = signal.statement();
    options.max_load.push_back({"Threads_connected", 100});
    signal.read(kBegin, asked, status("Threads_running", "5"));
    std::vector<Pressure> pressures;
    signal.report(kBegin, pressures);
    ASSERT_EQ(pressures.size(), 2U);
    EXPECT_EQ(pressures[0].cause, "starting") << pressures[0].reason;
    EXPECT_LT(pressures[1].level, 1);
}

TEST(HttpSignal, IsClosedUntilItWasAnswered) {
    ThrottleOptions options;
    options.http = "http://127.0.0.1:1/ok";
    boost::asio::io_context context;
    async::Event ended(context.get_executor());
    const bool stopping = false;
    const HttpSignal signal(options, ended, stopping);
    std::vector<Pressure> pressures;
    signal.report(Clock::now(), pressures);
    ASSERT_EQ(pressures.size(), 1U);
    EXPECT_GE(pressures[0].level, 1);
    EXPECT_EQ(pressures[0].cause, "starting");
}

TEST(QuerySignal, IsClosedUntilItWasRead) {
    ThrottleOptions options;
    options.query = "SELECT 0";
    QuerySignal signal(options);
    std::vector<Pressure> pressures;
    signal.report(Clock::now(), pressures);
    EXPECT_GE(pressures.at(0).level, 1);
    EXPECT_EQ(pressures.at(0).cause, "starting");
}

TEST(QuerySignal, IsClosedWhileTheFirstValueIsNotZero) {
    ThrottleOptions options;
    options.query = "SELECT COUNT(*) FROM jobs";
    QuerySignal signal(options);
    const auto level = [&](const sql::Rows& rows) {
        signal.read(Clock::now(), signal.statement(), rows);
        std::vector<Pressure> pressures;
        signal.report(Clock::now(), pressures);
        return pressures.at(0).level;
    };
    EXPECT_EQ(level(status("0", "x")), 0);
    EXPECT_GE(level(status("3", "x")), 1);
    EXPECT_EQ(level(sql::Rows()), 0);
    sql::Rows null;
    null.rows = {{std::nullopt}};
    EXPECT_EQ(level(null), 0);
}

TEST(LocalSignals, PauseAndFlagFileStandForThemselves) {
    Orders orders;
    const LocalSignals signals(orders);
    std::vector<Pressure> pressures;
    signals.report(kBegin, pressures);
    EXPECT_TRUE(pressures.empty());
    orders.paused_since = kBegin;
    const std::string file = fmt::format("/tmp/doppel-flag-{}", ::getpid());
    orders.options.flag_file = file;
    signals.report(kBegin + seconds(12), pressures);
    ASSERT_EQ(pressures.size(), 1U);
    EXPECT_EQ(pressures[0].reason, "paused by doppel pause for 12s; doppel resume ends it");
    std::ofstream(file) << "";
    pressures.clear();
    signals.report(kBegin, pressures);
    EXPECT_EQ(pressures.size(), 2U);
    std::remove(file.c_str());
}

TEST(LocalSignals, AWindowIsAboutWritesAndAPauseIsNot) {
    Orders orders;
    const auto since_midnight = std::chrono::system_clock::now().time_since_epoch() %
                                std::chrono::hours(24) / std::chrono::minutes(1);
    const auto in_an_hour = static_cast<unsigned>(since_midnight + 60) % 1440;
    orders.options.window = DailyWindow{in_an_hour, (in_an_hour + 60) % 1440, "UTC"};
    orders.paused_since = kBegin;
    std::vector<Pressure> pressures;
    LocalSignals(orders).report(kBegin, pressures);
    ASSERT_EQ(pressures.size(), 2U);
    EXPECT_FALSE(pressures[0].of_writes);
    EXPECT_TRUE(pressures[1].of_writes) << pressures[1].reason;
}

TEST(Cutover, WaitsForAWordAndForWhatStopsTheCopy) {
    Orders orders;
    const auto now = std::chrono::system_clock::now();
    EXPECT_FALSE(hinders_cutover(orders, std::nullopt, false, now));
    orders.options.postpone_cutover = true;
    ASSERT_TRUE(hinders_cutover(orders, std::nullopt, false, now));
    EXPECT_EQ(hinders_cutover(orders, std::nullopt, false, now)->cause, "postponed");
    orders.cutover_now = true;
    EXPECT_FALSE(hinders_cutover(orders, std::nullopt, true, now));
    Pressure held;
    held.cause = "replica-lag";
    held.reason = "replica db2:3306 is 3s behind, --max-lag is 1s";
    ASSERT_TRUE(hinders_cutover(orders, held, false, now));
    EXPECT_EQ(
        hinders_cutover(orders, held, false, now)->reason,
        "the swap waits: replica db2:3306 is 3s behind, --max-lag is 1s"
    );
    held.cause = "window";
    EXPECT_FALSE(hinders_cutover(orders, held, false, now)) << "the swap has a window of its own";
}

TEST(HeldTimes, CountInPartForAPartAndTheLongestComesFirst) {
    HeldTimes held;
    held.note(kBegin, 1, "replica-lag");
    EXPECT_TRUE(held.list().empty());
    held.note(kBegin + seconds(10), 0.3, "replica-lag");
    held.skip(kBegin + seconds(100));
    held.note(kBegin + seconds(104), 1, "paused");
    const auto list = held.list();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].cause, "paused");
    EXPECT_DOUBLE_EQ(list[0].seconds, 4);
    EXPECT_DOUBLE_EQ(list[1].seconds, 3);
}

}  // namespace
}  // namespace doppel::throttle
