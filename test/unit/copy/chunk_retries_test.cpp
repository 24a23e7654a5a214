// SPDX-License-Identifier: Apache-2.0
#include "copy/chunk_retries.hpp"

#include <gtest/gtest.h>

namespace doppel::copy {
namespace {

using sql::FailureKind;

TEST(ChunkRetries, AllowsSoManyDuplicatesAndNoMore) {
    ChunkRetries retries;
    for (unsigned i = 0; i < ChunkRetries::kDuplicatesMax; ++i) {
        EXPECT_TRUE(retries.allows(FailureKind::duplicate));
    }
    EXPECT_FALSE(retries.allows(FailureKind::duplicate));
}

TEST(ChunkRetries, ConflictsDoNotMakeADuplicateFinal) {
    ChunkRetries retries;
    for (unsigned i = 0; i < 10 * ChunkRetries::kDuplicatesMax; ++i) {
        EXPECT_TRUE(retries.allows(FailureKind::conflict));
    }
    EXPECT_TRUE(retries.allows(FailureKind::duplicate));
}

TEST(ChunkRetries, ConflictsEndSomewhere) {
    ChunkRetries retries;
    for (unsigned i = 0; i < ChunkRetries::kConflictsMax; ++i) {
        EXPECT_TRUE(retries.allows(FailureKind::conflict));
    }
    EXPECT_FALSE(retries.allows(FailureKind::conflict));
}

TEST(ChunkRetries, NothingElseIsTriedAgain) {
    EXPECT_FALSE(ChunkRetries().allows(FailureKind::misfit));
    EXPECT_FALSE(ChunkRetries().allows(FailureKind::connection_lost));
    EXPECT_FALSE(ChunkRetries().allows(FailureKind::other));
}

TEST(ChunkRetries, PausesGrowUpToASecond) {
    ChunkRetries retries;
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(5));
    (void)retries.allows(FailureKind::conflict);
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(5));
    (void)retries.allows(FailureKind::conflict);
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(10));
    for (int i = 0; i < 20; ++i) {
        (void)retries.allows(FailureKind::conflict);
    }
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(1'000));
}

}  // namespace
}  // namespace doppel::copy
