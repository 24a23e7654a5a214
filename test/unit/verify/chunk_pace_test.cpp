// SPDX-License-Identifier: Apache-2.0
#include "verify/chunk_pace.hpp"

#include <gtest/gtest.h>

namespace doppel::verify {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(ChunkPace, TakesAboutTheTimeThatItMay) {
    ChunkPace pace(20'000, milliseconds(100));
    EXPECT_EQ(pace.rows(), 1'000U);
    pace.record(1'000, microseconds(10'000));
    EXPECT_EQ(pace.rows(), 2'000U) << "grows at most twofold";
    pace.record(2'000, microseconds(400'000));
    EXPECT_EQ(pace.rows(), 500U) << "shrinks at once";
}

TEST(ChunkPace, StaysWithinItsLimits) {
    ChunkPace pace(1'500, milliseconds(100));
    pace.record(1'000, microseconds(1));
    EXPECT_EQ(pace.rows(), 1'500U);
    pace.record(1'500, std::chrono::hours(1));
    EXPECT_EQ(pace.rows(), 10U);
    EXPECT_EQ(ChunkPace(5, milliseconds(1)).rows(), 10U);
}

TEST(ChunkPace, AShortPieceSaysNothingUnlessItWasSlow) {
    ChunkPace pace(20'000, milliseconds(100));
    pace.record(0, microseconds(1));
    pace.record(3, microseconds(50'000));
    EXPECT_EQ(pace.rows(), 1'000U);
    pace.record(300, microseconds(200'000));
    EXPECT_EQ(pace.rows(), 150U);
}

TEST(ChunkPace, GoesOnInSmallerStepsWhenTooMuchWasFound) {
    ChunkPace pace(20'000, milliseconds(100));
    pace.shrink();
    EXPECT_EQ(pace.rows(), 250U);
    for (int i = 0; i < 10; ++i) {
        pace.shrink();
    }
    EXPECT_EQ(pace.rows(), 10U);
}

}  // namespace
}  // namespace doppel::verify
