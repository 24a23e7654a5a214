// SPDX-License-Identifier: Apache-2.0
#include "copy/pace.hpp"

#include <gtest/gtest.h>

namespace doppel::copy {
namespace {

using std::chrono::milliseconds;

class PaceTest : public ::testing::Test {
protected:
    static constexpr milliseconds kLook{100};

    /// Looks for so long, while others send so many statements a second and so many sessions work.
    void look_for(milliseconds time, std::uint64_t statements_per_second, unsigned running = 3) {
        const std::uint64_t before = load_.statements;
        for (milliseconds passed = kLook; passed <= time; passed += kLook) {
            load_.statements =
                before + statements_per_second * static_cast<std::uint64_t>(passed.count()) / 1'000;
            load_.running = running;
            now_ += kLook;
            pace_.see(now_, load_);
        }
    }

    Pace pace_{{4, 20'000, milliseconds(100), 200}};
    Pace::Clock::time_point now_{std::chrono::hours(1)};
    ServerLoad load_{1'000'000, 3};
};

TEST_F(PaceTest, IsGentleUntilItKnowsMore) {
    EXPECT_EQ(pace_.workers(), 1U);
    pace_.see(now_, load_);
    EXPECT_EQ(pace_.workers(), 1U);
}

TEST_F(PaceTest, TakesAllOfAServerThatNobodyElseUses) {
    look_for(2 * kLook, 0);  // three replicas count as running
    EXPECT_EQ(pace_.workers(), 4U);
    EXPECT_EQ(pace_.chunk_time(), milliseconds(100));
    EXPECT_EQ(pace_.rows_max(), 20'000U);
}

TEST_F(PaceTest, ABusyServerIsSeenFromTheBeginning) {
    look_for(2 * kLook, 800);
    EXPECT_EQ(pace_.workers(), 1U);
    EXPECT_EQ(pace_.chunk_time(), Pace::kGentleTime);
    EXPECT_EQ(pace_.rows_max(), Pace::kGentleBytes / 200);
}

TEST_F(PaceTest, GivesWayAtOnceAndComesBackWhenItIsCalm) {
    look_for(2 * kLook, 0);
    look_for(kLook, 800);
    EXPECT_EQ(pace_.workers(), 1U);
    look_for(milliseconds(5'000), 800);
    look_for(milliseconds(3'000), 0);
    EXPECT_EQ(pace_.workers(), 1U);
    look_for(milliseconds(6'000), 0);
    EXPECT_EQ(pace_.workers(), 4U);
}

TEST_F(PaceTest, FewStatementsAreNotAnApplication) {
    look_for(2 * kLook, 0);
    look_for(milliseconds(10'000), 0);
    load_.statements += 5;  // somebody looks at the status
    look_for(milliseconds(3'000), 0);
    EXPECT_EQ(pace_.workers(), 4U);
}

TEST_F(PaceTest, AFewSessionsThatWorkLongAreAnApplication) {
    look_for(milliseconds(1'000), 0, 3);
    look_for(milliseconds(2'000), 0, 4);
    EXPECT_EQ(pace_.workers(), 1U);
}

TEST_F(PaceTest, AConnectionOfAReplicaIsNotWorkThoughItIsMissedNowAndThen) {
    look_for(milliseconds(1'000), 0, 3);
    for (int i = 0; i < 100; ++i) {
        look_for(kLook, 0, 2);
        look_for(milliseconds(3'000), 0, 3);
        ASSERT_EQ(pace_.workers(), 4U);
    }
}

TEST_F(PaceTest, DoesNotSwayAtTheLimit) {
    look_for(2 * kLook, 0);
    look_for(milliseconds(3'000), 20);
    EXPECT_TRUE(pace_.gentle());
    look_for(milliseconds(20'000), 8);
    EXPECT_TRUE(pace_.gentle());
}

TEST_F(PaceTest, AServerThatWasRestartedCountsAnew) {
    look_for(2 * kLook, 0);
    load_.statements = 3;
    pace_.see(now_ + kLook, load_);
    EXPECT_EQ(pace_.workers(), 4U);
}

TEST(Pace, WideRowsMakeSmallChunksButNotTiny) {
    Pace wide({4, 20'000, milliseconds(100), 1'000'000});
    EXPECT_EQ(wide.rows_max(), Pace::kRowsLeast);
    Pace few({4, 50, milliseconds(100), 1'000'000});
    EXPECT_EQ(few.rows_max(), 50U);
    Pace unknown({4, 20'000, milliseconds(100), 0});
    EXPECT_EQ(unknown.rows_max(), 20'000U);
}

// A server whose commits alone take longer than a chunk is to take.
TEST(Pace, ChunksThatTakeLongDoNotShrinkToNothing) {
    EXPECT_EQ(Pace({4, 20'000, milliseconds(100), 200}).rows_min(), 327U);
    EXPECT_EQ(Pace({4, 20'000, milliseconds(100), 20}).rows_min(), 500U);
    EXPECT_EQ(Pace({4, 20'000, milliseconds(100), 1'000'000}).rows_min(), 10U);
    EXPECT_EQ(Pace({4, 50, milliseconds(100), 20}).rows_min(), 50U);
    EXPECT_EQ(Pace({4, 20'000, milliseconds(100), 0}).rows_min(), Pace::kRowsLeast);
}

}  // namespace
}  // namespace doppel::copy
