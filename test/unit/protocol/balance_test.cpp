// SPDX-License-Identifier: Apache-2.0
#include "protocol/balance.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{50};

/// A table under writes: keys come in, replay takes some of them away, at a rate that depends on
/// how many sessions reconcile and on how much the copy works.
class Model {
public:
    explicit Model(unsigned replayers_max) : balance({replayers_max, 1, 1'000}) { look(); }

    void look() {
        balance.see(
            now,
            {static_cast<std::size_t>(std::min(waiting, pending_max)),
             static_cast<std::uint64_t>(reconciled),
             waiting > pending_max}
        );
    }
    /// `per_session`: keys a second of one session while the copy does not work; it takes up to
    /// `copy_takes` of that.
    void run(milliseconds time, double arriving, double per_session, double copy_takes = 0) {
        for (milliseconds done{0}; done < time; done += kLook) {
            now += kLook;
            const double seconds = static_cast<double>(kLook.count()) / 1'000;
            const double rate =
                per_session * balance.replayers() * (1 - copy_takes * balance.copy_share());
            waiting += arriving * seconds;
            const double taken = std::min(waiting, rate * seconds);
            waiting -= taken;
            reconciled += taken;
            copied += balance.copy_share() * seconds;
            look();
            most = std::max(most, waiting);
        }
    }

    Balance balance;
    Balance::Clock::time_point now{};
    double waiting = 0;        ///< those that the feed has yet to read included
    double pending_max = 1e9;  ///< the feed waits above
    double reconciled = 0;
    double copied = 0;  ///< in seconds of a copier that never rests
    double most = 0;
};

TEST(Balance, OneSessionReconcilesAndTheCopyNeverRestsWhileOneKeepsUp) {
    Model model(8);
    model.run(milliseconds(20'000), 9'000, 10'000);
    EXPECT_EQ(model.balance.replayers(), 1U);
    EXPECT_EQ(model.balance.copy_share(), 1);
    EXPECT_EQ(model.balance.rest(milliseconds(100)), milliseconds(0));
}

TEST(Balance, MoreSessionsReconcileWhenTheKeysGrowMore) {
    Model model(8);
    model.run(milliseconds(20'000), 25'000, 10'000);
    EXPECT_GE(model.balance.replayers(), 3U);
    EXPECT_LT(model.most, 60'000);
    EXPECT_EQ(model.balance.copy_share(), 1);
}

TEST(Balance, MoreSessionsReconcileWhereFewKeysMayBePendingAndTheFeedWaits) {
    Model model(8);
    model.pending_max = 1'500;
    model.run(milliseconds(20'000), 25'000, 10'000);
    EXPECT_GE(model.balance.replayers(), 3U);
    EXPECT_LT(model.most, 100'000);
    model.run(milliseconds(60'000), 100, 10'000);
    EXPECT_EQ(model.balance.replayers(), 1U);
}

TEST(Balance, SessionsEndWhenTheKeysAreFew) {
    Model model(8);
    model.run(milliseconds(5'000), 50'000, 10'000);
    EXPECT_GE(model.balance.replayers(), 4U);
    model.run(milliseconds(20'000), 100, 10'000);
    EXPECT_EQ(model.balance.replayers(), 1U);
}

TEST(Balance, ACopyThatIsTooMuchStepsBackWhenAllSessionsReconcile) {
    Model model(2);
    model.run(milliseconds(20'000), 14'000, 10'000, 0.6);
    EXPECT_EQ(model.balance.replayers(), 2U);
    EXPECT_LT(model.balance.copy_share(), 1);
    EXPECT_LT(model.most, 60'000);
}

TEST(Balance, TheCopyNeverFallsBelowItsFloorThoughReplayCannotKeepUp) {
    Model model(2);
    model.run(milliseconds(100'000), 30'000, 10'000, 0.6);
    EXPECT_EQ(model.balance.copy_share(), Balance::kCopyFloor);
    EXPECT_GE(model.copied, 100 * Balance::kCopyFloor);
    EXPECT_EQ(model.balance.rest(milliseconds(100)), milliseconds(700));
}

TEST(Balance, NoRestIsEndless) {
    Model model(1);
    model.run(milliseconds(20'000), 30'000, 10'000);
    ASSERT_EQ(model.balance.copy_share(), Balance::kCopyFloor);
    EXPECT_EQ(model.balance.rest(milliseconds(100'000)), Balance::kRestMax);
}

TEST(Balance, ReplayCatchesUpWhereverItCanWithAllThatMayBeGiven) {
    // Each of them with all sessions and the copy on its floor faster than what arrives.
    for (const double copy_takes : {0.0, 0.3, 0.6, 0.9}) {
        for (const unsigned sessions : {1U, 2U, 4U, 16U}) {
            Model model(sessions);
            const double best = 10'000 * sessions * (1 - copy_takes * Balance::kCopyFloor);
            model.waiting = 2'000'000;
            model.look();
            model.run(milliseconds(3'600'000), best * 0.9, 10'000, copy_takes);
            model.most = 0;
            model.run(milliseconds(3'600'000), best * 0.9, 10'000, copy_takes);
            EXPECT_LT(model.most, best * 20) << sessions << " sessions, " << copy_takes;
            model.run(milliseconds(60'000), 0, 10'000, copy_takes);
            EXPECT_FALSE(model.balance.behind());
            EXPECT_EQ(model.balance.replayers(), 1U);
            EXPECT_EQ(model.balance.copy_share(), 1);
        }
    }
}

TEST(Balance, TheCutOverIsNotKeptWaitingForMoreSessions) {
    Model model(4);
    model.balance.hurry();
    model.waiting = 3'500;
    model.now += kLook;
    model.look();
    EXPECT_EQ(model.balance.replayers(), 3U);
    model.waiting = 900'000;
    model.now += kLook;
    model.look();
    EXPECT_EQ(model.balance.replayers(), 4U);
}

TEST(Balance, HurryNeedsNoMoreSessionsThanThereIsWork) {
    Model model(4);
    model.balance.hurry();
    model.run(milliseconds(5'000), 500, 10'000);
    EXPECT_EQ(model.balance.replayers(), 1U);
}

TEST(Balance, SoManySessionsReconcileAtLeast) {
    Balance balance({4, 3, 1'000});
    EXPECT_EQ(balance.replayers(), 3U);
    for (int i = 0; i < 1'000; ++i) {
        balance.see(Balance::Clock::time_point(i * kLook), {});
    }
    EXPECT_EQ(balance.replayers(), 3U);
    EXPECT_EQ(Balance({2, 16, 1'000}).replayers(), 2U);
}

TEST(Balance, TimesWithNothingToDoSayNothingOfHowFastReplayIs) {
    Model model(1);
    model.run(milliseconds(5'000), 110'000, 100'000);
    model.run(milliseconds(60'000), 1'000, 100'000);
    ASSERT_FALSE(model.balance.behind());
    model.waiting = 30'000;  // a third of a second's work
    model.now += kLook;
    model.look();
    EXPECT_FALSE(model.balance.behind());
}

}  // namespace
}  // namespace doppel::protocol
