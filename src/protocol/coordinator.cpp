// SPDX-License-Identifier: Apache-2.0
#include "protocol/coordinator.hpp"

#include <algorithm>

namespace doppel::protocol {
namespace {

/// What a key adds to a statement beside the digits of its values: introducer, quotes, separators.
constexpr std::size_t kLiteralBytes = 40;

}  // namespace

Coordinator::Coordinator(bool exactly_comparable, Limits limits)
    : exactly_comparable_(exactly_comparable), limits_(limits) {}

void Coordinator::deliver(std::string_view key_bytes) {
    ++counters_.delivered;
    request(key_bytes);
    watch_.deliver(key_bytes, clock_.delivered());
}

void Coordinator::request(std::string_view key_bytes) {
    if (told_) {
        told_(key_bytes);
    }
    const Sequence sequence = clock_.deliver();
    const bool present = pending_.presence(key_bytes) != PendingSet::Presence::absent;
    if (!exactly_comparable_) {
        if (ledger_.last_opening() == 0) {
            ++counters_.discarded;  // no chunk has begun: every chunk will see the change
            return;
        }
        const Readiness readiness{sequence, ledger_.any_open() ? ledger_.last_opening() : 0};
        present ? pending_.touch(key_bytes, readiness) : pending_.add(key_bytes, readiness);
        return;
    }
    const Readiness readiness{sequence, 0};
    if (present) {
        pending_.touch(key_bytes, readiness);
        return;
    }
    const auto place = ledger_.locate(key_bytes);
    switch (place.state) {
        case ChunkLedger::State::unopened:
            ++counters_.discarded;
            break;
        case ChunkLedger::State::open:
            pending_.park(key_bytes, readiness, place.chunk);
            break;
        case ChunkLedger::State::closed:
            pending_.add(key_bytes, readiness);
            break;
    }
}

bool Coordinator::pass_over_unknown_change() {
    if (ledger_.last_opening() != 0) {
        return false;
    }
    clock_.deliver();  // the first chunk waits for a fence behind it
    return true;
}

bool Coordinator::fence_wanted() const {
    if (const auto front = pending_.front(); front && !clock_.will_cover(front->sequence)) {
        return true;
    }
    return std::any_of(opened_at_.begin(), opened_at_.end(), [this](const auto& opened) {
        return !clock_.will_cover(opened.second);
    });
}

ChunkIndex Coordinator::add_chunk(std::optional<mysql::Key> upper) {
    return ledger_.add(std::move(upper));
}

void Coordinator::open_chunk(ChunkIndex chunk) {
    ledger_.open(chunk);
    opened_at_[chunk] = clock_.delivered();
}

bool Coordinator::may_read(ChunkIndex chunk) const {
    const auto opened = opened_at_.find(chunk);
    return opened != opened_at_.end() && clock_.covers(opened->second);
}

void Coordinator::close_chunk(ChunkIndex chunk) {
    ledger_.close(chunk);
    opened_at_.erase(chunk);
    pending_.release(chunk);
}

void Coordinator::cancel_chunk(ChunkIndex chunk) {
    ledger_.cancel(chunk);
    opened_at_.erase(chunk);
    counters_.discarded += pending_.forget(chunk);
}

bool Coordinator::holds(const Readiness& readiness) const {
    return clock_.covers(readiness.sequence) &&
           (readiness.epoch == 0 || ledger_.all_done_since(readiness.epoch));
}

std::optional<Batch> Coordinator::take_batch() {
    if (!exactly_comparable_ && batches_out_ > 0) {
        return std::nullopt;
    }
    Batch batch;
    std::size_t bytes = 0;
    while (batch.keys.size() < limits_.batch_keys_max && bytes < limits_.batch_bytes_max) {
        const auto front = pending_.front();
        if (!front || !holds(*front)) {
            break;
        }
        batch.keys.push_back(pending_.take([this](const Readiness& later) { return holds(later); })
        );
        bytes += 2 * batch.keys.back().bytes.size() + kLiteralBytes;
    }
    if (batch.keys.empty()) {
        return std::nullopt;
    }
    if (!exactly_comparable_ && !ledger_.complete()) {
        batch.confined_to = ledger_.closed_ranges();
    }
    batch.number = ++last_batch_;
    batch.fence = clock_.issue();
    ++batches_out_;
    return batch;
}

void Coordinator::complete(const Batch& batch) {
    clock_.acknowledge(batch.fence);
    --batches_out_;
    counters_.reconciled += batch.keys.size();
    for (const mysql::Key& key : batch.keys) {
        pending_.finish(key);
    }
}

void Coordinator::complete_except(const Batch& batch, std::span<const mysql::Key> failed) {
    clock_.abandon(batch.fence);
    --batches_out_;
    for (const mysql::Key& key : batch.keys) {
        if (std::find(failed.begin(), failed.end(), key) != failed.end()) {
            pending_.give_back(key);
        } else {
            pending_.finish(key);
            ++counters_.reconciled;
        }
    }
}

void Coordinator::give_back(const Batch& batch) {
    clock_.abandon(batch.fence);
    --batches_out_;
    for (const mysql::Key& key : batch.keys) {
        pending_.give_back(key);
    }
}

bool Coordinator::reconciled_through(Sequence sequence) const {
    const auto oldest = pending_.oldest();
    return !oldest || *oldest > sequence;
}

}  // namespace doppel::protocol
