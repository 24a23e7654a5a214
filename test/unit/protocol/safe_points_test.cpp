// SPDX-License-Identifier: Apache-2.0
#include "protocol/safe_points.hpp"

#include <gtest/gtest.h>

namespace doppel::protocol {
namespace {

mysql::Key key(std::uint64_t value) {
    mysql::Key key;
    mysql::KeyShape::append_unsigned(key.bytes, value);
    return key;
}

class SafePointsTest : public ::testing::Test {
protected:
    /// Copies everything up to `upper`.
    void copy_to(std::uint64_t upper) {
        const auto chunk = coordinator_.add_chunk(key(upper));
        coordinator_.open_chunk(chunk);
        coordinator_.close_chunk(chunk);
    }
    void reconcile() {
        coordinator_.acknowledge_fence(coordinator_.issue_fence());
        while (auto batch = coordinator_.take_batch()) {
            coordinator_.complete(*batch);
        }
    }

    Coordinator coordinator_{true, {}};
    SafePoints<int> points_;
};

TEST_F(SafePointsTest, AStateIsSafeAtOnceWhenNothingIsPending) {
    points_.note(coordinator_, 1);
    EXPECT_EQ(points_.settle(coordinator_), 1);
    EXPECT_EQ(points_.settle(coordinator_), std::nullopt) << "it is told once";
}

TEST_F(SafePointsTest, AStateWaitsForWhatWasDeliveredBeforeIt) {
    copy_to(10);
    coordinator_.deliver(key(5).bytes);
    points_.note(coordinator_, 1);
    EXPECT_EQ(points_.settle(coordinator_), std::nullopt);
    reconcile();
    coordinator_.deliver(key(6).bytes);  // later
    EXPECT_EQ(points_.settle(coordinator_), 1);
}

TEST_F(SafePointsTest, ARowThatAChunkLeftOutHoldsBackTheStateThatCallsTheChunkCopied) {
    const auto chunk = coordinator_.add_chunk(key(10));
    coordinator_.open_chunk(chunk);
    coordinator_.request(key(5).bytes);
    coordinator_.close_chunk(chunk);
    points_.note(coordinator_, 1);
    EXPECT_EQ(points_.settle(coordinator_), std::nullopt);
    reconcile();
    EXPECT_EQ(points_.settle(coordinator_), 1);
}

TEST_F(SafePointsTest, TheNewestSafeStateIsTold) {
    copy_to(10);
    points_.note(coordinator_, 1);
    points_.note(coordinator_, 2);
    coordinator_.deliver(key(5).bytes);
    points_.note(coordinator_, 3);
    EXPECT_EQ(points_.settle(coordinator_), 2);
    reconcile();
    EXPECT_EQ(points_.settle(coordinator_), 3);
}

TEST_F(SafePointsTest, AnOldStateIsKeptWhereReplayFallsBehind) {
    copy_to(10);
    coordinator_.deliver(key(5).bytes);
    for (int i = 0; i < 100; ++i) {
        points_.note(coordinator_, i);
    }
    reconcile();
    const auto safe = points_.settle(coordinator_);
    ASSERT_TRUE(safe);
    EXPECT_EQ(*safe, 99) << "the newest took the place of the one before it";
}

TEST(ResumedCoordinator, ReconcilesWhatLiesInTheCopiedPartOnly) {
    Coordinator coordinator(true, {});
    coordinator.resume(key(10), false);
    coordinator.deliver(key(5).bytes);
    coordinator.deliver(key(15).bytes);
    EXPECT_EQ(coordinator.pending(), 1U);
    EXPECT_EQ(coordinator.counters().discarded, 1U);
    EXPECT_EQ(coordinator.closed_through(), key(10));
    const auto chunk = coordinator.add_chunk(std::nullopt);
    EXPECT_EQ(coordinator.range(chunk).lower, key(10)) << "the copy goes on there";
}

TEST(ResumedCoordinator, OfKeysThatOnlyTheServerComparesKeepsAll) {
    Coordinator coordinator(false, {});
    coordinator.resume(key(10), false);
    coordinator.deliver(key(5).bytes);
    coordinator.deliver(key(15).bytes);
    EXPECT_EQ(coordinator.pending(), 2U);
    coordinator.acknowledge_fence(coordinator.issue_fence());
    const auto batch = coordinator.take_batch();
    ASSERT_TRUE(batch && batch->confined_to);
    EXPECT_EQ(*batch->confined_to, (std::vector{mysql::KeyRange{std::nullopt, key(10)}}));
}

TEST(ResumedCoordinator, OfAWholeTableHasNothingToCopy) {
    Coordinator coordinator(true, {});
    coordinator.resume(key(10), true);
    EXPECT_TRUE(coordinator.copied());
    coordinator.deliver(key(15).bytes);
    EXPECT_EQ(coordinator.pending(), 1U);
}

}  // namespace
}  // namespace doppel::protocol
