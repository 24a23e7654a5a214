// SPDX-License-Identifier: Apache-2.0
#include "tools/load/pacer.hpp"

#include <gtest/gtest.h>

namespace doppel::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Pacer, SpacesArrivalsEvenly) {
    Pacer pacer(800);
    EXPECT_EQ(Instant{0}, pacer.next());
    EXPECT_EQ(Instant{1'250'000}, pacer.next());
    EXPECT_EQ(Instant{2'500'000}, pacer.next());
}

TEST(Pacer, DoesNotDriftOverLongRuns) {
    Pacer pacer(3);
    for (int i = 0; i < 3'000; ++i) {
        (void)pacer.next();
    }
    EXPECT_EQ(seconds{1'000}, pacer.next());
}

TEST(Pacer, WithoutARateIsDueAtOnce) {
    Pacer pacer(0);
    EXPECT_EQ(std::nullopt, pacer.next());
    EXPECT_EQ(0U, pacer.backlog(seconds{100}));
}

TEST(Pacer, CountsWhatIsDueAndNotHandedOut) {
    Pacer pacer(100);
    EXPECT_EQ(1U, pacer.backlog(Instant{0}));
    (void)pacer.next();
    EXPECT_EQ(0U, pacer.backlog(milliseconds{5}));
    EXPECT_EQ(100U, pacer.backlog(milliseconds{1'005}));
    for (int i = 0; i < 200; ++i) {
        (void)pacer.next();
    }
    EXPECT_EQ(0U, pacer.backlog(milliseconds{1'005}));
    EXPECT_EQ(0U, pacer.backlog(milliseconds{-1}));
}

TEST(Pacer, HandsOutOverdueArrivalsAtTheirOwnTime) {
    Pacer pacer(10);
    EXPECT_EQ(51U, pacer.backlog(seconds{5}));
    EXPECT_EQ(Instant{0}, pacer.next());
    EXPECT_EQ(milliseconds{100}, pacer.next());
}

}  // namespace
}  // namespace doppel::load
