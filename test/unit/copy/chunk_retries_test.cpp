// SPDX-License-Identifier: Apache-2.0
#include "copy/chunk_retries.hpp"

#include <gtest/gtest.h>

namespace doppel::copy {
namespace {

TEST(ChunkRetries, ConflictsEndSomewhere) {
    ChunkRetries retries;
    for (unsigned i = 0; i < ChunkRetries::kConflictsMax; ++i) {
        EXPECT_TRUE(retries.allows_another());
    }
    EXPECT_FALSE(retries.allows_another());
}

TEST(ChunkRetries, PausesGrowUpToASecond) {
    ChunkRetries retries;
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(5));
    (void)retries.allows_another();
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(5));
    (void)retries.allows_another();
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(10));
    for (int i = 0; i < 20; ++i) {
        (void)retries.allows_another();
    }
    EXPECT_EQ(retries.pause(), std::chrono::milliseconds(1'000));
}

}  // namespace
}  // namespace doppel::copy
