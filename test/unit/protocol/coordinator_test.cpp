// SPDX-License-Identifier: Apache-2.0
#include "protocol/coordinator.hpp"

#include "unit/protocol/letter_key.hpp"

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

void fence(Coordinator& coordinator) {
    coordinator.acknowledge_fence(coordinator.issue_fence());
}

TEST(Coordinator, AChunkIsNotReadBeforeAFenceThatWasIssuedAfterTheLastDelivery) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    const auto early = coordinator.issue_fence();
    coordinator.deliver("a");
    coordinator.open_chunk(chunk);
    coordinator.acknowledge_fence(early);
    EXPECT_FALSE(coordinator.may_read(chunk));
    EXPECT_TRUE(coordinator.fence_wanted());
    fence(coordinator);
    EXPECT_TRUE(coordinator.may_read(chunk));
    EXPECT_FALSE(coordinator.fence_wanted());
}

TEST(Coordinator, EvenTheFirstChunkWaitsForAFence) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    EXPECT_FALSE(coordinator.may_read(chunk));
}

TEST(Coordinator, KeysBeyondTheFrontierAreDiscarded) {
    Coordinator coordinator(true, {});
    coordinator.open_chunk(coordinator.add_chunk(letter_key('m')));
    coordinator.deliver("z");
    EXPECT_EQ(coordinator.pending(), 0U);
    EXPECT_EQ(coordinator.counters().discarded, 1U);
}

TEST(Coordinator, TellsOfEveryKeyThatIsDeliveredOrAskedFor) {
    Coordinator coordinator(true, {});
    std::string told;
    coordinator.tell([&](std::string_view key) { told += key; });
    coordinator.deliver("a");
    coordinator.request("b");
    EXPECT_EQ(told, "ab");
}

TEST(Coordinator, RequestedKeysGoTheWayOfDeliveredOnes) {
    for (const bool exactly_comparable : {true, false}) {
        Coordinator coordinator(exactly_comparable, {});
        const auto chunk = coordinator.add_chunk(letter_key('m'));
        coordinator.open_chunk(chunk);
        coordinator.request("c");
        EXPECT_EQ(coordinator.counters().delivered, 0U);
        coordinator.close_chunk(chunk);
        EXPECT_FALSE(coordinator.take_batch()) << "not before a fence";
        fence(coordinator);
        const auto batch = coordinator.take_batch();
        ASSERT_TRUE(batch);
        EXPECT_EQ(batch->keys, (std::vector{letter_key('c')}));
    }
}

TEST(Coordinator, CountsDeliveriesOfWatchedKeysOnly) {
    constexpr Sequence kAll = 1'000;
    Coordinator coordinator(true, {});
    coordinator.deliver("a");
    EXPECT_EQ(coordinator.changes(letter_key('a'), kAll), 0U) << "from now on";
    EXPECT_EQ(coordinator.changes(letter_key('b'), kAll), 0U);
    coordinator.deliver("a");
    coordinator.deliver("c");
    coordinator.request("a");
    EXPECT_EQ(coordinator.changes(letter_key('a'), kAll), 4U);
    EXPECT_EQ(coordinator.changes(letter_key('b'), kAll), 0U);
    coordinator.watch().retain({letter_key('b')});
    coordinator.deliver("b");
    EXPECT_EQ(coordinator.changes(letter_key('a'), kAll), 0U) << "forgotten";
    EXPECT_EQ(coordinator.changes(letter_key('b'), kAll), 4U);
}

