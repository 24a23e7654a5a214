// SPDX-License-Identifier: Apache-2.0
#include "unit/protocol/schedule_model.hpp"

#include "mysql/key.hpp"

#include <algorithm>

namespace doppel::protocol {
namespace {

constexpr int kKeys = 12;
constexpr std::size_t kStepsMax = 20'000;

}  // namespace

ScheduleModel::ScheduleModel(std::uint64_t seed, bool exactly_comparable, LeftOut left_out)
    : random_(seed),
      exact_(exactly_comparable),
      left_out_(left_out),
      coordinator_(exactly_comparable, {3, 1'000}) {
    for (int key = 0; key < kKeys; ++key) {
        if (chance(60)) {
            written_[key] = next_value_++;
        }
    }
    visible_ = written_;
}

mysql::Key ScheduleModel::encode(int key) {
    mysql::Key encoded;
    mysql::KeyShape::append_signed(encoded.bytes, key);
    return encoded;
}

int ScheduleModel::decode(const mysql::Key& key) {
    return static_cast<unsigned char>(key.bytes.back());
}

std::string ScheduleModel::run() {
    for (std::size_t i = 0; i < kStepsMax; ++i) {
        if (!broken_.empty()) {
            return broken_;
        }
        if (!step()) {
            return difference();
        }
    }
    return "the schedule did not end";
}

bool ScheduleModel::step() {
    const bool done = writes_left_ == 0 && visible_to_ == binlog_.size() &&
                      delivered_to_ == binlog_.size() && coordinator_.copied() &&
                      coordinator_.pending() == 0 && batches_.empty();
    if (done) {
        return false;
    }
    switch (pick(9)) {
        case 0:
            write();
            break;
        case 1:
            make_visible();
            break;
        case 2:
            deliver();
            break;
        case 3:
            add_and_open();
            break;
        case 4:
        case 5:
            if (!open_.empty()) {
                const std::size_t index = pick(open_.size());
                if (open_[index].read) {
                    finish_chunk(index);
                } else {
                    read_chunk(open_[index]);
                }
            }
            break;
        case 6:
            if (coordinator_.fence_wanted()) {
                issue_fence();
            }
            acknowledge_fence();
            break;
        case 7:
            begin_batch();
            break;
        default:
            advance_batch();
            break;
    }
    return true;
}

void ScheduleModel::write() {
    if (writes_left_ == 0) {
        return;
    }
    --writes_left_;
    Transaction transaction;
    const std::size_t changes = 1 + pick(3);
    for (std::size_t i = 0; i < changes; ++i) {
        const int key = static_cast<int>(pick(kKeys));
        if (written_.contains(key) && chance(40)) {
            written_.erase(key);
            transaction.changes.emplace_back(key, std::nullopt);
        } else {
            written_[key] = next_value_++;
            transaction.changes.emplace_back(key, written_[key]);
        }
    }
    binlog_.push_back(std::move(transaction));
}

void ScheduleModel::make_visible() {
    if (visible_to_ == binlog_.size()) {
        return;
    }
    for (const auto& [key, value] : binlog_[visible_to_].changes) {
        if (value) {
            visible_[key] = *value;
        } else {
            visible_.erase(key);
        }
    }
    ++visible_to_;
}

bool ScheduleModel::in_open_chunk(int key) const {
    return std::any_of(open_.begin(), open_.end(), [key](const Chunk& chunk) {
        return key > chunk.lower && key <= chunk.upper;
    });
}

void ScheduleModel::deliver() {
    if (delivered_to_ == binlog_.size()) {
        return;
    }
    for (const auto& [key, value] : binlog_[delivered_to_].changes) {
        if (left_out_ == LeftOut::discard_rule && in_open_chunk(key)) {
            continue;
        }
        coordinator_.deliver(encode(key).bytes);
    }
    ++delivered_to_;
}

void ScheduleModel::add_and_open() {
    if (!cancelled_.empty()) {
        Chunk chunk = cancelled_.back();
        cancelled_.pop_back();
        coordinator_.open_chunk(chunk.index);
        open_.push_back(std::move(chunk));
        return;
    }
    if (all_added_ || open_.size() >= 3) {
        return;
    }
    Chunk chunk;
    chunk.lower = next_lower_;
    chunk.upper = next_lower_ + 1 + static_cast<int>(pick(4));
    all_added_ = chunk.upper >= kKeys - 1;
    next_lower_ = chunk.upper;
    chunk.index =
        coordinator_.add_chunk(all_added_ ? std::nullopt : std::optional(encode(chunk.upper)));
    coordinator_.open_chunk(chunk.index);
    open_.push_back(std::move(chunk));
}

void ScheduleModel::read_chunk(Chunk& chunk) {
    if (!coordinator_.may_read(chunk.index)) {
        return;
    }
    chunk.read.emplace();
    for (const auto& [key, value] : visible_) {
        if (key > chunk.lower && key <= chunk.upper) {
            chunk.read->emplace(key, value);
        }
    }
}

void ScheduleModel::finish_chunk(std::size_t index) {
    Chunk chunk = open_[index];
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
    if (chance(15)) {
        coordinator_.cancel_chunk(chunk.index);
        chunk.read.reset();
        cancelled_.push_back(std::move(chunk));
        return;
    }
    for (const auto& [key, value] : *chunk.read) {
        if (!shadow_.emplace(key, value).second) {
            broken_ = "a chunk met a row that was there already: " + std::to_string(key);
        }
    }
    binlog_.emplace_back();
    coordinator_.close_chunk(chunk.index);
}

void ScheduleModel::issue_fence() {
    binlog_.emplace_back();
    fences_.push_back({coordinator_.issue_fence(), binlog_.size() - 1});
}

void ScheduleModel::acknowledge_fence() {
    if (fences_.empty()) {
        return;
    }
    const std::size_t index = pick(fences_.size());
    const Fence fence = fences_[index];
    // The engine commits in binlog order: the fence is acknowledged when it is visible itself.
    if (left_out_ != LeftOut::fence && visible_to_ <= fence.place) {
        return;
    }
    fences_.erase(fences_.begin() + static_cast<std::ptrdiff_t>(index));
    coordinator_.acknowledge_fence(fence.ticket);
}

bool ScheduleModel::confined(const Batch& batch, int key) const {
    if (!batch.confined_to) {
        return true;
    }
    const auto& ranges = *batch.confined_to;
    return std::any_of(ranges.begin(), ranges.end(), [&](const mysql::KeyRange& range) {
        return (!range.lower || encode(key) > *range.lower) &&
               (!range.upper || encode(key) <= *range.upper);
    });
}

void ScheduleModel::begin_batch() {
    auto batch = coordinator_.take_batch();
    if (batch) {
        batches_.push_back({std::move(*batch), std::nullopt});
    }
}

void ScheduleModel::advance_batch() {
    if (batches_.empty()) {
        return;
    }
    const std::size_t index = pick(batches_.size());
    Running& running = batches_[index];
    if (!running.committed_at) {
        if (chance(10)) {
            coordinator_.give_back(running.batch);
            batches_.erase(batches_.begin() + static_cast<std::ptrdiff_t>(index));
            return;
        }
        for (const mysql::Key& encoded : running.batch.keys) {
            const int key = decode(encoded);
            if (!confined(running.batch, key)) {
                continue;
            }
            shadow_.erase(key);
            if (const auto row = visible_.find(key); row != visible_.end()) {
                shadow_.insert(*row);
            }
        }
        binlog_.emplace_back();
        running.committed_at = binlog_.size() - 1;
        return;
    }
    if (left_out_ != LeftOut::fence && visible_to_ <= *running.committed_at) {
        return;
    }
    coordinator_.complete(running.batch);
    batches_.erase(batches_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::string ScheduleModel::difference() const {
    for (int key = 0; key < kKeys; ++key) {
        const auto source = written_.find(key);
        const auto shadow = shadow_.find(key);
        if (source == written_.end() && shadow != shadow_.end()) {
            return "the shadow has a row that was deleted: " + std::to_string(key);
        }
        if (source != written_.end() && shadow == shadow_.end()) {
            return "the shadow lacks a row: " + std::to_string(key);
        }
        if (source != written_.end() && source->second != shadow->second) {
            return "a row is stale: " + std::to_string(key);
        }
    }
    return {};
}

}  // namespace doppel::protocol
