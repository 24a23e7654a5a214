// SPDX-License-Identifier: Apache-2.0
#include "tools/load/histogram.hpp"

#include <cstdint>

#include <gtest/gtest.h>

namespace doppel::load {
namespace {

TEST(Histogram, OfNothingIsZero) {
    const Histogram histogram;
    EXPECT_EQ(0U, histogram.count());
    EXPECT_EQ(0U, histogram.max());
    EXPECT_EQ(0U, histogram.quantile(0.99));
}

TEST(Histogram, IsExactForSmallValues) {
    Histogram histogram;
    for (std::uint64_t value = 1; value <= 100; ++value) {
        histogram.add(value);
    }
    EXPECT_EQ(50U, histogram.quantile(0.5));
    EXPECT_EQ(99U, histogram.quantile(0.99));
    EXPECT_EQ(100U, histogram.quantile(1));
    EXPECT_EQ(1U, histogram.quantile(0));
}

TEST(Histogram, IsRightToOnePercentForAnyValue) {
    for (std::uint64_t value = 1; value < (std::uint64_t{1} << 39); value = value * 3 / 2 + 1) {
        Histogram histogram;
        histogram.add(value);
        histogram.add(value * 2);
        const std::uint64_t median = histogram.quantile(0.5);
        EXPECT_GE(median, value);
        EXPECT_LE(median, value + value / 100 + 1);
        EXPECT_EQ(value * 2, histogram.max());
    }
}

TEST(Histogram, NeverReportsMoreThanTheMaximum) {
    Histogram histogram;
    histogram.add(1'000'001);
    EXPECT_EQ(1'000'001U, histogram.quantile(0.5));
}

TEST(Histogram, KeepsTheMaximumOfValuesBeyondItsBuckets) {
    Histogram histogram;
    histogram.add(~std::uint64_t{0});
    EXPECT_EQ(1U, histogram.count());
    EXPECT_EQ(~std::uint64_t{0}, histogram.max());
    EXPECT_GT(histogram.quantile(0.5), std::uint64_t{1} << 39);
}

TEST(Histogram, FindsARareSlowValueOnlyInHighQuantiles) {
    Histogram histogram;
    for (int i = 0; i < 999; ++i) {
        histogram.add(1'000);
    }
    histogram.add(500'000);
    EXPECT_LT(histogram.quantile(0.99), 1'010U);
    EXPECT_LT(histogram.quantile(0.999), 1'010U);
    EXPECT_GT(histogram.quantile(0.9995), 490'000U);
}

TEST(Histogram, IsEmptyAfterClear) {
    Histogram histogram;
    histogram.add(7);
    histogram.clear();
    EXPECT_EQ(0U, histogram.count());
    EXPECT_EQ(0U, histogram.max());
}

}  // namespace
}  // namespace doppel::load