TEST(Coordinator, ALookThatMayHaveSeenWhatWasBeforeADeliveryDiffersFromTheNext) {
    Coordinator coordinator(true, {});
    coordinator.deliver("z");
    const auto early = coordinator.visible_through();
    const auto first = coordinator.changes(letter_key('a'), early);
    EXPECT_NE(first % 4, 0U) << "a delivery from before the watch may become visible later";
    fence(coordinator);
    const auto second = coordinator.changes(letter_key('a'), coordinator.visible_through());
    EXPECT_EQ(second % 4, 0U);
    coordinator.deliver("a");
    const auto third = coordinator.changes(letter_key('a'), coordinator.visible_through());
    EXPECT_NE(third % 4, 0U);
    fence(coordinator);
    EXPECT_EQ(coordinator.changes(letter_key('a'), coordinator.visible_through()), second + 4);
}

TEST(Coordinator, KeysInAnOpenChunkWaitUntilItIsClosed) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(letter_key('m'));
    coordinator.open_chunk(chunk);
    coordinator.deliver("c");
    fence(coordinator);
    EXPECT_FALSE(coordinator.take_batch());
    coordinator.close_chunk(chunk);
    const auto batch = coordinator.take_batch();
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->keys, (std::vector{letter_key('c')}));
    EXPECT_FALSE(batch->confined_to);
    coordinator.complete(*batch);
    EXPECT_EQ(coordinator.pending(), 0U);
}

TEST(Coordinator, ABatchNeedsAFenceOverItsKeys) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    fence(coordinator);
    coordinator.close_chunk(chunk);
    coordinator.deliver("c");
    EXPECT_FALSE(coordinator.take_batch());
    EXPECT_TRUE(coordinator.fence_wanted());
    fence(coordinator);
    EXPECT_TRUE(coordinator.take_batch());
}

TEST(Coordinator, ACommittedBatchIsAFenceForWhatWasDeliveredBeforeIt) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    fence(coordinator);
    coordinator.close_chunk(chunk);
    coordinator.deliver("c");
    fence(coordinator);
    coordinator.deliver("d");
    const auto batch = coordinator.take_batch();
    ASSERT_TRUE(batch);
    EXPECT_EQ(batch->keys.size(), 1U);
    EXPECT_FALSE(coordinator.fence_wanted()) << "the batch will cover d";
    coordinator.complete(*batch);
    const auto next = coordinator.take_batch();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->keys, (std::vector{letter_key('d')}));
}

TEST(Coordinator, UnorderedKeysWaitForEveryChunkOpenAtTheirDelivery) {
    Coordinator coordinator(false, {});
    const auto first = coordinator.add_chunk(letter_key('f'));
    const auto second = coordinator.add_chunk(letter_key('m'));
    coordinator.open_chunk(first);
    coordinator.open_chunk(second);
    coordinator.deliver("z");
    fence(coordinator);
    coordinator.close_chunk(first);
    EXPECT_FALSE(coordinator.take_batch());
    coordinator.close_chunk(second);
    const auto batch = coordinator.take_batch();
    ASSERT_TRUE(batch);
    ASSERT_TRUE(batch->confined_to) << "only the server knows whether z was copied";
    EXPECT_EQ(*batch->confined_to, (std::vector{mysql::KeyRange{std::nullopt, letter_key('m')}}));
}

TEST(Coordinator, UnorderedKeysDoNotWaitForChunksOpenedLater) {
    Coordinator coordinator(false, {});
    const auto first = coordinator.add_chunk(letter_key('f'));
    coordinator.open_chunk(first);
    fence(coordinator);
    coordinator.close_chunk(first);
    coordinator.deliver("z");
    coordinator.open_chunk(coordinator.add_chunk(letter_key('m')));
    fence(coordinator);
    const auto batch = coordinator.take_batch();
    ASSERT_TRUE(batch);
    EXPECT_EQ(*batch->confined_to, (std::vector{mysql::KeyRange{std::nullopt, letter_key('f')}}));
    EXPECT_FALSE(coordinator.take_batch()) << "one batch at a time";
}

TEST(Coordinator, UnorderedKeysAreDiscardedBeforeTheFirstChunk) {
    Coordinator coordinator(false, {});
    coordinator.deliver("a");
    EXPECT_EQ(coordinator.pending(), 0U);
}

