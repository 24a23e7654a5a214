// SPDX-License-Identifier: Apache-2.0
#include "protocol/chunk_sizer.hpp"

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

using std::chrono::milliseconds;

ChunkSizer::Limits limits() {
    ChunkSizer::Limits limits;
    limits.rows_initial = 1'000;
    limits.rows_min = 10;
    limits.rows_max = 20'000;
    limits.time_target = milliseconds(100);
    return limits;
}

TEST(ChunkSizer, GrowsAtMostTwofoldAStep) {
    ChunkSizer sizer(limits());
    sizer.record(1'000, milliseconds(1));
    EXPECT_EQ(sizer.rows(), 2'000U);
}

TEST(ChunkSizer, ShrinksAtOnceToWhatFitsTheTarget) {
    ChunkSizer sizer(limits());
    sizer.record(1'000, milliseconds(2'000));
    EXPECT_EQ(sizer.rows(), 50U);
}

TEST(ChunkSizer, StaysWithinItsLimits) {
    ChunkSizer sizer(limits());
    for (int i = 0; i < 20; ++i) {
        sizer.record(sizer.rows(), milliseconds(1));
    }
    EXPECT_EQ(sizer.rows(), 20'000U);
    sizer.record(20'000, std::chrono::hours(1));
    EXPECT_EQ(sizer.rows(), 10U);
}

TEST(ChunkSizer, AShortLastChunkSaysNothing) {
    ChunkSizer sizer(limits());
    sizer.record(3, milliseconds(2));
    EXPECT_EQ(sizer.rows(), 1'000U);
    sizer.record(0, milliseconds(500));
    EXPECT_EQ(sizer.rows(), 1'000U);
}

TEST(ChunkSizer, AShortChunkThatWasSlowIsHeeded) {
    ChunkSizer sizer(limits());
    sizer.record(100, milliseconds(1'000));
    EXPECT_EQ(sizer.rows(), 10U);
}

TEST(ChunkSizer, GoesOnInSmallerStepsWhenTooMuchWasFound) {
    ChunkSizer sizer({});
    sizer.shrink();
    EXPECT_EQ(sizer.rows(), 250U);
    for (int i = 0; i < 10; ++i) {
        sizer.shrink();
    }
    EXPECT_EQ(sizer.rows(), 10U);
}

}  // namespace
}  // namespace doppel::protocol
