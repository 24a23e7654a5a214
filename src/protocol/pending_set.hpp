// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"
#include "protocol/chunk_ledger.hpp"
#include "protocol/fence_clock.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace doppel::protocol {

/// What must have happened before a key may be reconciled.
struct Readiness {
    Sequence sequence = 0;  ///< a fence covers the delivery
    Opening epoch = 0;      ///< every chunk opened up to this one has closed; 0: none needed
};

/// The keys that the feed delivered and that are not reconciled yet, each once. Queued keys leave
/// in the order in which they came; a key that is delivered again while it waits or is being
/// reconciled is remembered with the later readiness and served again where the first service does
/// not cover it. So a hot key neither overtakes nor starves.
///
///     add --> queued --take--> in flight --finish--> gone, or queued again
///      '----> parked --release--> queued      '--give_back--> queued
class PendingSet final {
public:
    enum class Presence { absent, parked, present };

    [[nodiscard]] Presence presence(std::string_view key_bytes) const;

    /// A new key that may go as soon as `readiness` holds. Requires absence.
    void add(std::string_view key_bytes, Readiness readiness);
    /// A new key that waits for `chunk`. Requires absence.
    void park(std::string_view key_bytes, Readiness readiness, ChunkIndex chunk);
    /// A key that is there already was delivered again.
    void touch(std::string_view key_bytes, Readiness readiness);

    /// Parked keys of a chunk that closed go to the queue.
    void release(ChunkIndex chunk);
    /// Parked keys of a chunk that was cancelled are forgotten; returns how many.
    std::size_t forget(ChunkIndex chunk);

    /// Readiness of the key that leaves next.
    [[nodiscard]] std::optional<Readiness> front() const;
    /// Takes the front key. `covered` tells which readiness holds now: a later delivery that holds
    /// too is served by the same service.
    template <class Covered>
    mysql::Key take(const Covered& covered);

    /// A taken key was reconciled; returns true when it is gone, false when it was queued again.
    bool finish(const mysql::Key& key);
    /// A taken key was not reconciled.
    void give_back(const mysql::Key& key);

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    /// Neither parked nor taken.
    [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
    /// The first delivery that no finished service covers. A key that is delivered again keeps its
    /// age: the later readiness says when it may go, not since when it waits.
    [[nodiscard]] std::optional<Sequence> oldest() const;

private:
    enum class State { queued, parked, in_flight };
    struct Entry {
        Readiness readiness;
        std::optional<Readiness> again;
        State state = State::queued;
        Sequence since = 0;        ///< of the first delivery that waits
        Sequence again_since = 0;  ///< of the first one that `again` stands for
    };
    struct Hash {
        using is_transparent = void;  // NOLINT: name given by the standard
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
    using Node = Entries::value_type;  ///< stable address while the entry lives

    Entries::iterator find_in_flight(const mysql::Key& key);
    Node& insert(std::string_view key_bytes, Readiness readiness, State state);
    mysql::Key take_front(bool again_covered);
    void forget_age(Sequence since);

    Entries entries_;
    std::multiset<Sequence> ages_;  ///< `since` of all entries
    std::deque<Node*> queue_;
    std::unordered_map<ChunkIndex, std::vector<Node*>> parked_;
};

template <class Covered>
mysql::Key PendingSet::take(const Covered& covered) {
    const auto& again = queue_.front()->second.again;
    return take_front(again && covered(*again));
}

}  // namespace doppel::protocol
