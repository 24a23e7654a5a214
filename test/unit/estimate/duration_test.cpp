// SPDX-License-Identifier: Apache-2.0
#include "estimate/duration.hpp"

#include <gtest/gtest.h>

namespace doppel::estimate {
namespace {

DurationInput a_million_rows() {
    DurationInput input;
    input.rows = 1e6;
    input.record_bytes = 200;
    input.speed = {1.0, 2.0, std::nullopt};
    return input;
}

void expect_ordered(const Range& range) {
    EXPECT_LE(range.low, range.expected);
    EXPECT_LE(range.expected, range.high);
}

TEST(Durations, AddUpAndAreOrdered) {
    DurationInput input = a_million_rows();
    input.late_entries = {20, 30};
    const Durations all = durations_of(input);
    for (const Range& range : {all.copy, all.index, all.verify, all.cutover, all.total}) {
        expect_ordered(range);
    }
    EXPECT_GT(all.total.expected, all.copy.expected + all.index.expected);
}

/// Runs of docs/performance.md: sysbench's table on two quiet cores.
TEST(Durations, AreThoseOfTheReferenceRuns) {
    struct Run {
        std::vector<double> late_entries;
        bool verify;
        double seconds;
    };
    const std::vector<double> one{13.5};
    const std::vector<double> four{13.5, 27, 27, 23};
    for (const Run& run :
         {Run{one, true, 6.02},
          Run{one, false, 4.46},
          Run{four, true, 9.02},
          Run{four, false, 7.53}}) {
        DurationInput input = a_million_rows();
        input.record_bytes = 206;
        input.late_entries = run.late_entries;
        input.verify = run.verify;
        EXPECT_NEAR(durations_of(input).total.expected / run.seconds, 1, 0.05) << run.seconds;
    }
}

TEST(Durations, AServerOfHalfTheSpeedTakesTwiceAsLong) {
    DurationInput slow = a_million_rows();
    slow.speed.scale = 2;
    EXPECT_NEAR(
        durations_of(slow).copy.expected / durations_of(a_million_rows()).copy.expected, 2, 0.01
    );
}

TEST(Durations, BesideAnApplicationOneSessionCopies) {
    DurationInput gentle = a_million_rows();
    gentle.gentle = true;
    gentle.workers = 1;
    gentle.chunk_rows = 2'500;
    EXPECT_GT(durations_of(gentle).copy.expected, durations_of(a_million_rows()).copy.expected);
}

TEST(Durations, WhatHoldsTheCopyBackLengthensIt) {
    const double free = durations_of(a_million_rows()).copy.expected;
    DurationInput nice = a_million_rows();
    nice.nice = 0.5;
    EXPECT_NEAR(durations_of(nice).copy.expected, 2 * free, 1e-6);
    DurationInput steered = a_million_rows();
    steered.steered = true;
    EXPECT_NEAR(durations_of(steered).copy.expected, free + 1.56, 0.01) << "it begins slowly";
    steered.rows = 20'000;  // over before it is at full speed
    const double moment = 0.02 * free;
    const double began_slowly = durations_of(steered).copy.expected;
    EXPECT_GT(began_slowly, 2 * moment);
    EXPECT_LT(began_slowly, 5 * moment + 0.01);
}

TEST(Durations, IndexesInNoOrderAndComparisonCostMore) {
    DurationInput indexed = a_million_rows();
    indexed.early_indexes = 2;
    const double in_order = durations_of(indexed).total.expected;
    EXPECT_GT(in_order, durations_of(a_million_rows()).total.expected);
    indexed.early_random = 2;
    EXPECT_GT(durations_of(indexed).total.expected, in_order);
    DurationInput unverified = a_million_rows();
    unverified.verify = false;
    EXPECT_LT(
        durations_of(unverified).total.expected, durations_of(a_million_rows()).total.expected
    );
}

TEST(Durations, AProbeReplacesTheRatiosAndNarrowsTheRange) {
    DurationInput probed = a_million_rows();
    probed.late_entries = {20};
    const Range computed = durations_of(probed).total;
    probed.probed = Probed{10e-6, 100'000, 2e-6, 100'000};
    const Durations all = durations_of(probed);
    EXPECT_NEAR(all.copy.expected, 10.5, 0.01);
    EXPECT_NEAR(all.index.expected, 2, 0.4);
    EXPECT_LT(all.total.high / all.total.low, computed.high / computed.low);
}

TEST(Durations, ADiskThatIsReadSlowlyCounts) {
    DurationInput cold = a_million_rows();
    cold.speed.read_row_seconds = 100e-6;
    EXPECT_GT(durations_of(cold).copy.expected, 3 * durations_of(a_million_rows()).copy.expected);
}

}  // namespace
}  // namespace doppel::estimate
