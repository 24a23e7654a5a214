// SPDX-License-Identifier: Apache-2.0
#include "protocol/pending_set.hpp"

#include "doppel/error.hpp"

namespace doppel::protocol {

PendingSet::Presence PendingSet::presence(std::string_view key_bytes) const {
    const auto found = entries_.find(key_bytes);
    if (found == entries_.end()) {
        return Presence::absent;
    }
    return found->second.state == State::parked ? Presence::parked : Presence::present;
}

PendingSet::Node& PendingSet::insert(std::string_view key_bytes, Readiness readiness, State state) {
    const auto [at, inserted] = entries_.try_emplace(
        std::string(key_bytes), Entry{readiness, std::nullopt, state, readiness.sequence, 0}
    );
    if (!inserted) {
        throw Error(Errc::failed, "internal error in the pending set: a key was added twice");
    }
    ages_.insert(ages_.end(), readiness.sequence);
    return *at;
}

void PendingSet::add(std::string_view key_bytes, Readiness readiness) {
    queue_.push_back(&insert(key_bytes, readiness, State::queued));
}

void PendingSet::park(std::string_view key_bytes, Readiness readiness, ChunkIndex chunk) {
    parked_[chunk].push_back(&insert(key_bytes, readiness, State::parked));
}

void PendingSet::touch(std::string_view key_bytes, Readiness readiness) {
    Entry& entry = entries_.find(key_bytes)->second;
    if (entry.state == State::parked) {
        // It has not been queued, so nobody is served too early by the later readiness.
        entry.readiness = readiness;
        return;
    }
    if (!entry.again) {
        entry.again_since = readiness.sequence;
    }
    entry.again = readiness;
}

void PendingSet::forget_age(Sequence since) {
    ages_.erase(ages_.find(since));
}

void PendingSet::release(ChunkIndex chunk) {
    const auto found = parked_.find(chunk);
    if (found == parked_.end()) {
        return;
    }
    for (Node* node : found->second) {
        node->second.state = State::queued;
        queue_.push_back(node);
    }
    parked_.erase(found);
}

std::size_t PendingSet::forget(ChunkIndex chunk) {
    const auto found = parked_.find(chunk);
    if (found == parked_.end()) {
        return 0;
    }
    const std::size_t count = found->second.size();
    for (const Node* node : found->second) {
        forget_age(node->second.since);
        entries_.erase(entries_.find(node->first));
    }
    parked_.erase(found);
    return count;
}

std::optional<Readiness> PendingSet::front() const {
    if (queue_.empty()) {
        return std::nullopt;
    }
    return queue_.front()->second.readiness;
}

mysql::Key PendingSet::take_front(bool again_covered) {
    Node& node = *queue_.front();
    queue_.pop_front();
    node.second.state = State::in_flight;
    if (again_covered) {
        node.second.again.reset();
    }
    return mysql::Key{node.first};
}

PendingSet::Entries::iterator PendingSet::find_in_flight(const mysql::Key& key) {
    const auto found = entries_.find(key.bytes);
    if (found == entries_.end() || found->second.state != State::in_flight) {
        throw Error(Errc::failed, "internal error in the pending set: the key was not taken");
    }
    return found;
}

bool PendingSet::finish(const mysql::Key& key) {
    const auto found = find_in_flight(key);
    Entry& entry = found->second;
    forget_age(entry.since);
    if (!entry.again) {
        entries_.erase(found);
        return true;
    }
    entry = Entry{*entry.again, std::nullopt, State::queued, entry.again_since, 0};
    ages_.insert(entry.since);
    queue_.push_back(&*found);
    return false;
}

void PendingSet::give_back(const mysql::Key& key) {
    const auto found = find_in_flight(key);
    Entry& entry = found->second;
    if (entry.again) {
        entry.readiness = *entry.again;
        entry.again.reset();
    }
    entry.state = State::queued;
    queue_.push_back(&*found);
}

std::optional<Sequence> PendingSet::oldest() const {
    return ages_.empty() ? std::nullopt : std::optional(*ages_.begin());
}

}  // namespace doppel::protocol
