// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace doppel::protocol {

/// Counts how often the feed brings certain keys, a few of all there are.
class KeyWatch final {
public:
    /// A key was delivered. Costs next to nothing while nothing is watched.
    void deliver(std::string_view key_bytes) {
        if (counts_.empty()) {
            return;
        }
        if (const auto found = counts_.find(key_bytes); found != counts_.end()) {
            ++found->second;
        }
    }

    /// Deliveries since the key was first asked for; watches it from now on.
    [[nodiscard]] std::uint64_t count(const mysql::Key& key) {
        return counts_.try_emplace(key.bytes, 0).first->second;
    }
    /// Forgets all keys but these.
    void retain(const std::set<mysql::Key>& keys) {
        std::erase_if(counts_, [&](const auto& item) {
            return !keys.contains(mysql::Key{item.first});
        });
    }

private:
    struct Hash {
        using is_transparent = void;  // NOLINT: name given by the standard
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> counts_;
};

}  // namespace doppel::protocol
