// SPDX-License-Identifier: Apache-2.0
#include "copy/partial_copy.hpp"

#include <utility>

namespace doppel::copy {

PartialCopy::PartialCopy(
    mysql::KeyRange chunk, std::vector<mysql::Key> keys, std::size_t refused_max
)
    : chunk_(std::move(chunk)), keys_(std::move(keys)), cut_(keys_.size(), refused_max) {}

std::optional<mysql::KeyRange> PartialCopy::next() const {
    const auto piece = cut_.next();
    if (!piece) {
        return std::nullopt;
    }
    mysql::KeyRange range = chunk_;
    if (piece->begin > 0) {
        range.lower = keys_[piece->begin - 1];
    }
    if (piece->end < keys_.size()) {
        range.upper = keys_[piece->end - 1];
    }
    return range;
}

std::vector<mysql::Key> PartialCopy::left_out() const {
    std::vector<mysql::Key> keys;
    for (const std::size_t i : cut_.offenders()) {
        keys.push_back(keys_[i]);
    }
    for (const auto piece : cut_.rest()) {
        for (std::size_t i = piece.begin; i < piece.end; ++i) {
            keys.push_back(keys_[i]);
        }
    }
    return keys;
}

}  // namespace doppel::copy
