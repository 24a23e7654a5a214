// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace doppel::feed {

/// When to read on. A server hands its binlog to the socket in pieces of 16 KiB
/// (net_buffer_length), and whoever reads at once is woken for each of them: for the rows of our
/// own copy that come back, this is most of what the feed costs. So after a piece the socket is
/// left alone for a moment, as long as it takes to gather several. Single small transactions are
/// read at once, and so is everything while the server is ahead of us. Plain; no clock.
class ReadPacing final {
public:
    /// What a piece may be delayed by.
    static constexpr std::chrono::milliseconds kPauseMin{1};
    static constexpr std::chrono::milliseconds kPauseMax{8};
    /// Less than this is no piece of a stream.
    static constexpr std::size_t kLittleBytes = std::size_t{8} << 10;
    /// Less than this after a pause means that it was short, more than the other that it was long.
    static constexpr std::size_t kFewBytes = std::size_t{48} << 10;
    static constexpr std::size_t kManyBytes = std::size_t{160} << 10;
    /// So many reads are made without a pause when the shortest one brought many bytes.
    static constexpr unsigned kEagerReads = 32;

    /// How long to wait before the next read when the last one brought `bytes`.
    [[nodiscard]] std::chrono::milliseconds pause_after(std::size_t bytes) noexcept {
        if (bytes < kLittleBytes) {
            return std::chrono::milliseconds::zero();
        }
        if (eager_reads_ > 0) {
            --eager_reads_;
            return std::chrono::milliseconds::zero();
        }
        if (bytes > kManyBytes && pause_ == kPauseMin) {
            eager_reads_ = kEagerReads;
            return std::chrono::milliseconds::zero();
        }
        if (bytes > kManyBytes) {
            pause_ = std::max(pause_ / 2, kPauseMin);
        } else if (bytes < kFewBytes) {
            pause_ = std::min(pause_ * 2, kPauseMax);
        }
        return pause_;
    }

private:
    std::chrono::milliseconds pause_ = kPauseMin;
    unsigned eager_reads_ = 0;
};

}  // namespace doppel::feed
