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

TEST(PendingSet, AKeyKeepsTheAgeOfItsFirstDeliveryThatWaits) {
    PendingSet pending;
    EXPECT_EQ(pending.oldest(), std::nullopt);
    pending.park("parked", {1, 0}, 4);
    pending.touch("parked", {5, 0});
    EXPECT_EQ(pending.oldest(), 1U) << "delivered again while it waits for its chunk";
    pending.release(4);
    const auto parked = pending.take(kAll);
    pending.touch("parked", {6, 0});
    pending.touch("parked", {9, 0});
    pending.give_back(parked);
    EXPECT_EQ(pending.front()->sequence, 9U);
    EXPECT_EQ(pending.oldest(), 1U) << "delivered again while it was served in vain";
    pending.touch("parked", {11, 0});
    EXPECT_TRUE(pending.finish(pending.take(kAll)));
    EXPECT_EQ(pending.oldest(), std::nullopt);
}

TEST(PendingSet, AServiceEndsTheAgeOfWhatItCovers) {
    PendingSet pending;
    pending.add("a", {1, 0});
    pending.add("b", {2, 0});
    const auto key = pending.take(kAll);
    pending.touch("a", {3, 0});
    pending.touch("a", {7, 0});
    EXPECT_FALSE(pending.finish(key));
    EXPECT_EQ(pending.oldest(), 2U);
    EXPECT_TRUE(pending.finish(pending.take(kAll)));
    EXPECT_EQ(pending.oldest(), 3U) << "the first delivery behind the service, not the last";
    pending.park("c", {1, 0}, 4);
    EXPECT_EQ(pending.forget(4), 1U);
    EXPECT_EQ(pending.oldest(), 3U);
}

}  // namespace
}  // namespace doppel::protocol
