// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/gate.hpp"
#include "throttle/signal.hpp"

#include <chrono>
#include <functional>
#include <vector>

namespace doppel::throttle {

/// Turns a share of speed into pauses between pieces of work. Of several workers only so many go on
/// as the share needs, so that little is under way at a time; each of them pays for its work with a
/// pause. Pure but for the clock that it is given.
class ShareGate final : public protocol::Gate {
public:
    explicit ShareGate(std::function<Clock::time_point()> clock = [] { return Clock::now(); });

    /// 0..1. Pauses that are under way become shorter or longer at once.
    void set_share(double share);

    void worked(unsigned number, std::chrono::microseconds time) override;
    std::chrono::milliseconds pause(unsigned number, unsigned count) override;

private:
    struct Debt {
        double seconds = 0;  ///< of work that is not paid for
        Clock::time_point paid_until;
    };
    /// Pays for what was waited at the share that holds until now.
    void settle(Clock::time_point now);
    /// The share of each worker that goes on; 0: this one does not.
    [[nodiscard]] double own_share(unsigned number, unsigned count) const;

    std::function<Clock::time_point()> clock_;
    double share_ = 1;
    unsigned count_ = 1;
    std::vector<Debt> debts_;
};

}  // namespace doppel::throttle
