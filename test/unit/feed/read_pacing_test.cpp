// SPDX-License-Identifier: Apache-2.0
#include "feed/read_pacing.hpp"

#include <gtest/gtest.h>

namespace doppel::feed {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t kPiece = std::size_t{16} << 10;
constexpr std::size_t kBuffer = std::size_t{256} << 10;
constexpr milliseconds kAtOnce{0};

TEST(ReadPacing, SmallTransactionsAreReadAtOnce) {
    ReadPacing pacing;
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_EQ(pacing.pause_after(700), kAtOnce);
    }
    (void)pacing.pause_after(kPiece);
    EXPECT_EQ(pacing.pause_after(700), kAtOnce) << "also between pieces";
}

TEST(ReadPacing, PiecesOfASlowStreamAreLeftToGatherForLonger) {
    ReadPacing pacing;
    EXPECT_EQ(pacing.pause_after(kPiece), milliseconds{2});
    EXPECT_EQ(pacing.pause_after(kPiece), milliseconds{4});
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_EQ(pacing.pause_after(kPiece), ReadPacing::kPauseMax);
    }
}

TEST(ReadPacing, AFasterStreamIsReadMoreOften) {
    ReadPacing pacing;
    for (int i = 0; i < 4; ++i) {
        (void)pacing.pause_after(kPiece);
    }
    EXPECT_EQ(pacing.pause_after(kBuffer), milliseconds{4});
    EXPECT_EQ(pacing.pause_after(kBuffer), milliseconds{2});
    EXPECT_EQ(pacing.pause_after(6 * kPiece), milliseconds{2}) << "just right";
}

TEST(ReadPacing, AServerThatIsAheadIsReadWithoutPauses) {
    ReadPacing pacing;
    std::size_t pauses = 0;
    constexpr std::size_t kReads = 3'300;
    for (std::size_t i = 0; i < kReads; ++i) {
        pauses += pacing.pause_after(kBuffer) == kAtOnce ? 0U : 1U;
    }
    EXPECT_EQ(pauses, 0U);
    for (std::size_t i = 0; i < kReads; ++i) {
        // It writes as fast as we read, a piece at a time, and fills the buffer in each pause.
        const bool paused = pacing.pause_after(kPiece) != kAtOnce;
        pauses += paused ? 1U : 0U;
        while (paused && pacing.pause_after(kBuffer) != kAtOnce) {
            ++pauses;
        }
    }
    EXPECT_LT(pauses, kReads / 10);
    EXPECT_GT(pauses, 0U) << "it must find out when the server is no longer ahead";
}

}  // namespace
}  // namespace doppel::feed
