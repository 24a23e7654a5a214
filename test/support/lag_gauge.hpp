// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "doppel/options.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace doppel::test {

/// Measures how far a replica is behind, by itself: one thread writes the time to a table of its
/// own on the primary, another one reads it on the replica, every 20 ms.
class LagGauge final {
public:
    /// Makes the table `pulse` in `schema`.
    LagGauge(ConnectionOptions primary, ConnectionOptions replica, std::string schema);
    ~LagGauge();
    LagGauge(const LagGauge&) = delete;
    LagGauge& operator=(const LagGauge&) = delete;

    /// Seconds; those measured since the last call.
    [[nodiscard]] std::vector<double> take();
    /// The newest one.
    [[nodiscard]] double now() const { return newest_; }

private:
    void write(const ConnectionOptions& primary);
    void read(const ConnectionOptions& replica);

    std::string schema_;
    std::atomic<bool> stopping_ = false;
    std::atomic<double> newest_ = 0;
    std::mutex mutex_;
    std::vector<double> seconds_;
    std::thread writer_;
    std::thread reader_;
};

/// The value that a share (0..1) of the values is not above.
[[nodiscard]] double quantile(std::vector<double> values, double share);

}  // namespace doppel::test
