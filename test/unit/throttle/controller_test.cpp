// SPDX-License-Identifier: Apache-2.0
#include "throttle/controller.hpp"

#include "unit/throttle/simulated_replica.hpp"

#include <gtest/gtest.h>

namespace doppel::throttle {
namespace {

using std::chrono::milliseconds;

Pressure pressure(Pressure::Kind kind, double level, const std::string& name = "signal") {
    Pressure made;
    made.name = name;
    made.cause = name;
    made.kind = kind;
    made.level = level;
    made.reason = name + " says so";
    return made;
}

/// A controller whose clock is moved by hand.
class Hand final {
public:
    void step(const std::vector<Pressure>& pressures, milliseconds time = milliseconds(50)) {
        now_ += time;
        controller.step(now_, pressures);
    }
    void run(const std::vector<Pressure>& pressures, double seconds) {
        for (double passed = 0; passed < seconds; passed += 0.05) {
            step(pressures);
        }
    }

    Controller controller;

private:
    Clock::time_point now_{std::chrono::hours(1)};
};

TEST(Controller, NothingHoldsBackWhereNothingSpeaks) {
    Hand hand;
    hand.run({}, 1);
    EXPECT_EQ(hand.controller.copy_share(), 1);
    EXPECT_EQ(hand.controller.replay_share(), 1);
    EXPECT_FALSE(hand.controller.strongest());
}

TEST(Controller, WhatIsAboutWritesDoesNotHoldBackWhoReads) {
    Hand hand;
    Pressure lag = pressure(Pressure::Kind::lag, 2);
    lag.of_writes = true;
    hand.step({lag});
    EXPECT_EQ(hand.controller.copy_share(), 0);
    EXPECT_EQ(hand.controller.read_share(), 1);
    EXPECT_FALSE(hand.controller.strongest_on_reads());
    hand.step({lag, pressure(Pressure::Kind::gate, 1, "paused")});
    EXPECT_EQ(hand.controller.read_share(), 0);
    ASSERT_TRUE(hand.controller.strongest_on_reads());
    EXPECT_EQ(hand.controller.strongest_on_reads()->cause, "paused");
    hand.step({lag});
    EXPECT_EQ(hand.controller.read_share(), 1);
}

TEST(Controller, AGateStopsAtOnceAndOpensAtOnce) {
    Hand hand;
    hand.step({pressure(Pressure::Kind::gate, 0)});
    EXPECT_EQ(hand.controller.copy_share(), 1);
    hand.step({pressure(Pressure::Kind::gate, 1)});
    EXPECT_EQ(hand.controller.copy_share(), 0);
    ASSERT_TRUE(hand.controller.strongest());
    EXPECT_EQ(hand.controller.strongest()->reason, "signal says so");
    hand.step({pressure(Pressure::Kind::gate, 0)});
    EXPECT_EQ(hand.controller.copy_share(), 1);
}

TEST(Controller, ALevelSlowsDownOnItsWayToTheLimitAndStopsThere) {
    Hand hand;
    hand.step({pressure(Pressure::Kind::level, 0.5)});
    EXPECT_EQ(hand.controller.copy_share(), 1);
    hand.step({pressure(Pressure::Kind::level, 0.85)});
    EXPECT_GT(hand.controller.copy_share(), 0.3);
    EXPECT_LT(hand.controller.copy_share(), 0.7);
    hand.step({pressure(Pressure::Kind::level, 1)});
    EXPECT_EQ(hand.controller.copy_share(), 0);
}

TEST(Controller, TheStrictestSignalCounts) {
    Hand hand;
    hand.run(
        {pressure(Pressure::Kind::level, 0.2, "load"),
         pressure(Pressure::Kind::lag, 0.9, "replica")},
        0.2
    );
    EXPECT_EQ(hand.controller.copy_share(), 0);
    EXPECT_EQ(hand.controller.strongest()->cause, "replica");
}

TEST(Controller, ASignalThatIsGoneHoldsNothingBack) {
    Hand hand;
    hand.run({pressure(Pressure::Kind::lag, 5)}, 1);
    EXPECT_EQ(hand.controller.copy_share(), 0);
    hand.step({});
    EXPECT_EQ(hand.controller.copy_share(), 1);
}

TEST(Controller, AHardLimitStandsUntilItIsKeptForASecond) {
    Hand hand;
    Pressure critical = pressure(Pressure::Kind::level, 0);
    critical.critical = true;
    hand.step({critical});
    ASSERT_TRUE(hand.controller.critical());
    EXPECT_EQ(hand.controller.copy_share(), 0);
    critical.critical = false;
    hand.run({critical}, 0.5);
    EXPECT_FALSE(hand.controller.critical());
    EXPECT_EQ(hand.controller.copy_share(), 0);
    hand.run({critical}, 1);
    EXPECT_EQ(hand.controller.copy_share(), 1);
}

TEST(Controller, ReplaySlowsDownOnlyWhenLagGrowsWhileCopyingStands) {
    Hand hand;
    double level = 0.9;
    hand.run({pressure(Pressure::Kind::lag, level)}, 5);
    EXPECT_EQ(hand.controller.copy_share(), 0);
    EXPECT_EQ(hand.controller.replay_share(), 1) << "the limit is kept";
    for (int second = 0; second < 2; ++second) {
        level += 0.5;
        hand.run({pressure(Pressure::Kind::lag, level)}, 0.9);
    }
    EXPECT_GT(hand.controller.replay_share(), 0.9) << "copying stands for less than two seconds";
    for (int second = 0; second < 20; ++second) {
        level += 0.5;
        hand.run({pressure(Pressure::Kind::lag, level)}, 1);
    }
    EXPECT_EQ(hand.controller.replay_share(), Controller::kReplayLeast);
    for (int second = 0; second < 6; ++second) {
        level -= 0.5;
        hand.run({pressure(Pressure::Kind::lag, level)}, 1);
    }
    EXPECT_EQ(hand.controller.copy_share(), 0);
    EXPECT_EQ(hand.controller.replay_share(), 1) << "it falls, so replay is not what hurts";
}

class Replicas : public testing::TestWithParam<double> {};

TEST_P(Replicas, StayUnderTheLimitWithoutStopAndGoAndTheCopyGetsOn) {
    SimulatedReplica::Rates rates;
    rates.copy = GetParam();
    SimulatedReplica replica(rates);
    replica.run(10);
    EXPECT_LT(replica.lag_max(), 1.0) << "at the start";
    replica.forget();
    replica.run(60);
    EXPECT_LT(replica.lag_max(), 1.0);
    EXPECT_LE(replica.flips(), 2U);
    // What the replica can apply of a minute's copying, at the least half of it.
    const double possible = std::min(60.0, 60.0 / rates.copy);
    EXPECT_GT(replica.copied(), 0.5 * possible);
    if (rates.copy > 1.5) {
        EXPECT_LT(replica.share_deviation(), 0.25);
        EXPECT_GT(replica.share(), 0.0);
        EXPECT_LT(replica.share(), 1.0);
    }
}

INSTANTIATE_TEST_SUITE_P(Speeds, Replicas, testing::Values(0.5, 0.9, 1.2, 2, 3, 4, 6));

TEST(SimulatedReplicas, HoldAnyLimit) {
    for (const double limit : {0.2, 0.5, 2.0, 10.0}) {
        SimulatedReplica::Rates rates;
        rates.copy = 3;
        rates.limit_seconds = limit;
        rates.chunk_seconds = std::min(0.1, limit / 10);
        SimulatedReplica replica(rates);
        replica.run(60);
        // Beats and looks are 100 ms apart here, so that a lag below 200 ms cannot be told from
        // none.
        EXPECT_LT(replica.lag_max(), std::max(limit, 0.4)) << limit;
        EXPECT_GT(replica.copied(), limit < 0.5 ? 1.0 : 8.0) << limit;
    }
}

TEST(SimulatedReplicas, MakeRoomForAnApplicationThatBegins) {
    SimulatedReplica::Rates rates;
    rates.copy = 3;
    SimulatedReplica replica(rates);
    replica.run(30);
    replica.set_application(0.6);
    replica.forget();
    replica.run(60);
    EXPECT_LT(replica.lag_max(), 1.3) << "the step itself may show for a moment";
    replica.forget();
    replica.run(60);
    EXPECT_LT(replica.lag_max(), 1.0);
    EXPECT_GT(replica.copied(), 0.5 * 60 * 0.4 / 3);
}

TEST(SimulatedReplicas, ThatStopHoldTheCopyAndThatGoOnLetItGoOn) {
    SimulatedReplica::Rates rates;
    rates.copy = 2;
    SimulatedReplica replica(rates);
    replica.run(20);
    replica.set_running(false);
    replica.run(1.5);
    replica.forget();
    replica.run(20);
    EXPECT_EQ(replica.copied(), 0);
    EXPECT_GT(replica.lag_max(), 20);
    replica.set_running(true);
    replica.run(10);
    replica.forget();
    replica.run(30);
    EXPECT_GT(replica.copied(), 5);
    EXPECT_LT(replica.lag_max(), 1.0);
}

TEST(SimulatedReplicas, ThatCannotBeReadCountAsBehind) {
    SimulatedReplica::Rates rates;
    rates.copy = 0.5;
    SimulatedReplica replica(rates);
    replica.run(20);
    EXPECT_EQ(replica.share(), 1);
    replica.set_readable(false);
    replica.run(1.5);
    replica.forget();
    replica.run(10);
    EXPECT_EQ(replica.copied(), 0);
    replica.set_readable(true);
    replica.run(10);
    EXPECT_GT(replica.copied(), 3);
}

}  // namespace
}  // namespace doppel::throttle
