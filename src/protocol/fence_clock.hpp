// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>

namespace doppel::protocol {

/// The logical time of the feed: counts the keys it has delivered, beginning at 2 (see FenceClock).
using Sequence = std::uint64_t;

/// Knows which deliveries are visible to read views that are opened from now on.
///
/// A dump thread may send a transaction before InnoDB makes it visible: it reads the binlog right
/// after the sync stage of the group commit, engine commit comes later (sql/binlog.cc,
/// MYSQL_BIN_LOG::ordered_commit). With binlog_order_commits=ON engine commits happen in binlog
/// order. So a committed write of ours (a fence) that was *started* after an event was delivered
/// proves, once it is *acknowledged*, that the event's transaction is visible.
class FenceClock final {
public:
    /// What a fence will prove when it is acknowledged. Take it before the write is started.
    struct Ticket {
        Sequence issued_at = 0;
    };

    /// One more key was delivered; returns its sequence number.
    Sequence deliver() { return ++delivered_; }
    [[nodiscard]] Sequence delivered() const noexcept { return delivered_; }
    [[nodiscard]] Sequence fenced() const noexcept { return fenced_; }

    [[nodiscard]] Ticket issue();
    void acknowledge(Ticket ticket);
    /// The write failed or its fate is unknown: it proves nothing.
    void abandon(Ticket ticket);

    /// True when everything delivered up to `sequence` is visible to new read views.
    [[nodiscard]] bool covers(Sequence sequence) const noexcept { return sequence <= fenced_; }
    /// True when a fence under way will cover `sequence`: another one would prove nothing more.
    [[nodiscard]] bool will_cover(Sequence sequence) const;

private:
    // Sequence 1 stands for everything before the feed's start position: it was in the binlog then,
    // but perhaps not visible yet. So nothing is covered before the first fence.
    Sequence delivered_ = 1;
    Sequence fenced_ = 0;
    std::multiset<Sequence> under_way_;
};

}  // namespace doppel::protocol
