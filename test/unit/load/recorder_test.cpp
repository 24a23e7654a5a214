// SPDX-License-Identifier: Apache-2.0
#include "tools/load/recorder.hpp"

#include "unit/load/instants.hpp"

#include <string>

#include <gtest/gtest.h>

namespace doppel::load {
namespace {

TEST(Recorder, TellsLatencyFromServiceTime) {
    Recorder recorder;
    recorder.started(ms(100));
    recorder.committed(ms(100), ms(180), ms(200));
    const Interval interval = recorder.take_interval(ms(1'000));
    EXPECT_EQ(100'000U, interval.latency.max);
    EXPECT_EQ(20'000U, interval.service.max);
    EXPECT_DOUBLE_EQ(1, interval.commits_per_second());
}

TEST(Recorder, StartsEachIntervalAnewAndKeepsTheTotals) {
    Recorder recorder;
    for (int i = 0; i < 4; ++i) {
        recorder.started(ms(i));
        recorder.committed(ms(i), ms(i), ms(i + 1));
    }
    recorder.deadlocked();
    EXPECT_EQ(4U, recorder.take_interval(ms(500)).counts.commits);
    recorder.lock_wait_timed_out();
    const Interval second = recorder.take_interval(ms(1'000));
    EXPECT_EQ(ms(500), second.from);
    EXPECT_EQ(0U, second.counts.commits);
    EXPECT_EQ(0U, second.counts.deadlocks);
    EXPECT_EQ(1U, second.counts.lock_wait_timeouts);
    EXPECT_EQ(0U, second.latency.max);
    const Totals totals = recorder.totals(ms(1'000));
    EXPECT_EQ(4U, totals.whole.counts.commits);
    EXPECT_EQ(1U, totals.whole.counts.deadlocks);
    EXPECT_DOUBLE_EQ(4, totals.whole.commits_per_second());
}

TEST(Recorder, TellsTheLongestStallOfEachInterval) {
    Recorder recorder;
    for (const int due : {100, 1'200, 2'300}) {
        recorder.started(ms(due));
        recorder.committed(ms(due), ms(due), ms(due + (due == 1'200 ? 300 : 40)));
    }
    EXPECT_EQ(ms(300), recorder.take_interval(ms(2'500)).stall.length);
    EXPECT_EQ(ms(0), recorder.take_interval(ms(3'000)).stall.length);
    recorder.started(ms(3'500));
    EXPECT_EQ(ms(500), recorder.take_interval(ms(4'000)).stall.length);
    recorder.committed(ms(3'500), ms(3'500), ms(4'200));
    EXPECT_EQ(ms(700), recorder.take_interval(ms(5'000)).stall.length);
    EXPECT_EQ(ms(700), recorder.totals(ms(5'000)).stall.length);
}

TEST(Recorder, CountsWholeSecondsWithoutACommit) {
    Recorder recorder;
    for (const int at : {500, 3'100, 4'000}) {
        recorder.started(ms(at));
        recorder.committed(ms(at), ms(at), ms(at));
    }
    EXPECT_EQ(2U, recorder.totals(ms(5'900)).seconds_without_commit);
    EXPECT_EQ(3U, recorder.totals(ms(6'000)).seconds_without_commit);
}

TEST(Recorder, KeepsTheLongestStatementAndTransaction) {
    Recorder recorder;
    recorder.statement_done("UPDATE of k", ms(10), ms(20));
    recorder.statement_done("COMMIT", ms(20), ms(70));
    recorder.statement_done("DELETE", ms(80), ms(90));
    recorder.started(ms(10));
    recorder.committed(ms(10), ms(12), ms(100));
    const Totals totals = recorder.totals(ms(100));
    EXPECT_EQ("COMMIT", totals.statement.what);
    EXPECT_EQ(ms(20), totals.statement.start);
    EXPECT_EQ(ms(50), totals.statement.length);
    EXPECT_EQ(ms(88), totals.transaction.length);
}

TEST(Recorder, KeepsTheFirstErrorsOnly) {
    Recorder recorder;
    for (std::size_t i = 0; i < Recorder::kErrorsKept; ++i) {
        recorder.started(ms(1));
        EXPECT_TRUE(recorder.failed(ms(1), "error " + std::to_string(i)));
    }
    EXPECT_FALSE(recorder.failed(ms(1), "one more"));
    const Totals totals = recorder.totals(ms(10));
    EXPECT_EQ(Recorder::kErrorsKept + 1, totals.whole.counts.errors);
    EXPECT_EQ(Recorder::kErrorsKept, totals.first_errors.size());
    EXPECT_EQ(ms(9), totals.stall.length);
}

}  // namespace
}  // namespace doppel::load
