// SPDX-License-Identifier: Apache-2.0
#include "protocol/pending_set.hpp"

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

constexpr auto kAll = [](const Readiness&) { return true; };
constexpr auto kNone = [](const Readiness&) { return false; };

TEST(PendingSet, KeysLeaveInTheOrderInWhichTheyCame) {
    PendingSet pending;
    pending.add("b", {1, 0});
    pending.add("a", {2, 0});
    pending.touch("b", {3, 0});
    EXPECT_EQ(pending.take(kAll).bytes, "b");
    EXPECT_EQ(pending.take(kAll).bytes, "a");
    EXPECT_FALSE(pending.front());
    EXPECT_EQ(pending.size(), 2U) << "taken keys are still pending";
}

TEST(PendingSet, ADeliveryThatTheServiceCoversIsServedByIt) {
    PendingSet pending;
    pending.add("a", {1, 0});
    pending.touch("a", {5, 0});
    const auto key = pending.take(kAll);
    EXPECT_TRUE(pending.finish(key));
    EXPECT_TRUE(pending.empty());
}

TEST(PendingSet, ADeliveryThatTheServiceDoesNotCoverIsServedAgain) {
    PendingSet pending;
    pending.add("a", {1, 0});
    pending.touch("a", {5, 2});
    const auto key = pending.take(kNone);
    EXPECT_FALSE(pending.finish(key));
    ASSERT_TRUE(pending.front());
    EXPECT_EQ(pending.front()->sequence, 5U);
    EXPECT_EQ(pending.front()->epoch, 2U);
}

TEST(PendingSet, ADeliveryDuringTheServiceIsServedAgain) {
    PendingSet pending;
    pending.add("a", {1, 0});
    const auto key = pending.take(kAll);
    EXPECT_EQ(pending.presence("a"), PendingSet::Presence::present);
    pending.touch("a", {2, 0});
    EXPECT_FALSE(pending.front()) << "a key must not be in two batches";
    EXPECT_FALSE(pending.finish(key));
    EXPECT_TRUE(pending.front());
}

TEST(PendingSet, GivenBackKeysWaitForTheirLatestDelivery) {
    PendingSet pending;
    pending.add("a", {1, 0});
    const auto key = pending.take(kAll);
    pending.touch("a", {7, 0});
    pending.give_back(key);
    EXPECT_EQ(pending.front()->sequence, 7U);
    EXPECT_TRUE(pending.finish(pending.take(kAll)));
}

TEST(PendingSet, ParkedKeysWaitForTheirChunk) {
    PendingSet pending;
    pending.park("a", {1, 0}, 4);
    pending.touch("a", {3, 0});
    EXPECT_FALSE(pending.front());
    EXPECT_EQ(pending.oldest(), 3U);
    pending.release(4);
    EXPECT_EQ(pending.front()->sequence, 3U) << "the last delivery must be covered";
}

TEST(PendingSet, ParkedKeysOfACancelledChunkAreForgotten) {
    PendingSet pending;
    pending.park("a", {1, 0}, 4);
    pending.park("b", {2, 0}, 5);
    EXPECT_EQ(pending.forget(4), 1U);
    EXPECT_EQ(pending.presence("a"), PendingSet::Presence::absent);
    EXPECT_EQ(pending.presence("b"), PendingSet::Presence::parked);
}

}  // namespace
}  // namespace doppel::protocol
