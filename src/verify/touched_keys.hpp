// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mysql/key.hpp"

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace doppel::verify {

/// Notes which keys the feed delivers, or somebody asks to be reconciled, while somebody wants to
/// know: replay may be rewriting their rows in steps. Bounded; used on one thread.
class TouchedKeys final {
public:
    static constexpr std::size_t kKeysMax = 20'000;
    static constexpr std::size_t kBytesMax = std::size_t{4} << 20;

    /// Forgets what it knows and begins to note.
    void begin();
    /// A key is delivered or asked for; costs nothing while nobody wants to know.
    void note(std::string_view key_bytes);
    /// Stops noting.
    void end() { noting_ = false; }

    /// More keys came than are kept: any key may have been among them.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
    [[nodiscard]] bool empty() const noexcept { return keys_.empty() && !overflowed_; }
    [[nodiscard]] std::vector<mysql::Key> keys() const;

private:
    std::unordered_set<mysql::Key> keys_;
    std::size_t bytes_ = 0;
    bool noting_ = false;
    bool overflowed_ = false;
};

}  // namespace doppel::verify
