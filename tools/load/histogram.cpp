// SPDX-License-Identifier: Apache-2.0
#include "tools/load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace doppel::load {
namespace {

// 128 steps for each power of two keep the error of a bucket below 1/128.
constexpr unsigned kStepBits = 7;
constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
constexpr unsigned kLargestBits = 40;  // 12 days
constexpr std::uint64_t kLargest = (std::uint64_t{1} << kLargestBits) - 1;
constexpr std::size_t kBuckets = (kLargestBits - kStepBits + 1) * kSteps;

std::size_t bucket_of(std::uint64_t value) {
    const std::uint64_t bounded = std::min(value, kLargest);
    if (bounded < kSteps) {
        return bounded;
    }
    const auto shift = static_cast<unsigned>(std::bit_width(bounded)) - kStepBits - 1;
    return (shift + 1) * kSteps + ((bounded >> shift) - kSteps);
}

std::uint64_t largest_of(std::size_t bucket) {
    if (bucket < kSteps) {
        return bucket;
    }
    const std::uint64_t shift = bucket / kSteps - 1;
    const std::uint64_t step = bucket % kSteps + kSteps;
    return ((step + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::add(std::uint64_t microseconds) {
    ++buckets_[bucket_of(microseconds)];
    ++count_;
    max_ = std::max(max_, microseconds);
}

void Histogram::clear() {
    std::fill(buckets_.begin(), buckets_.end(), 0);
    count_ = 0;
    max_ = 0;
}

std::uint64_t Histogram::quantile(double q) const {
    const double share = std::clamp(q, 0.0, 1.0) * static_cast<double>(count_);
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen >= wanted) {
            return std::min(largest_of(bucket), max_);
        }
    }
    return max_;
}

}  // namespace doppel::load
