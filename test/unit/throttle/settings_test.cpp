// SPDX-License-Identifier: Apache-2.0
#include "throttle/settings.hpp"

#include "throttle/daily_window.hpp"

#include <array>
#include <map>

#include <gmock/gmock.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using testing::HasSubstr;

std::string problem(std::string_view name, std::string_view value) {
    ThrottleOptions options;
    const auto applied = apply_setting(options, name, value);
    return applied ? std::string() : applied.failure().message;
}

ThrottleOptions after(std::string_view name, std::string_view value) {
    ThrottleOptions options;
    EXPECT_EQ(problem(name, value), "");
    EXPECT_TRUE(apply_setting(options, name, value).ok());
    return options;
}

std::string shown(const ThrottleOptions& options, const std::string& name) {
    const auto list = list_settings(options);
    const std::map<std::string, std::string> by_name(list.begin(), list.end());
    return by_name.at(name);
}

TEST(Settings, DurationsTakeUnitsAndCanBeSwitchedOff) {
    EXPECT_EQ(after("max-lag", "500ms").max_lag, milliseconds(500));
    EXPECT_EQ(after("max-lag", "off").max_lag, std::nullopt);
    EXPECT_EQ(after("critical-lag", "1m").critical_lag, milliseconds(60'000));
    EXPECT_THAT(problem("max-lag", "3"), HasSubstr("'3' has no unit"));
}

TEST(Settings, WhatIsOutOfRangeIsSaidWithTheRange) {
    EXPECT_EQ(problem("max-lag", "1ms"), "1ms is not between 50ms and 1h");
    EXPECT_THAT(problem("nice", "1"), HasSubstr("write 0 to 0.95"));
    EXPECT_THAT(problem("nice", "-0.1"), HasSubstr("write 0 to 0.95"));
    EXPECT_THAT(problem("max-history-length", "0"), HasSubstr("off"));
    EXPECT_THAT(problem("throttle-grace", "11m"), HasSubstr("10m"));
    EXPECT_THAT(problem("critical-action", "panic"), HasSubstr("neither abort nor pause"));
    EXPECT_THAT(problem("throttle-http", "ftp://x"), HasSubstr("http://host/path"));
}

TEST(Settings, AnEmptyValueTakesNoLimitAway) {
    for (const auto& [name, value] : list_settings(ThrottleOptions())) {
        EXPECT_THAT(problem(name, " "), HasSubstr("empty")) << name;
    }
}

TEST(Settings, AQueryIsAQuestion) {
    for (const char* query :
         {"SELECT 1",
          "(select 0) UNION (SELECT 1)",
          "WITH a AS (SELECT 1) TABLE a",
          "VALUES ROW(1)",
          "SHOW STATUS",
          "SELECT(1)",
          "off"}) {
        EXPECT_EQ(problem("throttle-query", query), "") << query;
    }
    for (const char* query :
         {"DROP TABLE t", "selected", "SET GLOBAL a = 1", "(", "CALL p()", "/* SELECT */ KILL 1"}) {
        EXPECT_THAT(problem("throttle-query", query), HasSubstr("write SELECT")) << query;
    }
}

TEST(Settings, WhatCouldNeverWorkIsRefused) {
    EXPECT_THAT(problem("throttle-http", "http://"), HasSubstr("http://host/path"));
    EXPECT_THAT(problem("throttle-http", "http:///path"), HasSubstr("http://host/path"));
    EXPECT_THAT(problem("window", "22:00-22:00"), HasSubstr("ends when it begins"));
}

TEST(Settings, AHardLimitIsNotBelowTheSoftOne) {
    for (const auto& [hard, soft, below, text] : {
             std::array{"critical-lag", "max-lag", "500ms", "1s"},
             std::array{"critical-commit-latency", "max-commit-latency", "5ms", "20ms"},
             std::array{"critical-history-length", "max-history-length", "10", "20"},
             std::array{"critical-load", "max-load", "a=1,B=24.5", "Threads_running=50,b=25"},
         }) {
        ThrottleOptions options;
        EXPECT_TRUE(apply_setting(options, soft, text).ok());
        EXPECT_TRUE(apply_setting(options, hard, text).ok());
        EXPECT_FALSE(limits_problem(options)) << hard;
        EXPECT_TRUE(apply_setting(options, hard, below).ok());
        EXPECT_THAT(limits_problem(options).value_or(""), HasSubstr("is below max-")) << hard;
        EXPECT_TRUE(apply_setting(options, soft, "off").ok());
        EXPECT_FALSE(limits_problem(options)) << hard;
    }
}

TEST(Settings, AWrongValueChangesNothing) {
    ThrottleOptions options;
    options.max_load = {{"Threads_running", 25}};
    EXPECT_FALSE(apply_setting(options, "max-load", "Threads_running=25,Threads").ok());
    EXPECT_EQ(options.max_load.size(), 1U);
    EXPECT_FALSE(apply_setting(options, "window", "25:00-26:00").ok());
    EXPECT_FALSE(options.window);
}

TEST(Settings, LoadIsSpelledAsByItsPeers) {
    const auto options = after("max-load", "Threads_running=25, Threads_connected:500.5");
    ASSERT_EQ(options.max_load.size(), 2U);
    EXPECT_EQ(options.max_load[0], (StatusLimit{"Threads_running", 25}));
    EXPECT_EQ(options.max_load[1], (StatusLimit{"Threads_connected", 500.5}));
    EXPECT_EQ(shown(options, "max-load"), "Threads_running=25,Threads_connected=500.5");
    for (const char* bad :
         {"Threads_running", "=3", "a=", "a=x", "a=0", "a=-1", "a=nan", "a b=3", "a=1;b=2"}) {
        EXPECT_THAT(problem("max-load", bad), HasSubstr("Threads_running=25")) << bad;
    }
}

TEST(Settings, ServersAreAddedAndNoneEmptiesTheList) {
    ThrottleOptions options;
    for (const char* server : {"db2", "db3:3307", "[::1]:3308", "db2"}) {
        EXPECT_TRUE(apply_setting(options, "replica", server).ok());
    }
    EXPECT_EQ(shown(options, "replica"), "db2:3306,db3:3307,[::1]:3308");
    EXPECT_TRUE(options.find_replicas);
    EXPECT_TRUE(apply_setting(options, "replica", "none").ok());
    EXPECT_FALSE(options.find_replicas);
    EXPECT_EQ(shown(options, "replica"), "none");
    EXPECT_TRUE(apply_setting(options, "replica", "find").ok());
    EXPECT_TRUE(options.find_replicas);
    for (const char* bad : {"db2:", "db2:0", "db2:x", "db2:70000", "a b", "db2,db3"}) {
        EXPECT_THAT(problem("replica", bad), HasSubstr("write host:port")) << bad;
    }
}

TEST(Settings, WhatMayHoldASecretIsNotShown) {
    EXPECT_EQ(
        shown(after("throttle-http", "http://u:secret@h/"), "throttle-http"), "set (and not shown)"
    );
    EXPECT_EQ(
        shown(after("throttle-query", "SELECT 'secret'"), "throttle-query"), "set (and not shown)"
    );
    EXPECT_EQ(shown(ThrottleOptions(), "throttle-query"), "off");
}

TEST(Settings, AnUnknownNameGetsTheListOfNames) {
    EXPECT_THAT(problem("max-lagg", "1s"), HasSubstr("the settings are: max-lag, "));
    EXPECT_FALSE(is_setting("max-lagg"));
}

TEST(Settings, WhatIsShownCanBeSetAgain) {
    ThrottleOptions options;
    options.max_commit_latency = milliseconds(20);
    options.window = *parse_window("22:00-06:00 Europe/Berlin");
    options.nice = 0.25;
    for (const auto& [name, value] : list_settings(options)) {
        ThrottleOptions copy = options;
        EXPECT_TRUE(apply_setting(copy, name, value).ok()) << name << "=" << value;
        EXPECT_EQ(shown(copy, name), value);
    }
}

system_clock::time_point utc(int day, int hour, int minute) {
    // 2026-03-01T00:00:00Z
    return system_clock::time_point(std::chrono::seconds(1'772'323'200)) +
           std::chrono::hours(24 * (day - 1) + hour) + std::chrono::minutes(minute);
}

bool open(const char* window, system_clock::time_point at) {
    const auto parsed = parse_window(window);
    EXPECT_TRUE(parsed.ok()) << window;
    return parsed && is_open(*parsed, at);
}

TEST(Window, GoesPastMidnight) {
    EXPECT_FALSE(open("22:00-06:00 UTC", utc(1, 21, 59)));
    EXPECT_TRUE(open("22:00-06:00 UTC", utc(1, 22, 0)));
    EXPECT_TRUE(open("22:00-06:00 UTC", utc(2, 5, 59)));
    EXPECT_FALSE(open("22:00-06:00 UTC", utc(2, 6, 0)));
    EXPECT_TRUE(open("08:30-12:00 UTC", utc(2, 8, 30)));
    EXPECT_FALSE(open("08:30-12:00 UTC", utc(2, 12, 0)));
    EXPECT_TRUE(open("22:00-24:00 UTC", utc(2, 23, 59)));
    EXPECT_FALSE(open("22:00-24:00 UTC", utc(2, 0, 0)));
    EXPECT_TRUE(open("00:00-24:00 UTC", utc(2, 13, 0)));
}

TEST(Window, FollowsTheClockOfItsZone) {
    EXPECT_TRUE(open("10:00-11:00 +02:00", utc(2, 8, 30)));
    EXPECT_FALSE(open("10:00-11:00 -02:00", utc(2, 8, 30)));
    // Summer time begins on 29 March 2026.
    EXPECT_TRUE(open("10:00-11:00 Europe/Berlin", utc(28, 9, 30)));
    EXPECT_TRUE(open("10:00-11:00 Europe/Berlin", utc(29, 8, 30)));
    EXPECT_FALSE(open("10:00-11:00 Europe/Berlin", utc(29, 9, 30)));
}

TEST(Window, SaysWhatToWrite) {
    for (const char* bad : {"", "22:00", "22:00-", "22-06", "24:00-06:00", "22:60-06:00", "x"}) {
        const auto parsed = parse_window(bad);
        ASSERT_FALSE(parsed.ok()) << bad;
        EXPECT_THAT(parsed.failure().message, HasSubstr("22:00-06:00 Europe/Berlin"));
    }
    for (const char* zone : {"Europe/Berln", "+25:00", "02:00"}) {
        const auto parsed = parse_window(std::string("22:00-06:00 ") + zone);
        ASSERT_FALSE(parsed.ok()) << zone;
        EXPECT_THAT(parsed.failure().message, HasSubstr("no time zone"));
    }
}

}  // namespace
}  // namespace doppel::throttle
