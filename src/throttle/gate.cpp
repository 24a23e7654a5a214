// SPDX-License-Identifier: Apache-2.0
#include "throttle/gate.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace doppel::throttle {
namespace {

/// Somebody who stands still looks again so often; a share that changes wakes him before.
constexpr std::chrono::milliseconds kLook{500};
constexpr double kHardlyAny = 1e-3;
/// A piece of work that hung in a lock for minutes is not paid for with hours.
constexpr double kDebtMax = 5;

}  // namespace

ShareGate::ShareGate(std::function<Clock::time_point()> clock) : clock_(std::move(clock)) {}

double ShareGate::own_share(unsigned number, unsigned count) const {
    if (share_ < kHardlyAny) {
        return 0;
    }
    const double wanted = share_ * std::max(count, 1U);
    const double at_work = std::ceil(wanted - 1e-9);
    return number < at_work ? std::min(wanted / at_work, 1.0) : 0;
}

void ShareGate::settle(Clock::time_point now) {
    unsigned number = 0;
    for (Debt& debt : debts_) {
        const double waited = std::chrono::duration<double>(now - debt.paid_until).count();
        debt.paid_until = now;
        const double share = own_share(number++, count_);
        if (share >= 1) {
            debt.seconds = 0;
        } else if (waited > 0) {
            debt.seconds = std::max(0.0, debt.seconds - waited * share / (1 - share));
        }
    }
}

void ShareGate::set_share(double share) {
    settle(clock_());
    share_ = std::clamp(share, 0.0, 1.0);
}

void ShareGate::worked(unsigned number, std::chrono::microseconds time) {
    if (debts_.size() <= number) {
        debts_.resize(number + 1);
    }
    Debt& debt = debts_[number];
    debt.seconds = std::min(std::chrono::duration<double>(time).count(), kDebtMax);
    debt.paid_until = clock_();
}

std::chrono::milliseconds ShareGate::pause(unsigned number, unsigned count) {
    settle(clock_());
    count_ = count;
    const double share = own_share(number, count);
    if (share <= 0) {
        return kLook;
    }
    if (debts_.size() <= number || debts_[number].seconds <= 0) {
        return std::chrono::milliseconds::zero();
    }
    const double seconds = debts_[number].seconds * (1 - share) / share;
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double>(std::min(seconds, 1.0))
    );
    return std::min<std::chrono::milliseconds>(pause, kLook);
}

}  // namespace doppel::throttle
