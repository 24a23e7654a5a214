// SPDX-License-Identifier: Apache-2.0
#include "throttle/gate.hpp"

#include <gtest/gtest.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;

double in_ms(milliseconds time) {
    return static_cast<double>(time.count());
}

class Gate : public testing::Test {
protected:
    void pass(milliseconds time) { now_ += time; }
    /// Works for `time`, then waits as it is told; how long that was.
    milliseconds turn(unsigned number, unsigned count, milliseconds time) {
        pass(time);
        gate_.worked(number, time);
        milliseconds waited{0};
        for (auto pause = gate_.pause(number, count);
             pause.count() > 0 && waited < milliseconds(60'000);
             pause = gate_.pause(number, count)) {
            pass(pause);
            waited += pause;
        }
        return waited;
    }

    Clock::time_point now_{std::chrono::hours(1)};
    ShareGate gate_{[this] { return now_; }};
};

TEST_F(Gate, LetsAllGoOnAtTheFullShare) {
    EXPECT_EQ(turn(0, 4, milliseconds(100)).count(), 0);
    EXPECT_EQ(turn(3, 4, milliseconds(100)).count(), 0);
}

TEST_F(Gate, MakesAPauseInProportionToTheWork) {
    gate_.set_share(0.5);
    EXPECT_NEAR(in_ms(turn(0, 1, milliseconds(100))), 100, 2);
    gate_.set_share(0.2);
    EXPECT_NEAR(in_ms(turn(0, 1, milliseconds(100))), 400, 2);
}

TEST_F(Gate, StandsStillWithoutAShare) {
    gate_.set_share(0);
    EXPECT_GT(gate_.pause(0, 1).count(), 0);
    pass(milliseconds(100'000));
    EXPECT_GT(gate_.pause(0, 1).count(), 0);
    gate_.set_share(1);
    EXPECT_EQ(gate_.pause(0, 1).count(), 0);
}

TEST_F(Gate, AShareThatGrowsEndsThePauseEarlier) {
    gate_.set_share(0.1);
    pass(milliseconds(100));
    gate_.worked(0, milliseconds(100));
    pass(milliseconds(450));  // half of 900 ms
    gate_.set_share(0.5);
    EXPECT_NEAR(in_ms(gate_.pause(0, 1)), 50, 2);
    gate_.set_share(1);
    EXPECT_EQ(gate_.pause(0, 1).count(), 0);
}

TEST_F(Gate, LetsOnlyAsManyWorkAsTheShareNeeds) {
    gate_.set_share(0.5);
    EXPECT_EQ(gate_.pause(0, 4).count(), 0);
    EXPECT_EQ(gate_.pause(1, 4).count(), 0);
    EXPECT_GT(gate_.pause(2, 4).count(), 0);
    EXPECT_GT(gate_.pause(3, 4).count(), 0);
    EXPECT_EQ(turn(1, 4, milliseconds(100)).count(), 0) << "two of four at work are the half";
    gate_.set_share(0.125);
    EXPECT_NEAR(in_ms(turn(0, 4, milliseconds(100))), 100, 2);
    EXPECT_GT(gate_.pause(1, 4).count(), 0);
}

TEST_F(Gate, WorkThatTookVeryLongIsNotPaidForForEver) {
    gate_.set_share(0.5);
    EXPECT_LE(turn(0, 1, milliseconds(600'000)).count(), 5'100);
}

}  // namespace
}  // namespace doppel::throttle
