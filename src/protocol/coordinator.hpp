// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key_condition.hpp"
#include "protocol/chunk_ledger.hpp"
#include "protocol/fence_clock.hpp"
#include "protocol/key_watch.hpp"
#include "protocol/pending_set.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace doppel::protocol {

/// Keys to reconcile in one transaction.
struct Batch {
    std::uint64_t number = 0;
    std::vector<mysql::Key> keys;
    /// Where the keys may be touched. Nothing: everywhere. Otherwise both the delete from the
    /// shadow and the insert into it must be confined to these ranges; keys outside need no work
    /// (see Coordinator).
    std::optional<std::vector<mysql::KeyRange>> confined_to;
    /// The transaction's commit is a fence if it writes to the binlog in any case.
    FenceClock::Ticket fence;
};

/// Decides what copy and replay may do, and when. Events in, permissions out; no I/O, no clock, no
/// threads: used on one thread.
///
/// Chunk rule: a chunk is opened, then waits for a fence over everything delivered before, then
/// reads. What was delivered before the opening is visible to the read; what is delivered while it
/// is open is reconciled after it has closed. So nothing falls between, and no deleted row comes
/// back.
///
/// Keys that are exactly comparable (KeyShape): a key in the part not begun is discarded, because
/// the chunk that will cover it opens later, fences, and so sees the change. A key in an open chunk
/// waits for that chunk. A key in the closed part is reconciled.
///
/// Keys that only the server can compare: a key waits for every chunk that was open when it was
/// delivered (its epoch). Its batch is then confined to the part that is closed when the batch is
/// taken, by a condition that the server evaluates. A key outside that part lies in a chunk that is
/// not begun, or in one that opened after the key was delivered: both see the change. So neither
/// kind of key ever meets a chunk that is being copied, and chunks may insert plainly.
///
/// No key is in two batches at a time. Where byte-different keys may name the same row, only one
/// batch is out at a time.
class Coordinator final {
public:
    struct Limits {
        std::size_t batch_keys_max = 1'000;
        std::size_t batch_bytes_max =
            std::size_t{256} * 1024;  ///< of encoded keys, doubled for their SQL text
    };
    struct Counters {
        std::uint64_t delivered = 0;
        std::uint64_t discarded = 0;
        std::uint64_t reconciled = 0;
    };

    Coordinator(bool exactly_comparable, Limits limits);

    // The feed
    void deliver(std::string_view key_bytes);
    /// Counts deliveries of keys that somebody wants to know unchanged.
    [[nodiscard]] KeyWatch& watch() noexcept { return watch_; }
    /// Read views that are opened from now on see everything delivered up to here.
    [[nodiscard]] Sequence visible_through() const noexcept { return clock_.fenced(); }
    /// KeyWatch::changes for somebody who looks at rows: `visible` is `visible_through` from before
    /// the look.
    [[nodiscard]] std::uint64_t changes(const mysql::Key& key, Sequence visible) {
        return watch_.changes(key, clock_.delivered(), visible);
    }

    /// Asks for a key to be reconciled as if it had been delivered: because an open chunk leaves
    /// its row out, or because its row in the shadow looks stale. More reconciling than needed is
    /// harmless. A request lives in memory only: the chunk must count as unfinished in a checkpoint
    /// until it is fulfilled.
    void request(std::string_view key_bytes);

    /// Something was changed, and nobody knows which keys. True when that does no harm: no chunk
    /// has begun, so every chunk will see it.
    [[nodiscard]] bool pass_over_unknown_change();
    /// Who is told about every key that is delivered or asked for.
    void tell(std::function<void(std::string_view key_bytes)> told) { told_ = std::move(told); }

    // Fences: `fence_wanted` is true while someone waits for one that is not under way.
    [[nodiscard]] bool fence_wanted() const;
    [[nodiscard]] FenceClock::Ticket issue_fence() { return clock_.issue(); }
    void acknowledge_fence(FenceClock::Ticket ticket) { clock_.acknowledge(ticket); }
    void abandon_fence(FenceClock::Ticket ticket) { clock_.abandon(ticket); }

    // Chunks, in the order of the key
    /// Begins with what an earlier run copied (ChunkLedger::resume). What the feed delivers from
    /// that run's checkpoint on is reconciled in that part. Before anything else.
    void resume(std::optional<mysql::Key> low_water, bool whole_table) {
        ledger_.resume(std::move(low_water), whole_table);
    }
    ChunkIndex add_chunk(std::optional<mysql::Key> upper);
    void open_chunk(ChunkIndex chunk);
    [[nodiscard]] bool is_open(ChunkIndex chunk) const { return opened_at_.contains(chunk); }
    /// True when the chunk, opened before, may be read now.
    [[nodiscard]] bool may_read(ChunkIndex chunk) const;
    void close_chunk(ChunkIndex chunk);
    /// The chunk was not copied and its range holds no row of the shadow; it may be opened again.
    void cancel_chunk(ChunkIndex chunk);
    [[nodiscard]] const mysql::KeyRange& range(ChunkIndex chunk) const {
        return ledger_.range(chunk);
    }
    [[nodiscard]] bool copied() const { return ledger_.complete(); }
    /// Chunks beyond the contiguous copied part, those not begun included.
    [[nodiscard]] std::size_t chunks_kept() const noexcept { return ledger_.kept(); }
    /// Every key up to this one lies in the closed part, all the time from now on.
    [[nodiscard]] const std::optional<mysql::Key>& closed_through() const noexcept {
        return ledger_.low_water();
    }

    // Batches
    [[nodiscard]] std::optional<Batch> take_batch();
    /// The batch is committed.
    void complete(const Batch& batch);
    /// Committed but for `failed`, keys of the batch that go back. Proves nothing as a fence.
    void complete_except(const Batch& batch, std::span<const mysql::Key> failed);
    /// The batch was rolled back, or only its deletes were committed.
    void give_back(const Batch& batch);

    /// Keys that are not reconciled, those in batches included.
    [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }
    /// Of those the ones that are in no batch and wait for no chunk.
    [[nodiscard]] std::size_t waiting() const noexcept { return pending_.queued(); }
    [[nodiscard]] Sequence delivered() const noexcept { return clock_.delivered(); }
    /// True when everything delivered or requested up to `sequence` is reconciled.
    [[nodiscard]] bool reconciled_through(Sequence sequence) const;
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

private:
    [[nodiscard]] bool holds(const Readiness& readiness) const;

    bool exactly_comparable_;
    Limits limits_;
    FenceClock clock_;
    ChunkLedger ledger_;
    PendingSet pending_;
    KeyWatch watch_;
    std::function<void(std::string_view key_bytes)> told_;
    std::unordered_map<ChunkIndex, Sequence>
        opened_at_;  ///< open chunks: what was delivered before
    std::uint64_t last_batch_ = 0;
    std::size_t batches_out_ = 0;
    Counters counters_;
};

}  // namespace doppel::protocol