TEST(Coordinator, ParkedKeysOfACancelledChunkAreDiscarded) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    coordinator.deliver("c");
    coordinator.cancel_chunk(chunk);
    EXPECT_EQ(coordinator.pending(), 0U);
    coordinator.open_chunk(chunk);
    EXPECT_FALSE(coordinator.may_read(chunk)) << "the read must see c";
}

TEST(Coordinator, AChunkMayBeOpenedLongBeforeItIsRead) {
    Coordinator coordinator(true, {});
    const auto first = coordinator.add_chunk(letter_key('f'));
    const auto second = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(first);
    fence(coordinator);
    coordinator.deliver("z");
    coordinator.open_chunk(second);
    coordinator.deliver("m");
    EXPECT_FALSE(coordinator.may_read(second)) << "z may not be visible yet";
    fence(coordinator);
    EXPECT_TRUE(coordinator.may_read(second)) << "while the first one is copied";
    coordinator.close_chunk(first);
    EXPECT_FALSE(coordinator.take_batch()) << "m waits for the chunk that may not have seen it";
    EXPECT_TRUE(coordinator.may_read(second));
    coordinator.close_chunk(second);
    ASSERT_TRUE(coordinator.take_batch());
}

TEST(Coordinator, AChunkThatWasOpenedMayBeWithdrawn) {
    Coordinator coordinator(true, {});
    const auto first = coordinator.add_chunk(letter_key('f'));
    const auto second = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(first);
    coordinator.open_chunk(second);
    fence(coordinator);
    coordinator.deliver("m");
    coordinator.close_chunk(first);
    EXPECT_TRUE(coordinator.is_open(second));
    coordinator.cancel_chunk(second);
    EXPECT_FALSE(coordinator.is_open(second));
    EXPECT_EQ(coordinator.pending(), 0U) << "the chunk will see m";
    coordinator.open_chunk(second);
    EXPECT_FALSE(coordinator.may_read(second)) << "but not before a fence behind m";
}

TEST(Coordinator, BatchesAreBoundedByCountAndBytes) {
    Coordinator coordinator(true, {3, 300});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    fence(coordinator);
    coordinator.close_chunk(chunk);
    for (char c = 'a'; c < 'f'; ++c) {
        coordinator.deliver(std::string(1, c));
    }
    coordinator.deliver(std::string(200, 'x'));
    coordinator.deliver("y");
    fence(coordinator);
    EXPECT_EQ(coordinator.take_batch()->keys.size(), 3U);
    EXPECT_EQ(coordinator.take_batch()->keys.size(), 3U);
    EXPECT_EQ(coordinator.take_batch()->keys.size(), 1U);
}

TEST(Coordinator, FailedKeysOfABatchGoBack) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    fence(coordinator);
    coordinator.close_chunk(chunk);
    coordinator.deliver("a");
    coordinator.deliver("b");
    fence(coordinator);
    const auto batch = coordinator.take_batch();
    coordinator.complete_except(*batch, std::vector{letter_key('b')});
    EXPECT_EQ(coordinator.pending(), 1U);
    EXPECT_FALSE(coordinator.reconciled_through(coordinator.delivered()));
    EXPECT_EQ(coordinator.take_batch()->keys, (std::vector{letter_key('b')}));
}

TEST(Coordinator, TellsHowFarTheClosedPartReachesWithoutGaps) {
    Coordinator coordinator(true, {});
    const auto first = coordinator.add_chunk(letter_key('f'));
    const auto second = coordinator.add_chunk(letter_key('m'));
    coordinator.open_chunk(first);
    coordinator.open_chunk(second);
    coordinator.close_chunk(second);
    EXPECT_FALSE(coordinator.closed_through());
    coordinator.close_chunk(first);
    EXPECT_EQ(coordinator.closed_through(), letter_key('m'));
}

