// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"
#include "protocol/fence_clock.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace doppel::protocol {

/// Tells whether the feed brings certain keys, a few of all there are.
class KeyWatch final {
public:
    /// A key was delivered. Costs next to nothing while nothing is watched.
    void deliver(std::string_view key_bytes, Sequence sequence) {
        if (counts_.empty()) {
            return;
        }
        if (const auto found = counts_.find(key_bytes); found != counts_.end()) {
            ++found->second.deliveries;
            found->second.last = sequence;
        }
    }

    /// A number that stays the same as long as the key is not delivered; watches it from now on,
    /// when deliveries have come up to `now`. It is another one, no multiple of 4, while the last
    /// delivery, or one from before the key was watched, may not be visible to somebody who saw
    /// deliveries up to `visible` only: he may have seen what was there before it. Of two keys the
    /// sum tells as much.
    [[nodiscard]] std::uint64_t changes(const mysql::Key& key, Sequence now, Sequence visible) {
        const Count& count = counts_.try_emplace(key.bytes, Count{0, now}).first->second;
        return 4 * count.deliveries + (count.last > visible ? 1 : 0);
    }
    /// Forgets all keys but these.
    void retain(const std::set<mysql::Key>& keys) {
        std::erase_if(counts_, [&](const auto& item) {
            return !keys.contains(mysql::Key{item.first});
        });
    }

private:
    struct Count {
        std::uint64_t deliveries = 0;
        Sequence last = 0;
    };
    struct Hash {
        using is_transparent = void;  // NOLINT: name given by the standard
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::unordered_map<std::string, Count, Hash, std::equal_to<>> counts_;
};

}  // namespace doppel::protocol
