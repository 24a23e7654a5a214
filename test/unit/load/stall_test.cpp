// SPDX-License-Identifier: Apache-2.0
#include "tools/load/stall.hpp"

#include "unit/load/instants.hpp"

#include <gtest/gtest.h>

namespace doppel::load {
namespace {

TEST(StallDetector, OfNothingFindsNothing) {
    EXPECT_EQ(Instant{0}, StallDetector().longest(ms(1'000)).length);
}

TEST(StallDetector, MeasuresFromOneCommitToTheNextWhileOneIsDue) {
    StallDetector stalls;
    stalls.started(ms(0));
    stalls.started(ms(5));
    stalls.committed(ms(0), ms(10));
    stalls.committed(ms(5), ms(310));
    const Stall stall = stalls.longest(ms(400));
    EXPECT_EQ(ms(10), stall.start);
    EXPECT_EQ(ms(300), stall.length);
    EXPECT_EQ(ms(310), stall.end());
}

TEST(StallDetector, DoesNotBlameTheServerForIdleTime) {
    StallDetector stalls;
    stalls.started(ms(0));
    stalls.committed(ms(0), ms(2));
    stalls.started(ms(1'000));
    stalls.committed(ms(1'000), ms(1'007));
    EXPECT_EQ(ms(1'000), stalls.longest(ms(5'000)).start);
    EXPECT_EQ(ms(7), stalls.longest(ms(5'000)).length);
}

TEST(StallDetector, CountsFromTheDueTimeOfATransactionStartedLate) {
    StallDetector stalls;
    stalls.started(ms(100));
    stalls.committed(ms(100), ms(101));
    // All threads were busy elsewhere: this one was due at 200 and taken at 900.
    stalls.started(ms(200));
    stalls.committed(ms(200), ms(901));
    EXPECT_EQ(ms(200), stalls.longest(ms(901)).start);
    EXPECT_EQ(ms(701), stalls.longest(ms(901)).length);
}

TEST(StallDetector, SeesAnyThreadsCommit) {
    StallDetector stalls;
    stalls.started(ms(0));
    for (int i = 1; i <= 10; ++i) {
        stalls.started(ms(i * 10));
        stalls.committed(ms(i * 10), ms(i * 10 + 1));
    }
    stalls.committed(ms(0), ms(110));
    EXPECT_LE(stalls.longest(ms(110)).length, ms(11));
}

TEST(StallDetector, IsNotEndedByAFailure) {
    StallDetector stalls;
    stalls.started(ms(10));
    stalls.failed(ms(10));
    stalls.started(ms(20));
    stalls.failed(ms(20));
    stalls.started(ms(30));
    stalls.committed(ms(30), ms(60));
    EXPECT_EQ(ms(10), stalls.longest(ms(60)).start);
    EXPECT_EQ(ms(50), stalls.longest(ms(60)).length);
}

TEST(StallDetector, ReportsAStallThatStillLasts) {
    StallDetector stalls;
    stalls.started(ms(10));
    EXPECT_EQ(ms(490), stalls.longest(ms(500)).length);
    stalls.committed(ms(10), ms(600));
    EXPECT_EQ(ms(590), stalls.longest(ms(9'000)).length);
}

TEST(StallDetector, ToleratesReportsOutOfOrder) {
    StallDetector stalls;
    stalls.started(ms(0));
    stalls.started(ms(1));
    stalls.committed(ms(1), ms(10));
    stalls.committed(ms(0), ms(9));
    stalls.committed(ms(77), ms(12));
    EXPECT_EQ(ms(10), stalls.longest(ms(12)).length);
}

}  // namespace
}  // namespace doppel::load
