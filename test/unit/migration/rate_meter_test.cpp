// SPDX-License-Identifier: Apache-2.0
#include "migration/rate_meter.hpp"

#include <gtest/gtest.h>

namespace doppel::migration {
namespace {

using std::chrono::seconds;

TEST(RateMeter, KnowsNothingFromOneSample) {
    RateMeter meter;
    EXPECT_EQ(meter.per_second(), 0);
    meter.record(RateMeter::Clock::time_point{}, 5);
    EXPECT_EQ(meter.per_second(), 0);
}

TEST(RateMeter, ForgetsWhatIsLongAgo) {
    RateMeter meter;
    const RateMeter::Clock::time_point start{};
    meter.record(start, 0);
    meter.record(start + seconds(1), 1'000'000);
    for (int i = 2; i <= 30; ++i) {
        meter.record(start + seconds(i), 1'000'000 + static_cast<std::uint64_t>(i) * 10);
    }
    EXPECT_NEAR(meter.per_second(), 10, 0.01);
}

}  // namespace
}  // namespace doppel::migration
