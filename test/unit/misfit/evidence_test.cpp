// SPDX-License-Identifier: Apache-2.0
#include "misfit/evidence.hpp"

#include <gtest/gtest.h>

namespace doppel::misfit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Evidence::Limits kLimits{milliseconds(2'000), 3, seconds(10), 20};

class Looks : public ::testing::Test {
protected:
    void look(milliseconds after, std::uint64_t changes) {
        now_ += after;
        evidence_.seen(now_, changes);
    }

    Evidence::Clock::time_point now_;
    Evidence evidence_{kLimits};
};

TEST_F(Looks, RowsThatNobodyChangesAreCertainAfterAShortTime) {
    look(milliseconds(0), 7);
    look(milliseconds(1'000), 7);
    EXPECT_FALSE(evidence_.ripe());
    look(milliseconds(1'000), 7);
    EXPECT_TRUE(evidence_.ripe());
    EXPECT_TRUE(evidence_.stands(7));
    EXPECT_FALSE(evidence_.stands(8)) << "a change came in behind the last look";
}

TEST_F(Looks, TwoLooksAreNotEnoughHoweverFarApart) {
    look(milliseconds(0), 0);
    look(seconds(60), 0);
    EXPECT_FALSE(evidence_.ripe());
}

TEST_F(Looks, AChangeBeginsTheShortTimeAnew) {
    look(milliseconds(0), 0);
    look(milliseconds(1'500), 0);
    look(milliseconds(1'500), 1);
    look(milliseconds(1'000), 1);
    EXPECT_FALSE(evidence_.ripe());
    look(milliseconds(1'000), 1);
    EXPECT_TRUE(evidence_.stands(1));
}

TEST_F(Looks, RowsThatAreChangedAllTheTimeNeedManyLooksOverALongTime) {
    for (unsigned i = 0; i < 19; ++i) {
        look(milliseconds(600), i);
        EXPECT_FALSE(evidence_.ripe()) << i;
    }
    look(milliseconds(600), 100);
    EXPECT_TRUE(evidence_.ripe());
    EXPECT_TRUE(evidence_.stands(101)) << "as busy rows they are";
    EXPECT_EQ(evidence_.looks(), 20U);
}

}  // namespace
}  // namespace doppel::misfit