TEST(Coordinator, ARequestDoesNotHideTheDeliveryBeforeIt) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    coordinator.deliver("a");
    const auto delivered = coordinator.delivered();
    coordinator.request("a");
    EXPECT_FALSE(coordinator.reconciled_through(delivered)) << "it waits for the chunk";
    coordinator.close_chunk(chunk);
    fence(coordinator);
    const auto batch = coordinator.take_batch();
    coordinator.request("a");
    coordinator.give_back(*batch);
    EXPECT_FALSE(coordinator.reconciled_through(delivered)) << "it was served in vain";
    fence(coordinator);
    coordinator.complete(*coordinator.take_batch());
    EXPECT_TRUE(coordinator.reconciled_through(coordinator.delivered()));
}

TEST(Coordinator, AKeyCanBeReconciledThoughTheFeedIsSilent) {
    for (const bool exact : {true, false}) {
        Coordinator coordinator(exact, {});
        const auto first = coordinator.add_chunk(letter_key('m'));
        const auto second = coordinator.add_chunk(std::nullopt);
        coordinator.open_chunk(first);
        coordinator.close_chunk(first);
        coordinator.open_chunk(second);
        const auto before = coordinator.delivered();
        coordinator.request("c");
        EXPECT_EQ(coordinator.counters().delivered, 0U);
        EXPECT_FALSE(coordinator.reconciled_through(before + 1));
        EXPECT_TRUE(coordinator.fence_wanted());
        fence(coordinator);
        if (!exact) {
            EXPECT_FALSE(coordinator.take_batch()) << "the open chunk may hold the key";
            coordinator.close_chunk(second);
        }
        const auto batch = coordinator.take_batch();
        ASSERT_TRUE(batch);
        EXPECT_EQ(batch->keys, (std::vector{letter_key('c')}));
        coordinator.complete(*batch);
        EXPECT_EQ(coordinator.pending(), 0U);
    }
}

TEST(Coordinator, AKeyThatIsPendingIsReconciledOnceMore) {
    Coordinator coordinator(true, {});
    const auto chunk = coordinator.add_chunk(std::nullopt);
    coordinator.open_chunk(chunk);
    coordinator.close_chunk(chunk);
    coordinator.deliver("c");
    fence(coordinator);
    const auto batch = coordinator.take_batch();
    coordinator.request("c");
    coordinator.complete(*batch);
    EXPECT_EQ(coordinator.pending(), 1U) << "the batch may have read before the request";
}

/// "a" and "b" in a batch that was taken while "c" was delivered and not covered by a fence.
class FailedBatch : public testing::Test {
protected:
    void SetUp() override {
        const auto chunk = coordinator_.add_chunk(std::nullopt);
        coordinator_.open_chunk(chunk);
        fence(coordinator_);
        coordinator_.close_chunk(chunk);
        coordinator_.deliver("a");
        coordinator_.deliver("b");
        fence(coordinator_);
        coordinator_.deliver("c");
        batch_ = coordinator_.take_batch().value();
        ASSERT_EQ(batch_.keys.size(), 2U);
    }
    void expect_that_c_waits_for_a_fence() {
        EXPECT_FALSE(coordinator_.take_batch()) << "c is the first in the queue";
        EXPECT_TRUE(coordinator_.fence_wanted());
        fence(coordinator_);
        EXPECT_TRUE(coordinator_.take_batch());
    }

    Coordinator coordinator_{true, {}};
    Batch batch_;
};

TEST_F(FailedBatch, ProvesNothingWhenItIsGivenBack) {
    coordinator_.give_back(batch_);
    expect_that_c_waits_for_a_fence();
}

TEST_F(FailedBatch, ProvesNothingWhenEveryKeyFailed) {
    coordinator_.complete_except(batch_, batch_.keys);
    expect_that_c_waits_for_a_fence();
}

}  // namespace
}  // namespace doppel::protocol
