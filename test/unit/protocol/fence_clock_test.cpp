// SPDX-License-Identifier: Apache-2.0
#include "protocol/fence_clock.hpp"

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

TEST(FenceClock, CoversNothingBeforeTheFirstFence) {
    FenceClock clock;
    EXPECT_FALSE(clock.covers(clock.delivered()));
    clock.acknowledge(clock.issue());
    EXPECT_TRUE(clock.covers(clock.delivered()));
}

TEST(FenceClock, CoversWhatWasDeliveredBeforeTheFenceWasIssued) {
    FenceClock clock;
    const Sequence before = clock.deliver();
    const auto ticket = clock.issue();
    const Sequence after = clock.deliver();
    EXPECT_FALSE(clock.covers(before));
    EXPECT_TRUE(clock.will_cover(before));
    EXPECT_FALSE(clock.will_cover(after));
    clock.acknowledge(ticket);
    EXPECT_TRUE(clock.covers(before));
    EXPECT_FALSE(clock.covers(after));
}

TEST(FenceClock, AnAbandonedFenceProvesNothing) {
    FenceClock clock;
    const Sequence sequence = clock.deliver();
    clock.abandon(clock.issue());
    EXPECT_FALSE(clock.covers(sequence));
    EXPECT_FALSE(clock.will_cover(sequence));
}

TEST(FenceClock, FencesAcknowledgedOutOfOrderKeepTheLatest) {
    FenceClock clock;
    const auto early = clock.issue();
    const Sequence sequence = clock.deliver();
    const auto late = clock.issue();
    clock.acknowledge(late);
    clock.acknowledge(early);
    EXPECT_TRUE(clock.covers(sequence));
}

}  // namespace
}  // namespace doppel::protocol
