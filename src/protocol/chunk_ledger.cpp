// SPDX-License-Identifier: Apache-2.0
#include "protocol/chunk_ledger.hpp"

#include "doppel/error.hpp"

#include <algorithm>

namespace doppel::protocol {
namespace {

[[noreturn]] void broken(const char* what) {
    throw Error(Errc::failed, std::string("internal error in the chunk ledger: ") + what);
}

}  // namespace

void ChunkLedger::resume(std::optional<mysql::Key> low_water, bool whole_table) {
    if (last_opening_ != 0 || !chunks_.empty()) {
        broken("resumed after it had begun");
    }
    low_water_ = std::move(low_water);
    if (whole_table) {
        add(std::nullopt);
        chunks_.back().state = State::closed;
    }
    if (low_water_ || whole_table) {
        last_opening_ = 1;  // of the chunks that the earlier run closed
    }
}

ChunkIndex ChunkLedger::add(std::optional<mysql::Key> upper) {
    if (last_added_) {
        broken("a chunk was added behind the last one");
    }
    last_added_ = !upper.has_value();
    mysql::KeyRange range;
    range.lower = chunks_.empty() ? low_water_ : chunks_.back().range.upper;
    range.upper = std::move(upper);
    chunks_.push_back(Chunk{std::move(range), State::unopened, 0});
    return first_ + chunks_.size() - 1;
}

const ChunkLedger::Chunk& ChunkLedger::at(ChunkIndex chunk) const {
    if (chunk < first_ || chunk - first_ >= chunks_.size()) {
        broken("no such chunk");
    }
    return chunks_[chunk - first_];
}

ChunkLedger::Chunk& ChunkLedger::at(ChunkIndex chunk) {
    return const_cast<Chunk&>(std::as_const(*this).at(chunk));  // NOLINT: same function, own object
}

Opening ChunkLedger::open(ChunkIndex chunk) {
    Chunk& entry = at(chunk);
    if (entry.state != State::unopened) {
        broken("a chunk was opened twice");
    }
    entry.state = State::open;
    entry.opening = ++last_opening_;
    ++open_count_;
    return entry.opening;
}

void ChunkLedger::close(ChunkIndex chunk) {
    Chunk& entry = at(chunk);
    if (entry.state != State::open) {
        broken("a chunk was closed that is not open");
    }
    entry.state = State::closed;
    --open_count_;
    drop_closed_prefix();
}

void ChunkLedger::cancel(ChunkIndex chunk) {
    Chunk& entry = at(chunk);
    if (entry.state != State::open) {
        broken("a chunk was cancelled that is not open");
    }
    entry.state = State::unopened;
    --open_count_;
}

void ChunkLedger::drop_closed_prefix() {
    // The last chunk has no upper bound that could serve as low-water mark, so it stays.
    while (!chunks_.empty() && chunks_.front().state == State::closed && chunks_.front().range.upper
    ) {
        low_water_ = std::move(chunks_.front().range.upper);
        chunks_.pop_front();
        ++first_;
    }
}

const mysql::KeyRange& ChunkLedger::range(ChunkIndex chunk) const {
    return at(chunk).range;
}

ChunkLedger::Place ChunkLedger::locate(std::string_view key_bytes) const {
    if (low_water_ && key_bytes <= low_water_->bytes) {
        return Place{State::closed, 0};
    }
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
        const auto& upper = chunks_[i].range.upper;
        if (!upper || key_bytes <= upper->bytes) {
            return Place{chunks_[i].state, first_ + i};
        }
    }
    return Place{State::unopened, 0};
}

bool ChunkLedger::all_done_since(Opening opening) const {
    return open_count_ == 0 ||
           std::none_of(chunks_.begin(), chunks_.end(), [opening](const Chunk& chunk) {
               return chunk.state == State::open && chunk.opening <= opening;
           });
}

std::vector<mysql::KeyRange> ChunkLedger::closed_ranges() const {
    std::vector<mysql::KeyRange> ranges;
    if (low_water_) {
        ranges.push_back(mysql::KeyRange{std::nullopt, low_water_});
    }
    for (const Chunk& chunk : chunks_) {
        if (chunk.state != State::closed) {
            continue;
        }
        if (!ranges.empty() && ranges.back().upper == chunk.range.lower) {
            ranges.back().upper = chunk.range.upper;
        } else {
            ranges.push_back(chunk.range);
        }
    }
    return ranges;
}

bool ChunkLedger::complete() const {
    return last_added_ && std::all_of(chunks_.begin(), chunks_.end(), [](const Chunk& chunk) {
               return chunk.state == State::closed;
           });
}

}  // namespace doppel::protocol
