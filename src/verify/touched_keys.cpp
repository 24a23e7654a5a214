// SPDX-License-Identifier: Apache-2.0
#include "verify/touched_keys.hpp"

#include <string>

namespace doppel::verify {

void TouchedKeys::begin() {
    keys_.clear();
    bytes_ = 0;
    overflowed_ = false;
    noting_ = true;
}

void TouchedKeys::note(std::string_view key_bytes) {
    if (!noting_ || overflowed_) {
        return;
    }
    if (keys_.size() >= kKeysMax || bytes_ + key_bytes.size() > kBytesMax) {
        overflowed_ = true;
        keys_.clear();
        return;
    }
    if (keys_.insert(mysql::Key{std::string(key_bytes)}).second) {
        bytes_ += key_bytes.size();
    }
}

std::vector<mysql::Key> TouchedKeys::keys() const {
    return {keys_.begin(), keys_.end()};
}

}  // namespace doppel::verify
